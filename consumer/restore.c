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
	log_partition(LOG_LEVEL_WARN, partition, "%s offset %lld is passed over: %s",
		      topic_name(TOPIC_GRANTS), (long long)offset, why);
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

static int refuse_entry(const struct latest_entry *e, const char *why, struct error *err)
{
	return error_set(err, ERROR_REFUSED,
			 "%s partition %d cannot be loaded, because its record at offset %lld "
			 "cannot be read: %s; rebuild it with the version that wrote that record",
			 topic_name(TOPIC_GRANTS), e->partition, (long long)e->offset, why);
}

/* Sets *out to what the entry says, or to NULL when it is a tombstone. */
static int decode_entry(struct restorer *r, const struct latest_entry *e, struct record **out,
			struct error *err)
{
	struct record *record = arena_zalloc(&r->arena, 1, sizeof(*record));
	struct error why = { 0 };

	*out = NULL;
	if (!e->value.data)
		return 0;
	if (codec_decode(r->codec, e->value, &r->arena, record, &why))
		return refuse_entry(e, why.text, err);
	if (record->type != RECORD_WORKSPACE_GRANTS)
		return refuse_entry(e, "it is not a WorkspaceGrants record", err);
	*out = record;
	return 0;
}

static int load_entry(struct batch_load *b, const struct latest_entry *e, struct error *err)
{
	struct restorer *r = b->restorer;
	struct record *record = NULL;
	struct loaded *l;
	int rc = decode_entry(r, e, &record, err);

	if (rc)
		return rc;
	l = &b->list[b->count++];
	l->workspace =
		&workspaces_hold(r->workspaces, b->part->id, &e->id, b->missing, &b->missing_count)
			 ->workspace;
	l->touched.workspace = l->workspace;
	l->state = record ? &record->as.workspace_grants : NULL;
	return 0;
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
	for (size_t i = 0; i < state->handoff_count; i++)
		handoffs_put(&w->handoffs, &state->handoffs[i]);
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

static void apply_handoffs(struct apply *a, const struct workspace *old,
			   const struct workspace *new)
{
	for (size_t i = 0; i < old->handoffs.count; i++) {
		const struct handoff *h = &old->handoffs.list[i];

		if (!handoffs_find(&new->handoffs, &h->id))
			apply_handoff(a, &old->id, h, NULL);
	}
	for (size_t i = 0; i < new->handoffs.count; i++) {
		const struct handoff *h = &new->handoffs.list[i];

		apply_handoff(a, &new->id, handoffs_find(&old->handoffs, &h->id), h);
	}
}

/* Deletes what the index holds of the workspace, and sets the workspace to its new state. */
static void replace_old(struct apply *a, struct loaded *l)
{
	struct workspace *w = l->workspace;
	struct workspace old = *w;

	workspace_init(w, &old.id);
	set_state(w, l->state);
	apply_count(a, &old, w);
	apply_grants(a, &old, w);
	apply_handoffs(a, &old, w);
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

static int begin_batch(struct batch_load *b, const struct latest_entry *const *entries,
		       size_t count, struct error *err)
{
	struct restorer *r = b->restorer;
	const struct mark *mark = &b->part->mark;
	int rc = 0;

	arena_reset(&r->arena);
	apply_begin(&r->apply, index_keys(r->index, b->part->id), mark, mark->applied);
	b->list = arena_zalloc(&r->arena, count, sizeof(*b->list));
	b->missing = arena_alloc(&r->arena, count * sizeof(struct workspace *));
	for (size_t i = 0; !rc && i < count; i++)
		rc = load_entry(b, entries[i], err);
	return rc;
}

/* Deletes all old states before it writes the new ones: within a batch names may change hands. */
int restore_batch(struct restorer *r, struct partition *part,
		  const struct latest_entry *const *entries, size_t count,
		  struct changelog_reach reach, struct error *err)
{
	struct batch_load b = { .restorer = r, .part = part };
	struct apply *a = &r->apply;
	int rc = begin_batch(&b, entries, count, err);

	if (!rc)
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
