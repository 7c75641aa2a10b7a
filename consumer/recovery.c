#include "consumer/recovery.h"

#include "consumer/output.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	UNSETTLED_MAX_MS = 40000, /* several times as long as an abandoned transaction stays open */
};

enum recovery_case recovery_case_of(const struct mark *mark, int64_t committed)
{
	if (mark->state == MARK_MISSING)
		return committed == COMMITTED_NONE ? RECOVERY_FRESH : RECOVERY_REBUILD;
	if (mark->state == MARK_REBUILDING || mark->applied < committed)
		return RECOVERY_REBUILD;
	return mark->applied == committed ? RECOVERY_GO_ON : RECOVERY_PUBLISH;
}

bool recovery_continues(const struct unsent_list *unsent, int64_t committed, int64_t applied)
{
	int64_t next = committed;

	for (size_t i = 0; i < unsent->count; i++) {
		struct bytes packed = buffer_bytes(&unsent->list[i].outputs);
		struct run_range range;

		if (!outputs_open(&packed, &range))
			return false;
		if (range.applied <= next)
			continue;
		if (next != COMMITTED_NONE && range.begin != next)
			return false;
		next = range.applied;
	}
	return next == COMMITTED_NONE || next == applied;
}

/* ---- one partition ---- */

/* A partition as recovery finds it. The claim fails if its mark has changed since. */
struct finding {
	int64_t committed; /* in Kafka; or COMMITTED_NONE */
	struct mark mark;
	struct unsent_list unsent;
	enum recovery_case is;
};

static int64_t max_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Fails: the commands from `reached` to where the log begins are lost. */
static int refuse_lost_commands(int partition, const struct finding *f, int64_t reached,
				int64_t begin, struct error *err)
{
	if (f->is == RECOVERY_FRESH)
		return error_set(err, ERROR_REFUSED,
				 "partition %d was never applied, but its log begins at %lld: the "
				 "commands before that are gone; to go on without them, start once "
				 "with --accept-lost-commands",
				 partition, (long long)begin);
	return error_set(err, ERROR_REFUSED,
			 "partition %d was applied up to %lld, but its log begins at %lld: the "
			 "commands between are gone; to go on without them, start once with "
			 "--accept-lost-commands",
			 partition, (long long)reached, (long long)begin);
}

/*
 * Commands that are gone from the log and were never applied are lost; going on
 * without them is a person's decision. Nothing of a FRESH partition was ever
 * applied, so everything before its log's beginning is lost.
 */
static int check_log(const struct recovery *r, int partition, const struct finding *f,
		     struct error *err)
{
	int64_t reached =
		f->is == RECOVERY_FRESH
			? 0
			: max_of(f->mark.state == MARK_READY ? f->mark.applied : 0, f->committed);
	int64_t begin = 0;
	int64_t end = 0;
	int rc = intake_range(r->intake, partition, &begin, &end, err);

	if (!rc && reached > end)
		return error_set(err, ERROR_UNAVAILABLE,
				 "partition %d was applied up to %lld, but its log ends at %lld: "
				 "waiting for Kafka to have it again",
				 partition, (long long)reached, (long long)end);
	if (rc || reached >= begin)
		return rc;
	if (r->ready->accept_lost_commands) {
		log_warn("partition %d: its commands from %lld to %lld are gone from the log, "
			 "which is accepted",
			 partition, (long long)reached, (long long)begin - 1);
		return 0;
	}
	return refuse_lost_commands(partition, f, reached, begin, err);
}

/*
 * Reads the unsent outputs. If they are of another history, Redis has lost data,
 * and the case becomes RECOVERY_REBUILD. If Redis loses data after this, the
 * claim fails.
 */
static int read_unsent(const struct recovery *r, int partition, struct finding *f,
		       struct error *err)
{
	int rc;

	if (f->is != RECOVERY_GO_ON && f->is != RECOVERY_PUBLISH)
		return 0;
	rc = unsent_read(r->index, partition, &f->unsent, err);
	if (!rc && !recovery_continues(&f->unsent, f->committed, f->mark.applied))
		f->is = RECOVERY_REBUILD;
	return rc;
}

/* Where the partition's next run will begin. */
static int find_applied(const struct recovery *r, int partition, const struct finding *f,
			int64_t *applied, struct error *err)
{
	int64_t end;

	if (f->is == RECOVERY_FRESH)
		return intake_range(r->intake, partition, applied, &end, err);
	*applied = f->is == RECOVERY_REBUILD ? max_of(f->committed, 0) : f->mark.applied;
	return 0;
}

/*
 * Finds the mark's `directory`: how much of it a reader needs before it may
 * answer. An offset beyond the topic's end is cut to the end: if the topic was
 * made anew, no reader could ever answer. The changelog does not say how far
 * the authors of its states had seen the directory, so a rebuild takes the end,
 * too.
 */
static int find_directory(const struct recovery *r, const struct finding *f, int64_t *directory,
			  struct error *err)
{
	int64_t end;
	int rc = follower_end(r->follower, &end, err);

	if (rc)
		return rc;
	*directory = f->is == RECOVERY_REBUILD || f->mark.directory > end ? end : f->mark.directory;
	return 0;
}

/*
 * Claims the mark under a new epoch. We never take the same epoch twice: Redis
 * may lose the mark, so that we claim it again from nothing, and then come back
 * with a mark that we wrote before.
 */
static int take_epoch(const struct recovery *r, struct partition *part, const struct mark *seen,
		      struct error *err)
{
	int64_t least = intake_epoch(r->intake);
	int rc;

	if (least < 0)
		return error_set(err, ERROR_FENCED, "the consumer group has moved on without us");
	part->mark.epoch = max_of(least, part->last_epoch + 1);
	rc = index_claim(r->index, part->id, seen, &part->mark, err);
	part->last_epoch = part->mark.epoch; /* it may be in Redis even if the claim failed */
	return rc;
}

/* What the mark says of Redis, for the log. */
static void describe_mark(char *out, size_t size, const struct mark *m)
{
	if (m->state == MARK_MISSING)
		(void)snprintf(out, size, "has no mark");
	else
		(void)snprintf(out, size, "%s %lld",
			       m->state == MARK_READY ? "has applied" : "was being rebuilt to",
			       (long long)m->applied);
}

static void log_claim(const struct partition *part, const struct finding *f)
{
	char found[48];
	char committed[COMMITTED_TEXT_SIZE];

	describe_mark(found, sizeof(found), &f->mark);
	progress_format_committed(committed, f->committed);
	log_info("partition %d: epoch %lld; Redis %s, Kafka has committed %s", part->id,
		 (long long)part->mark.epoch, found, committed);
	if (f->mark.state != MARK_MISSING && f->mark.layout < INDEX_LAYOUT)
		log_info("partition %d: Redis has it in layout %d, this program writes layout %d",
			 part->id, f->mark.layout, INDEX_LAYOUT);
}

/*
 * Queues the unsent runs after `committed` as they are; the next apply deletes
 * those that are committed.
 */
static void publish_unsent(const struct recovery *r, struct partition *part,
			   const struct finding *f)
{
	for (size_t i = 0; i < f->unsent.count; i++) {
		const struct unsent *u = &f->unsent.list[i];
		struct bytes packed = buffer_bytes(&u->outputs);
		struct run_range range;
		bool good = outputs_open(&packed, &range);

		assert(good); /* recovery_continues() has read the head before */
		if (range.applied <= f->committed)
			partition_note_committed(part, u->last);
		else
			publisher_push(r->publisher, batch_new(part->id, u->last, range.applied,
							       buffer_bytes(&u->outputs)));
	}
}

/* Claims the partition and does what its case requires. */
static int take_over(const struct recovery *r, struct partition *part, const struct finding *f,
		     struct error *err)
{
	bool rebuild = f->is == RECOVERY_REBUILD;
	int rc;

	assert(part->state == PARTITION_CLAIMING);
	part->committed_runs_count = 0;
	part->mark = f->mark;
	part->mark.state = rebuild ? MARK_REBUILDING : MARK_READY;
	rc = find_applied(r, part->id, f, &part->mark.applied, err);
	if (!rc)
		rc = find_directory(r, f, &part->mark.directory, err);
	if (!rc)
		rc = take_epoch(r, part, &f->mark, err);
	if (rc)
		return rc;
	log_claim(part, f);
	if (rebuild)
		rebuild_add(r->rebuild, part);
	else
		publish_unsent(r, part, f);
	return 0;
}

static int recover_partition(const struct recovery *r, struct partition *part,
			     const struct position *committed, const struct mark *seen,
			     struct error *err)
{
	struct finding f = { .committed = committed->offset,
			     .mark = *seen,
			     .is = recovery_case_of(seen, committed->offset) };
	int rc = check_log(r, part->id, &f, err);

	if (!rc)
		rc = read_unsent(r, part->id, &f, err);
	if (!rc && f.is == RECOVERY_REBUILD && !r->accept_lost_grants)
		rc = changelog_check_begin(r->changelog, part->id, err);
	if (!rc)
		rc = take_over(r, part, &f, err);
	unsent_done(&f.unsent);
	return rc;
}

/* ---- all of them ---- */

/* The CLAIMING partitions, what is committed of them, and their marks. */
struct claiming {
	struct partition **parts;
	struct position *committed;
	int *ids;
	struct mark *marks;
	size_t count;
};

static struct claiming list_claiming(const struct partitions *all)
{
	size_t max = (size_t)all->count;
	struct claiming c = { memory_zalloc(max, sizeof(struct partition *)),
			      memory_zalloc(max, sizeof(*c.committed)),
			      memory_zalloc(max, sizeof(*c.ids)),
			      memory_zalloc(max, sizeof(*c.marks)), 0 };

	for (int i = 0; i < all->count; i++) {
		if (all->list[i].state != PARTITION_CLAIMING)
			continue;
		c.committed[c.count].partition = i;
		c.ids[c.count] = i;
		c.parts[c.count++] = &all->list[i];
	}
	return c;
}

static void claiming_done(struct claiming *c)
{
	free((void *)c->parts);
	free(c->committed);
	free(c->ids);
	free(c->marks);
}

/* Makes those READY that are not being rebuilt. */
static int make_ready(const struct recovery *r, const struct claiming *c, const struct now *now,
		      struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < c->count; i++)
		if (c->parts[i]->state == PARTITION_CLAIMING)
			c->parts[count++] = c->parts[i];
	return ready_make(r->ready, c->parts, count, now, err);
}

static bool brokers_answer(const struct recovery *r, int partition)
{
	int64_t begin;
	int64_t end;

	return !intake_range(r->intake, partition, &begin, &end, NULL);
}

/* Suspects orphans when the brokers have answered so long without saying what is committed. */
static void judge_settling(struct recovery *r, int partition, int rc)
{
	int64_t now_ms;

	if (rc != ERROR_UNAVAILABLE || !brokers_answer(r, partition)) {
		r->unsettled_since_ms = 0;
		return;
	}
	now_ms = clock_monotonic_ms(); /* not the turn's: asking in vain takes long */
	if (!r->unsettled_since_ms)
		r->unsettled_since_ms = now_ms;
	if (now_ms - r->unsettled_since_ms < UNSETTLED_MAX_MS)
		return;
	r->unsettled_since_ms = 0;
	r->orphans_suspected = true;
}

bool recovery_suspects_orphans(struct recovery *r)
{
	bool suspected = r->orphans_suspected;

	r->orphans_suspected = false;
	return suspected;
}

/*
 * Reads the marks, then what is committed. Others may move both while we are
 * asleep in between; but a claim fails if its mark has moved since it was read
 * here, so one that succeeds proves that the two belong together.
 */
static int read_both(struct recovery *r, struct claiming *c, struct error *err)
{
	int rc = index_read_marks(r->index, c->ids, c->count, c->marks, err);

	if (rc)
		return rc;
	rc = intake_committed(r->intake, c->committed, c->count, err);
	if (!rc)
		rc = progress_raise(r->progress, c->committed, c->count, err);
	judge_settling(r, c->ids[0], rc);
	return rc;
}

/*
 * Sets aside the partitions of which neither the group nor the changelog says
 * how far they are, because the changelog could not be read; the others stay in
 * the list.
 */
static void drop_unreadable(const struct recovery *r, struct claiming *c, const struct now *now)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->count; i++) {
		const struct error *why = progress_trouble(r->progress, c->ids[i]);

		if (why && c->committed[i].offset == COMMITTED_NONE) {
			partition_set_aside(c->parts[i], why, now->monotonic_ms);
			continue;
		}
		c->parts[kept] = c->parts[i];
		c->committed[kept] = c->committed[i];
		c->ids[kept] = c->ids[i];
		c->marks[kept++] = c->marks[i];
	}
	c->count = kept;
}

static int recover_all(struct recovery *r, const struct now *now, struct error *err)
{
	struct claiming c = list_claiming(r->partitions);
	int rc = read_both(r, &c, err);

	if (!rc)
		drop_unreadable(r, &c, now);
	for (size_t i = 0; !rc && i < c.count; i++)
		rc = recover_partition(r, c.parts[i], &c.committed[i], &c.marks[i], err);
	if (!rc)
		rc = make_ready(r, &c, now, err);
	claiming_done(&c);
	return rc;
}

int recovery_step(struct recovery *r, const struct now *now, struct error *err)
{
	if (!follower_is_complete(r->follower) || rebuild_is_active(r->rebuild) ||
	    !partitions_any(r->partitions, PARTITION_CLAIMING))
		return 0;
	if (publisher_drain(r->publisher, now->monotonic_ms + PUBLISHER_DRAIN_MS))
		return recover_all(r, now, err);
	publisher_stop(r->publisher);
	return error_set(
		err, ERROR_UNAVAILABLE,
		"outputs that are applied could not be published; the publisher starts anew");
}
