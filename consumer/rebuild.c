#include "consumer/rebuild.h"

#include "consumer/recover.h"
#include "ops/support/clock.h"
#include "ops/support/crash.h"
#include "ops/support/log.h"

#include <assert.h>
#include <stdlib.h>

enum {
	BATCH_MAX = 1000, /* workspaces written in one transaction */
	BATCH_MAX_BYTES = 512 * 1024,
	STEP_MAX = 10000, /* records read in one step */
	LATEST_BYTES = 16 * 1024 * 1024,
	WAIT_MS = 20, /* for more of the changelog */
	TELL_EVERY_MS = 1000,
};

/* ---- which partitions ---- */

static struct partition *partition_of_clearing(struct processor *p, size_t i)
{
	return &p->partitions[p->rebuild.list[i].partition];
}

void rebuild_add(struct processor *p, struct partition *part)
{
	struct rebuild *r = &p->rebuild;
	struct clearing *c;

	assert(r->phase == REBUILD_NONE || (r->phase == REBUILD_CLEARING && !r->cursor));
	if (r->phase == REBUILD_NONE) {
		r->count = 0;
		r->connection = index_connection(p->index);
	}
	if (!r->latest)
		r->latest = latest_new(LATEST_BYTES);
	if (!r->list)
		r->list = calloc((size_t)p->deployment.partitions, sizeof(*r->list));
	assert(r->list);
	c = &r->list[r->count++];
	c->partition = part->id;
	c->ours = &part->mark;
	r->cursor = 0;
	r->phase = REBUILD_CLEARING;
	part->state = PARTITION_REBUILDING;
	part->progress = COMMITTED_NONE;
	workspaces_forget(p->workspaces, part->id);
	log_info("partition %d: Redis has lost data; rebuilding it from %s", part->id,
		 topic_name(TOPIC_GRANTS));
}

void rebuild_done(struct rebuild *r)
{
	for (size_t i = 0; r->list && i < r->count; i++)
		pipeline_done(&r->list[i].body);
	free(r->list);
	latest_free(&r->latest);
	*r = (struct rebuild){ .phase = REBUILD_NONE };
}

/* All of them begin again. */
static void give_up(struct processor *p)
{
	for (int i = 0; i < p->deployment.partitions; i++)
		if (p->partitions[i].state == PARTITION_REBUILDING)
			processor_claim_again(p, &p->partitions[i]);
	rebuild_done(&p->rebuild);
}

/* ---- one batch of one partition ---- */

/* A workspace of the batch: what the changelog's last record of it says. */
struct loaded {
	struct touched touched;
	struct workspace *workspace;
	const struct workspace_grants *state; /* NULL: deleted */
};

struct batch_load {
	struct processor *processor;
	struct partition *partition;
	struct loaded *list;
	size_t count;
	struct workspace **missing; /* to be read */
	size_t missing_count;
};

static void pass_over(int partition, int64_t offset, const char *why)
{
	log_warn("%s partition %d offset %lld is passed over: %s", topic_name(TOPIC_GRANTS),
		 partition, (long long)offset, why);
}

static struct workspace *hold(struct batch_load *b, const struct uuid *id)
{
	struct workspaces *all = b->processor->workspaces;
	struct held_workspace *held = workspaces_find(all, id);

	if (held)
		return &held->workspace;
	held = workspaces_add(all, b->partition->id, id);
	b->missing[b->missing_count++] = &held->workspace;
	return &held->workspace;
}

static void take_entry(struct batch_load *b, const struct latest_entry *e)
{
	struct processor *p = b->processor;
	struct record *r = arena_alloc(&p->run.arena, sizeof(*r));
	struct error err = { 0 };
	struct loaded *l;

	if (e->value.data && codec_decode(p->codec, e->value, &p->run.arena, r, &err)) {
		pass_over(e->partition, e->offset, err.text);
		return;
	}
	if (e->value.data && r->type != RECORD_WORKSPACE_GRANTS) {
		pass_over(e->partition, e->offset, "it is no WorkspaceGrants");
		return;
	}
	l = &b->list[b->count++];
	l->workspace = hold(b, &e->id);
	l->touched.workspace = l->workspace;
	l->state = e->value.data ? &r->as.workspace_grants : NULL;
}

static void become(struct workspace *w, const struct workspace_grants *state)
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
	for (size_t i = 0; i < state->recent_command_count; i++)
		(void)workspace_remember_command(w, &state->recent_commands[i]);
}

/* The reverse index and what ends by itself, where grants differ. */
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

/* Takes what the index holds of the workspace out, and makes the workspace what it shall be. */
static void replace(struct apply *a, struct loaded *l)
{
	struct workspace *w = l->workspace;
	struct workspace old = *w;

	workspace_init(w, &old.id);
	become(w, l->state);
	apply_grants(a, &old, w);
	if (old.registered) {
		apply_not_owned(a, &old);
		apply_delete(a, &old.id);
	}
	workspace_done(&old);
}

static void put_in(struct apply *a, struct loaded *l)
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
	struct processor *p = b->processor;
	struct partition *part = b->partition;

	arena_reset(&p->run.arena);
	apply_begin(&p->run.apply, index_keys(p->index, part->id), &part->mark, part->mark.applied);
	b->list = arena_zalloc(&p->run.arena, count, sizeof(*b->list));
	b->missing = arena_alloc(&p->run.arena, count * sizeof(struct workspace *));
	for (size_t i = 0; i < count; i++)
		take_entry(b, entries[i]);
}

/* First all of the old goes, then all of the new comes: within a batch names may change hands. */
static int load_batch(struct processor *p, const struct latest_entry *const *entries, size_t count,
		      struct error *err)
{
	struct batch_load b = { .processor = p,
				.partition = &p->partitions[entries[0]->partition] };
	struct partition *part = b.partition;
	struct changelog_reach reach = changelog_reach(p->changelog, part->id);
	struct apply *a = &p->run.apply;
	int rc;

	begin_batch(&b, entries, count);
	rc = index_read(p->index, part->id, &part->mark, b.missing, b.missing_count, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < b.count; i++)
		replace(a, &b.list[i]);
	for (size_t i = 0; i < b.count; i++)
		put_in(a, &b.list[i]);
	mark_append_loading(&a->pipeline, &a->keys, reach.loaded, reach.goal);
	rc = index_apply(p->index, part->id, &part->mark, a, -1, err);
	crash_point("during-rebuild");
	workspaces_trim(p->workspaces);
	return rc;
}

/* ---- the phases ---- */

static int clear(struct processor *p, struct error *err)
{
	struct rebuild *r = &p->rebuild;
	int partitions[PARTITIONS_MAX];
	int rc = clearing_step(p->index, r->list, r->count, &r->cursor, err);

	if (rc || r->cursor)
		return rc;
	for (size_t i = 0; i < r->count; i++)
		partitions[i] = r->list[i].partition;
	r->phase = REBUILD_LOADING;
	return changelog_begin(p->changelog, partitions, r->count, CHANGELOG_WHOLE, err);
}

static void take_message(struct processor *p, const struct message *m)
{
	struct latest_entry state = { .partition = m->partition,
				      .offset = m->offset,
				      .value = m->value };

	if (changelog_is_progress(m))
		recover_take_progress(p, m, &p->partitions[m->partition].progress);
	else if (uuid_parse(&state.id, m->key))
		pass_over(m->partition, m->offset, "its key is no id");
	else
		latest_put(p->rebuild.latest, &state);
}

/* Reads on; the step that ended it. */
static int fetch(struct processor *p, struct error *err)
{
	struct message m;
	int step = CHANGELOG_RECORD;

	for (int i = 0; i < STEP_MAX && !latest_is_full(p->rebuild.latest); i++) {
		step = changelog_next(p->changelog, i ? 0 : WAIT_MS, &m, err);
		if (step != CHANGELOG_RECORD)
			break;
		take_message(p, &m);
		message_done(&m);
	}
	return step;
}

static int write_latest(struct processor *p, struct error *err)
{
	const struct latest_entry *entries[BATCH_MAX];
	struct latest *l = p->rebuild.latest;
	size_t count;
	int rc = 0;

	latest_sort(l);
	while (!rc && (count = latest_portion(l, BATCH_MAX, BATCH_MAX_BYTES, entries))) {
		rc = load_batch(p, entries, count, err);
		latest_drop(l, count);
	}
	return rc;
}

static void tell_progress(struct processor *p)
{
	struct changelog_reach all = { 0 };
	int64_t now = clock_monotonic_ms();

	if (now - p->rebuild.told_ms < TELL_EVERY_MS)
		return;
	p->rebuild.told_ms = now;
	for (size_t i = 0; i < p->rebuild.count; i++) {
		struct changelog_reach one =
			changelog_reach(p->changelog, p->rebuild.list[i].partition);

		all.loaded += one.loaded;
		all.goal += one.goal;
	}
	log_info("rebuilding %zu partitions: %lld of %lld offsets of %s", p->rebuild.count,
		 (long long)all.loaded, (long long)all.goal, topic_name(TOPIC_GRANTS));
}

/*
 * The mark says `ready` with everything there. What is committed and the
 * changelog's last Progress are of one transaction: a changelog that ends
 * before it is not all there yet.
 */
static int finish_one(struct processor *p, struct partition *part, struct error *err)
{
	struct pipeline *body = &p->run.apply.pipeline;
	const struct mark seen = part->mark;

	if (part->mark.applied > 0 && part->progress < part->mark.applied)
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s partition %d ends at progress %lld, but %lld is committed: "
				 "reading it again",
				 topic_name(TOPIC_GRANTS), part->id, (long long)part->progress,
				 (long long)part->mark.applied);
	pipeline_clear(body);
	mark_append_loaded(body, index_keys(p->index, part->id));
	part->mark.state = MARK_READY;
	return index_write(p->index, part->id, &seen, &part->mark, body, err);
}

static int finish(struct processor *p, struct error *err)
{
	struct partition *parts[PARTITIONS_MAX];
	size_t count = p->rebuild.count;
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++) {
		parts[i] = partition_of_clearing(p, i);
		rc = finish_one(p, parts[i], err);
	}
	if (!rc)
		rc = recover_make_ready(p, parts, count, err);
	if (rc)
		return rc;
	log_info("rebuilt %zu partitions", count);
	rebuild_done(&p->rebuild);
	return 0;
}

static int load(struct processor *p, struct error *err)
{
	int step = fetch(p, err);
	int rc = step < 0 ? step : 0;

	if (!rc && (step == CHANGELOG_END || latest_is_full(p->rebuild.latest)))
		rc = write_latest(p, err);
	if (rc)
		return rc;
	tell_progress(p);
	return step == CHANGELOG_END ? finish(p, err) : 0;
}

int rebuild_step(struct processor *p, struct error *err)
{
	struct rebuild *r = &p->rebuild;
	int rc = 0;

	/* The mark is the same before and after a batch: it does not show that Redis went back. */
	if (r->phase != REBUILD_NONE && r->connection != index_connection(p->index))
		r->phase = REBUILD_BROKEN;
	switch (r->phase) {
	case REBUILD_NONE:
		return 0;
	case REBUILD_CLEARING:
		rc = clear(p, err);
		break;
	case REBUILD_LOADING:
		rc = load(p, err);
		break;
	case REBUILD_BROKEN:
		give_up(p);
		break;
	}
	if (rc)
		give_up(p);
	return rc;
}
