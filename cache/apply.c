#include "cache/apply.h"

#include "cache/bearers.h"
#include "cache/layout.h"
#include "cache/outcomes.h"

#include <assert.h>
#include <stdio.h>

enum { HEADER_FIELDS = 3 };

void touched_subject(struct touched *t, const struct subject *s, struct arena *arena)
{
	t->subjects = arena_grow(arena, t->subjects, &t->subject_cap, t->subject_count + 1,
				 sizeof(*t->subjects));
	t->subjects[t->subject_count++] = *s;
}

void apply_init(struct apply *a)
{
	*a = (struct apply){ 0 };
	pipeline_init(&a->pipeline);
}

void apply_done(struct apply *a)
{
	pipeline_done(&a->pipeline);
}

void apply_begin(struct apply *a, const struct keys *keys, const struct mark *mark, int64_t applied)
{
	a->keys = *keys;
	a->applied = applied;
	a->directory = mark->directory;
	a->log = mark->log;
	a->tip = mark->tip;
	pipeline_clear(&a->pipeline);
	pipeline_command(&a->pipeline, 1);
	pipeline_text(&a->pipeline, "MULTI");
}

void apply_rests_on(struct apply *a, int64_t directory)
{
	if (a->directory < directory)
		a->directory = directory;
}

static void begin_key(struct apply *a, const char *verb, size_t arguments, const char *kind,
		      const struct uuid *id)
{
	pipeline_command(&a->pipeline, 2 + arguments);
	pipeline_text(&a->pipeline, verb);
	pipeline_key(&a->pipeline, &a->keys, kind, id);
}

static void add_text_field(struct apply *a, const char *field, struct bytes value)
{
	pipeline_text(&a->pipeline, field);
	pipeline_bytes(&a->pipeline, value);
}

static void add_number_field(struct apply *a, const char *field, int64_t value)
{
	pipeline_text(&a->pipeline, field);
	pipeline_number(&a->pipeline, value);
}

static void add_header(struct apply *a, const struct workspace *w)
{
	uint8_t value[HEADER_VALUE_SIZE];

	layout_header_value(value, w);
	add_text_field(a, LAYOUT_HEADER, (struct bytes){ value, sizeof(value) });
	add_text_field(a, LAYOUT_NAME, w->name);
	add_number_field(a, LAYOUT_VERSION, w->version);
}

/* A range of fields of commands, by their numbers: see layout.h. */
struct field_range {
	int64_t first;
	int64_t end;
};

static size_t count_fields(struct field_range f)
{
	return f.end > f.first ? (size_t)(f.end - f.first) : 0;
}

/* The fields of the commands from one number up to, and not including, another. */
static struct field_range fields_of(int64_t first, int64_t end)
{
	struct field_range none = { 0 };

	if (first >= end)
		return none;
	return (struct field_range){ layout_recent_field(first), layout_recent_field(end - 1) + 1 };
}

/* Which fields of commands are to be written. */
static struct field_range new_fields(const struct touched *t)
{
	const struct recent *r = &t->workspace->recent;
	int64_t from = t->whole || t->commands_end < r->first ? r->first : t->commands_end;

	return fields_of(from, recent_end(r));
}

/* Which fields of commands are to be removed, because all that they hold is forgotten. */
static struct field_range old_fields(const struct touched *t)
{
	struct field_range f = fields_of(t->commands_first, t->commands_end);
	int64_t kept = layout_recent_field(t->workspace->recent.first);

	if (f.end > kept)
		f.end = kept;
	return t->whole ? (struct field_range){ 0 } : f;
}

/* Is what is forgotten to be written? */
static bool forgot_more(const struct touched *t)
{
	const struct recent *r = &t->workspace->recent;

	return t->whole ? r->forgotten > 0 : r->first != t->commands_first;
}

static void add_commands(struct apply *a, const struct touched *t)
{
	const struct recent *r = &t->workspace->recent;
	const struct field_range f = new_fields(t);
	uint8_t forgotten[FORGOTTEN_VALUE_SIZE];
	uint8_t value[RECENT_VALUE_MAX];

	for (int64_t i = f.first; i < f.end; i++) {
		pipeline_number(&a->pipeline, i);
		pipeline_bytes(&a->pipeline,
			       (struct bytes){ value, layout_recent_value(value, r, i) });
	}
	if (!forgot_more(t))
		return;
	layout_forgotten_value(forgotten, r);
	add_text_field(a, LAYOUT_FORGOTTEN, (struct bytes){ forgotten, sizeof(forgotten) });
}

static void add_grant(struct apply *a, const struct workspace *w, const struct grant *g)
{
	uint8_t field[SUBJECT_FIELD_SIZE];
	uint8_t value[GRANT_VALUE_MAX];

	layout_subject_field(field, &g->subject);
	pipeline_bytes(&a->pipeline, (struct bytes){ field, sizeof(field) });
	pipeline_bytes(&a->pipeline,
		       (struct bytes){ value, layout_grant_value(value, g, &w->owner_id) });
}

/*
 * Sets the fields that changed. Returns how many of the touched subjects have no grant any more, so
 * that their fields are to be removed; none have fields when the workspace is written whole.
 */
static size_t set_fields(struct apply *a, const struct touched *t)
{
	const struct workspace *w = t->workspace;
	bool header = t->header || t->whole;
	bool all_grants = t->grants || t->whole;
	size_t kept = 0;
	size_t fields;

	for (size_t i = 0; i < t->subject_count; i++)
		kept += workspace_grant(w, &t->subjects[i]) != NULL;
	fields = (header ? HEADER_FIELDS : 1) + count_fields(new_fields(t)) + forgot_more(t) +
		 (all_grants ? w->grant_count : kept);
	begin_key(a, "HSET", 2 * fields, "ws:", &w->id);
	if (header)
		add_header(a, w);
	else
		add_number_field(a, LAYOUT_VERSION, w->version);
	add_commands(a, t);
	for (size_t i = 0; all_grants && i < w->grant_count; i++)
		add_grant(a, w, &w->grants[i]);
	for (size_t i = 0; !all_grants && i < t->subject_count; i++) {
		const struct grant *g = workspace_grant(w, &t->subjects[i]);

		if (g)
			add_grant(a, w, g);
	}
	return t->whole ? 0 : t->subject_count - kept;
}

static void remove_fields(struct apply *a, const struct touched *t, size_t gone)
{
	begin_key(a, "HDEL", gone, "ws:", &t->workspace->id);
	for (size_t i = 0; i < t->subject_count; i++) {
		uint8_t field[SUBJECT_FIELD_SIZE];

		if (workspace_grant(t->workspace, &t->subjects[i]))
			continue;
		layout_subject_field(field, &t->subjects[i]);
		pipeline_bytes(&a->pipeline, (struct bytes){ field, sizeof(field) });
	}
}

static void remove_commands(struct apply *a, const struct touched *t)
{
	const struct field_range f = old_fields(t);

	if (!count_fields(f))
		return;
	begin_key(a, "HDEL", count_fields(f), "ws:", &t->workspace->id);
	for (int64_t i = f.first; i < f.end; i++)
		pipeline_number(&a->pipeline, i);
}

void apply_workspace(struct apply *a, const struct touched *t)
{
	size_t gone;

	if (!t->workspace->registered)
		return; /* apply_delete() has removed it */
	gone = set_fields(a, t);
	if (gone)
		remove_fields(a, t, gone);
	remove_commands(a, t);
}

void apply_delete(struct apply *a, const struct uuid *workspace_id)
{
	begin_key(a, "DEL", 0, "ws:", workspace_id);
}

void apply_role(struct apply *a, const struct uuid *workspace_id, const struct subject *s,
		enum role role)
{
	bool gone = role == ROLE_NONE;

	begin_key(a, gone ? "HDEL" : "HSET", gone ? 1 : 2, keys_subject_kind(s->kind), &s->id);
	pipeline_id(&a->pipeline, workspace_id);
	if (!gone)
		pipeline_text(&a->pipeline, layout_role_value(role));
}

void apply_expiry(struct apply *a, const struct uuid *workspace_id, const struct subject *s,
		  int64_t before, int64_t after)
{
	bool ends = after != ABSENT;
	uint8_t member[DUE_MEMBER_SIZE];

	if (before == after)
		return;
	layout_due_member(member, workspace_id, s);
	begin_key(a, ends ? "ZADD" : "ZREM", ends ? 2 : 1, "due", NULL);
	if (ends)
		pipeline_number(&a->pipeline, after);
	pipeline_bytes(&a->pipeline, (struct bytes){ member, sizeof(member) });
}

void apply_owned(struct apply *a, const struct workspace *w)
{
	bearers_add(&a->pipeline, &a->keys, "o:", &w->owner_id, w->name, &w->id);
}

void apply_not_owned(struct apply *a, const struct workspace *w)
{
	bearers_drop(&a->pipeline, &a->keys, "o:", &w->owner_id, w->name, &w->id);
}

/* Offsets begin at 0, but the id of an entry must be greater than 0-0: hence the "-1". */
static void add_stream_id(struct apply *a, int64_t offset)
{
	char id[32];

	(void)snprintf(id, sizeof(id), "%lld-1", (long long)offset);
	pipeline_text(&a->pipeline, id);
}

void apply_outcomes(struct apply *a, int64_t last, struct bytes outcomes)
{
	begin_key(a, "XADD", 6, "outcomes", NULL);
	pipeline_text(&a->pipeline, "MINID");
	pipeline_text(&a->pipeline, "~");
	pipeline_number(&a->pipeline, last > OUTCOMES_KEPT ? last - OUTCOMES_KEPT : 0);
	add_stream_id(a, last);
	add_text_field(a, "o", outcomes);
}

void apply_unsent(struct apply *a, int64_t last, struct bytes outputs)
{
	begin_key(a, "HSET", 2, "unsent", NULL);
	pipeline_number(&a->pipeline, last);
	pipeline_bytes(&a->pipeline, outputs);
}

void apply_forget_log(struct apply *a)
{
	begin_key(a, "DEL", 0, "outcomes", NULL);
	begin_key(a, "DEL", 0, "unsent", NULL);
}

void apply_sent(struct apply *a, int64_t last)
{
	begin_key(a, "HDEL", 1, "unsent", NULL);
	pipeline_number(&a->pipeline, last);
}
