#include "consumer/restore.h"

#include "ops/support/crash.h"
#include "ops/support/log.h"
#include "schemas/topics.h"

void restorer_init(struct restorer *r, struct codec *codec, struct index *index,
		   struct workspaces *workspaces)
{
	*r = (struct restorer){ .codec = codec, .index = index, .workspaces = workspaces };
	arena_init(&r->arena);
	apply_init(&r->apply);
}

void restorer_done(struct restorer *r)
{
	arena_done(&r->arena);
	apply_done(&r->apply);
}

void restore_pass_over(int partition, int64_t offset, const char *why)
{
	log_warn("%s partition %d offset %lld is passed over: %s", topic_name(TOPIC_GRANTS),
		 partition, (long long)offset, why);
}

/* A workspace of the batch, and what the changelog's last record of it says. */
struct loaded {
	struct touched touched;
	struct workspace *workspace;
	const struct workspace_grants *state; /* NULL: deleted */
};

struct batch_load {
	struct restorer *restorer;
	struct partition *part;
	struct loaded *list;
	size_t count;
	struct workspace **missing; /* to be read from the index */
	size_t missing_count;
};

/* NULL: the entry cannot be read, which has been logged. */
static struct record *decode_entry(struct restorer *r, const struct latest_entry *e)
{
	struct record *record = arena_zalloc(&r->arena, 1, sizeof(*record));
	struct error err = { 0 };

	if (codec_decode(r->codec, e->value, &r->arena, record, &err)) {
		restore_pass_over(e->partition, e->offset, err.text);
		return NULL;
	}
	if (record->type != RECORD_WORKSPACE_GRANTS) {
		restore_pass_over(e->partition, e->offset, "it is not a WorkspaceGrants record");
		return NULL;
	}
	return record;
}

static void load_entry(struct batch_load *b, const struct latest_entry *e)
{
	struct restorer *r = b->restorer;
	const struct record *record = e->value.data ? decode_entry(r, e) : NULL;
	struct loaded *l;

	if (e->value.data && !record)
		return;
	l = &b->list[b->count++];
	l->workspace =
		&workspaces_hold(r->workspaces, b->part->id, &e->id, b->missing, &b->missing_count)
			 ->workspace;
	l->touched.workspace = l->workspace;
	l->state = record ? &record->as.workspace_grants : NULL;
}

static void set_state(struct workspace *w, const struct workspace_grants *state)
{
	workspace_clear(w);
	if (!state)
		return;
	w->registered = true;
	w->status = state->status;
	w->organization_id = state->workspace.organization_id;
	w->owner_id = state->workspace.owner_id;
	w->version = state->version;
	workspace_set_name(w, state->workspace.name);
	for (size_t i = 0; i < state->grant_count; i++)
		workspace_put_grant(w, &state->grants[i]);
	w->recent.forgotten = state->forgotten_until;
	for (size_t i = 0; i < state->recent_command_count; i++)
		recent_restore(&w->recent, &state->recent_commands[i]);
}

/* Changes the reverse index and the expiries where the grants differ. */
static void apply_grants(struct apply *a, const struct workspace *old, const struct workspace *new)
{
	for (size_t i = 0; i < old->grant_count; i++) {
		const struct grant *g = &old->grants[i];

		if (workspace_grant(new, &g->subject))
			continue;
		apply_role(a, &old->id, &g->subject, ROLE_NONE);
		apply_expiry(a, &old->id, &g->subject, g->expires_at, ABSENT);
	}
	for (size_t i = 0; i < new->grant_count; i++) {
		const struct grant *g = &new->grants[i];
		const struct grant *was = workspace_grant(old, &g->subject);

		if (!was || was->role != g->role)
			apply_role(a, &new->id, &g->subject, g->role);
		apply_expiry(a, &new->id, &g->subject, was ? was->expires_at : ABSENT,
			     g->expires_at);
	}
}

/* Deletes what the index holds of the workspace, and sets the workspace to its new state. */
static void replace_old(struct apply *a, struct loaded *l)
{
	struct workspace *w = l->workspace;
	struct workspace old = *w;

	workspace_init(w, &old.id);
	set_state(w, l->state);
	apply_grants(a, &old, w);
	if (old.registered) {
		apply_not_owned(a, &old);
		apply_delete(a, &old.id);
	}
	workspace_done(&old);
}

static void put_new(struct apply *a, struct loaded *l)
{
	if (!l->workspace->registered)
		return;
	apply_owned(a, l->workspace);
	l->touched.whole = true;
	apply_workspace(a, &l->touched);
}

static void begin_batch(struct batch_load *b, const struct latest_entry *const *entries,
			size_t count)
{
	struct restorer *r = b->restorer;
	const struct mark *mark = &b->part->mark;

	arena_reset(&r->arena);
	apply_begin(&r->apply, index_keys(r->index, b->part->id), mark, mark->applied);
	b->list = arena_zalloc(&r->arena, count, sizeof(*b->list));
	b->missing = arena_alloc(&r->arena, count * sizeof(struct workspace *));
	for (size_t i = 0; i < count; i++)
		load_entry(b, entries[i]);
}

/* Deletes all old states before it writes the new ones: within a batch names may change hands. */
int restore_batch(struct restorer *r, struct partition *part,
		  const struct latest_entry *const *entries, size_t count,
		  struct changelog_reach reach, struct error *err)
{
	struct batch_load b = { .restorer = r, .part = part };
	struct apply *a = &r->apply;
	int rc;

	begin_batch(&b, entries, count);
	rc = index_read(r->index, part->id, &part->mark, b.missing, b.missing_count, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < b.count; i++)
		replace_old(a, &b.list[i]);
	for (size_t i = 0; i < b.count; i++)
		put_new(a, &b.list[i]);
	mark_append_loading(&a->pipeline, &a->keys, reach.loaded, reach.goal);
	rc = index_apply(r->index, part->id, &part->mark, a, -1, err);
	crash_point("during-rebuild");
	workspaces_trim(r->workspaces);
	return rc;
}
