#include "cache/apply.h"

#include "cache/bearers.h"
#include "cache/handoff_layout.h"
#include "cache/layout.h"
#include "cache/outcomes.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER_FIELDS = 3 };

void touched_subject(struct touched *t, const struct subject *s, struct arena *arena)
{
	t->subjects = arena_grow(arena, t->subjects, &t->subject_cap, t->subject_count + 1,
				 sizeof(*t->subjects));
	t->subjects[t->subject_count++] = *s;
}

void touched_handoff(struct touched *t, const struct uuid *id, struct arena *arena)
{
	t->handoffs = arena_grow(arena, t->handoffs, &t->handoff_cap, t->handoff_count + 1,
				 sizeof(*t->handoffs));
	t->handoffs[t->handoff_count++] = *id;
}

void apply_init(struct apply *a)
{
	*a = (struct apply){ 0 };
	pipeline_init(&a->pipeline);
	buffer_init(&a->value);
}

void apply_done(struct apply *a)
{
	pipeline_done(&a->pipeline);
	buffer_done(&a->value);
	free(a->guards);
	a->guards = NULL;
}

void apply_begin(struct apply *a, const struct keys *keys, const struct mark *mark, int64_t applied)
{
	a->keys = *keys;
	a->applied = applied;
	a->directory = mark->directory;
	a->log = mark->log;
	a->tip = mark->tip;
	a->workspaces = mark->workspaces;
	a->grants = mark->grants;
	a->guard_count = 0;
	pipeline_trim(&a->pipeline); /* one command may have had hundreds of megabytes of outputs */
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

static void add_version(struct apply *a, const struct workspace *w)
{
	uint8_t value[VERSION_VALUE_MAX];

	add_text_field(a, LAYOUT_VERSION, (struct bytes){ value, layout_version_value(value, w) });
}

static void add_header(struct apply *a, const struct workspace *w)
{
	uint8_t value[HEADER_VALUE_SIZE];

	layout_header_value(value, w);
	add_text_field(a, LAYOUT_HEADER, (struct bytes){ value, sizeof(value) });
	add_text_field(a, LAYOUT_NAME, w->name);
	add_version(a, w);
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

	return t->whole ? recent_has_forgotten(r) : r->first != t->commands_first;
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

static void add_handoff(struct apply *a, const struct handoff *h)
{
	uint8_t field[HANDOFF_FIELD_SIZE];

	layout_handoff_field(field, &h->id);
	buffer_clear(&a->value);
	layout_handoff_value(&a->value, h);
	pipeline_bytes(&a->pipeline, (struct bytes){ field, sizeof(field) });
	pipeline_bytes(&a->pipeline, buffer_bytes(&a->value));
}

/* How many handoffs are to be written: those that changed and are there, or all. */
static size_t count_handoffs(const struct touched *t)
{
	size_t count = 0;

	for (size_t i = 0; i < t->handoff_count; i++)
		count += handoffs_find(&t->workspace->handoffs, &t->handoffs[i]) != NULL;
	return t->whole ? t->workspace->handoffs.count : count;
}

static void add_handoffs(struct apply *a, const struct touched *t)
{
	const struct handoffs *all = &t->workspace->handoffs;

	for (size_t i = 0; t->whole && i < all->count; i++)
		add_handoff(a, &all->list[i]);
	for (size_t i = 0; !t->whole && i < t->handoff_count; i++) {
		const struct handoff *h = handoffs_find(all, &t->handoffs[i]);

		if (h)
			add_handoff(a, h);
	}
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
		 (all_grants ? w->grant_count : kept) + count_handoffs(t);
	begin_key(a, "HSET", 2 * fields, "ws:", &w->id);
	if (header)
		add_header(a, w);
	else
		add_version(a, w);
	add_commands(a, t);
	add_handoffs(a, t);
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

static void remove_handoffs(struct apply *a, const struct touched *t)
{
	size_t gone = t->whole ? 0 : t->handoff_count - count_handoffs(t);

	if (!gone)
		return;
	begin_key(a, "HDEL", gone, "ws:", &t->workspace->id);
	for (size_t i = 0; i < t->handoff_count; i++) {
		uint8_t field[HANDOFF_FIELD_SIZE];

		if (handoffs_find(&t->workspace->handoffs, &t->handoffs[i]))
			continue;
		layout_handoff_field(field, &t->handoffs[i]);
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

void apply_count(struct apply *a, const struct workspace *before, const struct workspace *after)
{
	a->workspaces += (int)after->registered - (int)before->registered;
	a->grants += (int64_t)after->grant_count - (int64_t)before->grant_count;
}

static void add_guard(struct apply *a, const struct uuid *workspace_id)
{
	a->guards = memory_grow(a->guards, &a->guard_cap, a->guard_count + 1, sizeof(*a->guards));
	a->guards[a->guard_count++] = a->pipeline.commands;
	begin_key(a, "HEXISTS", 1, "ws:", workspace_id);
	pipeline_text(&a->pipeline, LAYOUT_HEADER);
}

void apply_workspace(struct apply *a, const struct touched *t)
{
	size_t gone;

	if (!t->workspace->registered)
		return; /* apply_delete() has removed it */
	if (!t->whole)
		add_guard(a, &t->workspace->id);
	gone = set_fields(a, t);
	if (gone)
		remove_fields(a, t, gone);
	remove_handoffs(a, t);
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

static void move_due(struct apply *a, const uint8_t member[static DUE_MEMBER_SIZE], int64_t before,
		     int64_t after)
{
	bool ends = after != ABSENT;

	if (before == after)
		return;
	begin_key(a, ends ? "ZADD" : "ZREM", ends ? 2 : 1, "due", NULL);
	if (ends)
		pipeline_number(&a->pipeline, after);
	pipeline_bytes(&a->pipeline, (struct bytes){ member, DUE_MEMBER_SIZE });
}

void apply_expiry(struct apply *a, const struct uuid *workspace_id, const struct subject *s,
		  int64_t before, int64_t after)
{
	uint8_t member[DUE_MEMBER_SIZE];

	layout_due_member(member, workspace_id, s);
	move_due(a, member, before, after);
}

/* Sets, or with an absent value removes, a field of a key that leads to a handoff. */
static void lead_to_handoff(struct apply *a, const char *kind, const struct uuid *id,
			    struct bytes field, const char *state)
{
	begin_key(a, state ? "HSET" : "HDEL", state ? 2 : 1, kind, id);
	pipeline_bytes(&a->pipeline, field);
	if (state)
		pipeline_text(&a->pipeline, state);
}

/* Has whom it waits for its entry. One of another who waited no longer goes. */
static void move_waiting(struct apply *a, const struct uuid *workspace_id,
			 const struct handoff *before, const struct handoff *after)
{
	const struct subject was = before ? handoff_holder(before) : (struct subject){ 0 };
	const struct subject is = after ? handoff_holder(after) : (struct subject){ 0 };
	uint8_t entry[HANDOFF_ENTRY_SIZE];
	const struct bytes field = { entry, sizeof(entry) };

	layout_handoff_entry(entry, workspace_id, before ? &before->id : &after->id);
	if (before && !subject_equal(&was, &is))
		lead_to_handoff(a, layout_waiting_kind(was.kind), &was.id, field, NULL);
	if (after)
		lead_to_handoff(a, layout_waiting_kind(is.kind), &is.id, field,
				layout_handoff_state(after->state));
}

void apply_handoff(struct apply *a, const struct uuid *workspace_id, const struct handoff *before,
		   const struct handoff *after)
{
	const struct uuid *id = before ? &before->id : &after->id;
	uint8_t member[DUE_MEMBER_SIZE];

	lead_to_handoff(a, "handoff:", id,
			(struct bytes){ workspace_id->bytes, sizeof(workspace_id->bytes) },
			after ? layout_handoff_state(after->state) : NULL);
	move_waiting(a, workspace_id, before, after);
	layout_due_handoff(member, workspace_id, id);
	move_due(a, member, before ? handoff_end(before) : ABSENT,
		 after ? handoff_end(after) : ABSENT);
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

void apply_unsent(struct apply *a, int64_t last, struct bytes seal, struct bytes outputs)
{
	const struct bytes value[] = { seal, outputs };

	begin_key(a, "HSET", 2, "unsent", NULL);
	pipeline_number(&a->pipeline, last);
	pipeline_parts(&a->pipeline, value, 2);
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
