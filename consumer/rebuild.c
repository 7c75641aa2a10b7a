#include "consumer/rebuild.h"

#include "consumer/recover.h"
#include "ops/support/clock.h"
#include "ops/support/crash.h"
#include "ops/support/log.h"

#include <assert.h>
#include <stdlib.h>

enum {
	BATCH_MOST = 1000, /* workspaces written in one transaction */
	BATCH_MOST_BYTES = 512 * 1024,
	STEP_MOST = 10000, /* records read in one step */
	STEP_MOST_BYTES = 8 * 1024 * 1024,
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
	if (r->phase == REBUILD_NONE)
		r->count = 0;
	if (!r->list)
		r->list = calloc((size_t)p->deployment.partitions, sizeof(*r->list));
	assert(r->list);
	c = &r->list[r->count++];
	c->partition = part->id;
	c->ours = &part->mark;
	r->cursor = 0;
	r->phase = REBUILD_CLEARING;
	part->state = PARTITION_REBUILDING;
	workspaces_forget(p->workspaces, part->id);
	log_info("partition %d: Redis has lost data; rebuilding it from %s", part->id,
		 topic_name(TOPIC_GRANTS));
}

void rebuild_done(struct rebuild *r)
{
	for (size_t i = 0; r->list && i < r->count; i++)
		pipeline_done(&r->list[i].body);
	free(r->list);
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
	struct touched touched; /* first: held_workspace points here */
	struct held_workspace *held;
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

static struct loaded *hold(struct batch_load *b, const struct uuid *id)
{
	struct processor *p = b->processor;
	struct held_workspace *held = workspaces_find(p->workspaces, id);
	struct loaded *l;

	if (!held) {
		held = workspaces_add(p->workspaces, b->partition->id, id);
		b->missing[b->missing_count++] = &held->workspace;
	}
	if (held->touched)
		return (struct loaded *)(void *)held->touched;
	l = &b->list[b->count++];
	l->held = held;
	l->touched.workspace = &held->workspace;
	held->touched = &l->touched;
	return l;
}

static void pass_over(const struct message *m, const char *why)
{
	log_warn("%s partition %d offset %lld is passed over: %s", topic_name(TOPIC_GRANTS),
		 m->partition, (long long)m->offset, why);
}

/* Notes what the record says in place of what an earlier one of the batch said. */
static void take_record(struct batch_load *b, const struct message *m)
{
	struct processor *p = b->processor;
	struct error err = { 0 };
	struct record *r;
	struct uuid id;

	if (changelog_is_progress(m))
		return;
	if (uuid_parse(&id, m->key)) {
		pass_over(m, "its key is no id");
		return;
	}
	if (!m->value.data) {
		hold(b, &id)->state = NULL;
		return;
	}
	r = arena_alloc(&p->run.arena, sizeof(*r));
	if (codec_decode(p->codec, m->value, &p->run.arena, r, &err))
		pass_over(m, err.text);
	else if (r->type != RECORD_WORKSPACE_GRANTS)
		pass_over(m, "it is no WorkspaceGrants");
	else
		hold(b, &id)->state = &r->as.workspace_grants;
}

/* Takes out of the index what it holds of the workspace. */
static void take_out(struct apply *a, const struct workspace *w)
{
	if (!w->registered)
		return;
	for (size_t i = 0; i < w->grant_count; i++)
		apply_role(a, &w->id, &w->grants[i].subject, ROLE_NONE);
	apply_not_owned(a, w);
	apply_delete(a, &w->id);
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

static void put_in(struct apply *a, struct loaded *l)
{
	const struct workspace *w = &l->held->workspace;

	if (!w->registered)
		return;
	for (size_t i = 0; i < w->grant_count; i++)
		apply_role(a, &w->id, &w->grants[i].subject, w->grants[i].role);
	apply_owned(a, w);
	l->touched.whole = true;
	apply_workspace(a, &l->touched);
}

/* First all of the old, then all of the new: within a batch names may change hands. */
static void replace_all(struct batch_load *b)
{
	struct apply *a = &b->processor->run.apply;

	for (size_t i = 0; i < b->count; i++) {
		struct workspace *w = &b->list[i].held->workspace;

		take_out(a, w);
		become(w, b->list[i].state);
	}
	for (size_t i = 0; i < b->count; i++) {
		put_in(a, &b->list[i]);
		b->list[i].held->touched = NULL;
	}
}

static void begin_batch(struct batch_load *b, size_t count)
{
	struct processor *p = b->processor;
	struct partition *part = b->partition;

	arena_reset(&p->run.arena);
	apply_begin(&p->run.apply, index_keys(p->index, part->id), part->mark.applied);
	b->list = arena_zalloc(&p->run.arena, count, sizeof(*b->list));
	b->missing = arena_alloc(&p->run.arena, count * sizeof(struct workspace *));
	for (size_t i = 0; i < count; i++)
		take_record(b, &part->staged.list[i]);
}

static int load_batch(struct processor *p, struct partition *part, struct error *err)
{
	struct batch_load b = { .processor = p, .partition = part };
	struct changelog_reach reach = changelog_reach(p->changelog, part->id);
	size_t count = staged_portion(&part->staged, BATCH_MOST, BATCH_MOST_BYTES);
	int rc;

	begin_batch(&b, count);
	rc = index_read(p->index, part->id, &part->mark, b.missing, b.missing_count, err);
	if (rc)
		return rc;
	replace_all(&b);
	mark_append_loading(&p->run.apply.pipeline, &p->run.apply.keys, reach.loaded, reach.goal);
	rc = index_apply(p->index, part->id, &part->mark, &p->run.apply, -1, err);
	crash_point("during-rebuild");
	staged_drop(&part->staged, count);
	workspaces_trim(p->workspaces);
	return rc;
}

/* ---- the phases ---- */

static int clear(struct processor *p, struct error *err)
{
	struct rebuild *r = &p->rebuild;
	int partitions[PARTITIONS_MAX];
	int rc = index_clear(p->index, r->list, r->count, &r->cursor, err);

	if (rc || r->cursor)
		return rc;
	for (size_t i = 0; i < r->count; i++)
		partitions[i] = r->list[i].partition;
	r->phase = REBUILD_LOADING;
	return changelog_begin(p->changelog, partitions, r->count, CHANGELOG_WHOLE, err);
}

/* Reads on; the step that ended it. */
static int fetch(struct processor *p, struct error *err)
{
	struct message m;
	int step = CHANGELOG_RECORD;
	size_t bytes = 0;

	for (int i = 0; i < STEP_MOST && bytes < STEP_MOST_BYTES && step == CHANGELOG_RECORD; i++) {
		step = changelog_next(p->changelog, i ? 0 : WAIT_MS, &m, err);
		if (step != CHANGELOG_RECORD)
			break;
		bytes += m.value.len;
		staged_add(&p->partitions[m.partition].staged, &m);
	}
	return step;
}

static int load_staged(struct processor *p, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < p->rebuild.count; i++) {
		struct partition *part = partition_of_clearing(p, i);

		while (!rc && part->staged.count)
			rc = load_batch(p, part, err);
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

/* The mark says `ready` with everything there. */
static int finish_one(struct processor *p, struct partition *part, struct error *err)
{
	struct pipeline *body = &p->run.apply.pipeline;

	pipeline_clear(body);
	mark_append_loaded(body, index_keys(p->index, part->id));
	part->mark.state = MARK_READY;
	return index_write(p->index, part->id, &part->mark, body, err);
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
	int rc = step < 0 ? step : load_staged(p, err);

	if (rc)
		return rc;
	tell_progress(p);
	return step == CHANGELOG_END ? finish(p, err) : 0;
}

int rebuild_step(struct processor *p, struct error *err)
{
	int rc = 0;

	switch (p->rebuild.phase) {
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
