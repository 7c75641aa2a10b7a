#include "consumer/recovery.h"

#include "consumer/damage.h"
#include "consumer/output.h"
#include "consumer/refusal.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ACCEPT_RETRY_MS = 3000, /* longer than a new leader lags behind the one before */
};

/* Outputs that no consumer has sealed were put there by somebody else. */
static void report_forged(int partition, const struct finding *f)
{
	const struct unsent *forged = recovery_forged(&f->unsent, &f->committed.progress);

	if (forged)
		log_error("partition %d: the unsent outputs up to offset %lld in Redis are not "
			  "published: %s; somebody else may write there, and the partition is "
			  "rebuilt",
			  partition, (long long)forged->last, forged->distrust);
}

/*
 * Reads the unsent outputs. If they cannot be read, or do not lead from the
 * progress to the mark, they are damaged or of another history: Redis has lost
 * data, and the case becomes RECOVERY_REBUILD. So it does when there are any
 * although nobody knows the partition: only its mark is gone. But when the group
 * has committed more than the changelog tells, it may be the changelog that has
 * lost its end, and the index that is good: RECOVERY_UNCLEAR. If Redis loses data
 * after this, the claim fails.
 */
static int read_unsent(const struct recovery *r, int partition, struct finding *f,
		       struct error *err)
{
	int rc;

	if (f->is == RECOVERY_REBUILD || f->is == RECOVERY_UNCLEAR)
		return 0;
	rc = unsent_read(r->index, partition, r->signing, &f->unsent, err);
	if (!rc)
		report_forged(partition, f);
	if (rc && rc != ERROR_DAMAGED)
		return rc;
	if (rc || !recovery_agrees(f->is, &f->unsent, &f->committed.progress, &f->mark))
		f->is = f->committed.group > f->committed.progress.applied ? RECOVERY_UNCLEAR
									   : RECOVERY_REBUILD;
	return 0;
}

/*
 * The mark's `directory`: how much of it a reader needs before it may answer. An
 * offset beyond the topic's end is cut to the end: if the topic was made anew, no
 * reader could ever answer. The changelog does not say how far the authors of its
 * states had seen the directory, so a rebuild takes the end, too.
 */
static int64_t directory_of(const struct recovery *r, const struct finding *f)
{
	if (f->is == RECOVERY_REBUILD || f->mark.directory > r->directory_end)
		return r->directory_end;
	return f->mark.directory;
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
	part->mark.epoch = least > part->last_epoch ? least : part->last_epoch + 1;
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
	progress_format_committed(committed, f->committed.progress.applied);
	log_partition(LOG_LEVEL_DEBUG, part->id, "epoch %lld; Redis %s, Kafka has committed %s",
		      (long long)part->mark.epoch, found, committed);
	if (f->mark.state != MARK_MISSING && f->mark.layout < INDEX_LAYOUT)
		log_partition(LOG_LEVEL_INFO, part->id,
			      "Redis has it in layout %d, this program writes layout %d",
			      f->mark.layout, INDEX_LAYOUT);
}

/*
 * The unsent runs after `committed`, as they are. The next apply deletes those that
 * are committed.
 */
static struct batch *list_unsent(struct partition *part, const struct finding *f)
{
	struct batch *first = NULL;
	struct batch **end = &first;

	for (size_t i = 0; i < f->unsent.count; i++) {
		const struct unsent *u = &f->unsent.list[i];
		struct bytes packed = buffer_bytes(&u->outputs);
		struct run_range range;
		bool good = outputs_open(&packed, &range);

		assert(good); /* recovery_continues() has read the head before */
		if (run_is_over(&range, f->committed.progress.log, f->committed.progress.applied)) {
			partition_note_committed(part, u->last);
			continue;
		}
		*end = batch_new(part->id, u->last, range.applied, buffer_bytes(&u->outputs));
		end = &(*end)->next;
	}
	return first;
}

/* Publishes what is unsent; that of a doubted partition on probation. */
static int publish_unsent(const struct recovery *r, struct partition *part, const struct finding *f,
			  struct error *err)
{
	const struct now now = clock_now(); /* not the turn's: recovery blocks */
	struct batch *b = list_unsent(part, f);

	if (b && part->doubted)
		return probation_try(r->probation, part, b, &now, err);
	part->doubted = false;
	while (b) {
		struct batch *next = b->next;

		publisher_push(r->publisher, b);
		b = next;
	}
	return 0;
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
	if (rebuild || f->is == RECOVERY_FRESH)
		part->mark.workspaces = part->mark.grants = 0; /* it begins empty */
	part->mark.suspect = part->accepting;
	part->doubts = f->doubts;
	part->progress = f->committed.progress;
	finding_set_reached(f, &part->mark);
	if (!part->accepting && part->mark.tip.offset < f->view.begin)
		part->mark.tip = (struct tip){ 0 }; /* it is gone, and shows nothing any more */
	part->mark.directory = directory_of(r, f);
	rc = take_epoch(r, part, &f->mark, err);
	if (rc)
		return rc;
	log_claim(part, f);
	if (!rebuild)
		return publish_unsent(r, part, f, err);
	rebuild_add(r->rebuild, part);
	return 0;
}

/* ---- is it the same log? ---- */

/*
 * Readers and later owners are told by the mark. A mark that is not READY tells
 * readers nothing anyway, and its next owner looks again.
 */
static int note_suspicion(const struct recovery *r, struct partition *part, const struct finding *f,
			  struct error *err)
{
	if (f->mark.state != MARK_READY || f->mark.suspect)
		return 0;
	part->mark = f->mark;
	part->mark.suspect = true;
	return take_epoch(r, part, &f->mark, err);
}

/*
 * Another log is accepted at the second look, seconds after the first: a leader
 * that only lagged has caught up by then; and what was applied and not yet
 * published is published between the two, so that no outputs of the old log are
 * left when their offsets come to mean other records.
 */
static int begin_accepting(const struct recovery *r, struct partition *part,
			   const struct finding *f, struct error *err)
{
	int rc = 0;

	part->accepting = true;
	if (f->is == RECOVERY_PUBLISH || f->is == RECOVERY_GO_ON)
		rc = take_over(r, part, f, err);
	return rc ? rc
		  : error_set(err, ERROR_REFUSED,
			      "another log of it is being accepted; looking again in %d s",
			      ACCEPT_RETRY_MS / 1000);
}

/*
 * A person has accepted the log as it is. An index that is at least as far as the
 * changelog is kept: Kafka may have lost the end of both logs, but what was
 * acknowledged stays true. Outputs that no longer lead on from what is committed
 * are dropped.
 */
static int accept_log(const struct recovery *r, struct partition *part, struct finding *f,
		      struct error *err)
{
	if (f->is == RECOVERY_UNCLEAR && !finding_index_counts(f))
		return refusal_unclear(f, index_keys(r->index, part->id)->base, err);
	if (!part->accepting || f->is == RECOVERY_PUBLISH)
		return begin_accepting(r, part, f, err);
	if (f->is != RECOVERY_GO_ON && finding_index_counts(f)) {
		f->is = RECOVERY_GO_ON;
		unsent_done(&f->unsent);
	}
	return 0;
}

static int judge_log(const struct recovery *r, struct partition *part, struct finding *f,
		     const struct applied_log *applied, struct error *err)
{
	enum log_verdict verdict = log_verdict_of(applied, &f->view);
	int rc;

	if (verdict == LOG_SAME && f->is != RECOVERY_UNCLEAR) {
		part->accepting = false;
		return 0;
	}
	if (r->ready->accept_other_log)
		return accept_log(r, part, f, err);
	if (verdict == LOG_SAME)
		return refusal_unclear(f, index_keys(r->index, part->id)->base, err);
	rc = note_suspicion(r, part, f, err);
	return rc ? rc : refusal_log(applied, &f->view, verdict, err);
}

/*
 * Commands that are gone from the log and were never applied are lost; going on
 * without them is a person's decision. Nothing of a FRESH partition was ever
 * applied, so everything before its log's beginning is lost.
 */
static int check_lost(const struct recovery *r, int partition, const struct finding *f,
		      int64_t reached, struct error *err)
{
	if (reached >= f->view.begin)
		return 0;
	if (!r->ready->accept_lost_commands)
		return refusal_lost(f, reached, err);
	log_partition(LOG_LEVEL_WARN, partition,
		      "its commands from %lld to %lld are gone from the log, which is "
		      "accepted",
		      (long long)reached, (long long)f->view.begin - 1);
	return 0;
}

static int check_log(const struct recovery *r, struct partition *part, struct finding *f,
		     struct error *err)
{
	struct applied_log applied = finding_applied(f);
	int rc;

	f->doubts = intake_doubts(r->intake);
	rc = verifier_look(r->verifier, part->id, &applied, &f->view, err);
	if (!rc)
		rc = judge_log(r, part, f, &applied, err);
	if (rc || part->accepting)
		return rc;
	return check_lost(r, part->id, f, applied.applied, err);
}

/* ---- one partition ---- */

static void warn_of_offsets(int partition, const struct committed *c)
{
	char group[COMMITTED_TEXT_SIZE];
	char progress[COMMITTED_TEXT_SIZE];

	if (c->group == c->progress.applied)
		return;
	progress_format_committed(group, c->group);
	progress_format_committed(progress, c->progress.applied);
	log_partition(LOG_LEVEL_WARN, partition,
		      "the group has committed %s, but the changelog says %s; using the "
		      "changelog's%s",
		      group, progress,
		      c->group > c->progress.applied
			      ? ", for somebody has moved the group's offsets"
			      : "");
}

/*
 * Of a transaction's outputs readers may see all, and of its offsets nothing; see
 * fate.h. What is to be published brings offsets of its own.
 */
static int mend_offset(const struct recovery *r, const struct partition *part,
		       const struct finding *f, const struct mark *seen, struct error *err)
{
	const struct committed *c = &f->committed;
	bool agreed = f->is == RECOVERY_REBUILD ||
		      (f->is == RECOVERY_GO_ON && recovery_case_of(seen, c) == RECOVERY_GO_ON);

	if (!agreed || part->accepting || c->group >= c->progress.applied)
		return 0;
	return intake_commit(r->intake, part->id, c->progress.applied, err);
}

static int recover_partition(const struct recovery *r, struct partition *part,
			     const struct committed *committed, const struct mark *seen,
			     struct error *err)
{
	struct finding f = { .committed = *committed,
			     .mark = *seen,
			     .is = recovery_case_of(seen, committed) };
	int rc = index_check_mark(r->index, seen, err);

	if (part->damaged && f.is != RECOVERY_UNCLEAR)
		f.is = RECOVERY_REBUILD;
	if (!rc)
		rc = read_unsent(r, part->id, &f, err);
	if (f.is != RECOVERY_UNCLEAR)
		warn_of_offsets(part->id, committed);
	if (!rc)
		rc = check_log(r, part, &f, err);
	if (!rc && f.is == RECOVERY_REBUILD && !r->accept_lost_grants)
		rc = changelog_check_begin(r->changelog, part->id, err);
	if (!rc)
		rc = take_over(r, part, &f, err);
	if (!rc)
		rc = mend_offset(r, part, &f, seen, err);
	unsent_done(&f.unsent);
	return rc;
}

/* Recovers the partition, or sets it aside when a person must decide. */
static int recover_or_set_aside(const struct recovery *r, struct partition *part,
				const struct committed *committed, const struct mark *seen,
				const struct now *now, struct error *err)
{
	int rc = recover_partition(r, part, committed, seen, err);

	if (rc != ERROR_REFUSED)
		return partition_await_node(part, rc, err, now->monotonic_ms);
	partition_set_aside(part, err, now->monotonic_ms);
	if (part->accepting)
		part->retry_ms = now->monotonic_ms + ACCEPT_RETRY_MS;
	if (probation_is_trying(r->probation, part->id)) /* its outputs are still on their way */
		part->retry_ms = INT64_MAX;
	return 0;
}

/* ---- all of them ---- */

/* The CLAIMING partitions, what is committed of them, and their marks. */
struct claiming {
	struct partition **parts;
	struct committed *committed;
	int *ids;
	struct mark *marks;
	struct error *whys; /* nothing is known of the mark */
	size_t count;
};

static struct claiming list_claiming(const struct partitions *all)
{
	size_t max = (size_t)all->count;
	struct claiming c = { memory_zalloc(max, sizeof(struct partition *)),
			      memory_zalloc(max, sizeof(*c.committed)),
			      memory_zalloc(max, sizeof(*c.ids)),
			      memory_zalloc(max, sizeof(*c.marks)),
			      memory_zalloc(max, sizeof(*c.whys)),
			      0 };

	for (int i = 0; i < all->count; i++) {
		if (all->list[i].state != PARTITION_CLAIMING)
			continue;
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
	free(c->whys);
}

/* Leaves in the list those that are CLAIMING still, and not set aside meanwhile. */
static void keep_claiming(struct claiming *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (c->parts[i]->state != PARTITION_CLAIMING)
			continue;
		c->parts[kept] = c->parts[i];
		c->committed[kept] = c->committed[i];
		c->ids[kept] = c->ids[i];
		c->marks[kept++] = c->marks[i];
	}
	c->count = kept;
}

/* Makes those READY that are not being rebuilt. */
static int make_ready(const struct recovery *r, struct claiming *c, const struct now *now,
		      struct error *err)
{
	keep_claiming(c);
	return ready_make(r->ready, c->parts, c->count, now, err);
}

/* Reads the marks, and sets aside the partitions whose nodes do not answer. */
static int read_marks(const struct recovery *r, struct claiming *c, const struct now *now,
		      struct error *err)
{
	int rc = index_look_at_marks(r->index, c->ids, c->count, c->marks, c->whys, err);

	for (size_t i = 0; !rc && i < c->count; i++)
		error_ignore(partition_await_node(c->parts[i], c->whys[i].code, &c->whys[i],
						  now->monotonic_ms));
	keep_claiming(c);
	return rc;
}

/* Reads the group's offsets, then the progress: it is at least as far, unless it was tampered with. */
static int read_committed(const struct recovery *r, struct claiming *c, struct error *err)
{
	struct position group[PARTITIONS_MAX];
	struct progress progress[PARTITIONS_MAX];
	int rc;

	for (size_t i = 0; i < c->count; i++)
		group[i].partition = c->ids[i];
	rc = intake_committed(r->intake, group, c->count, err);
	if (!rc)
		rc = progress_read(r->progress, c->ids, c->count, progress, err);
	for (size_t i = 0; !rc && i < c->count; i++)
		c->committed[i] = (struct committed){ group[i].offset, progress[i] };
	return rc;
}

/*
 * Reads the marks, then what is committed and where the directory ends. Others may
 * move all of them while we are asleep in between; but a claim fails if its mark
 * has moved since it was read here, so one that succeeds proves that they belong
 * together.
 */
static int read_all(struct recovery *r, struct claiming *c, const struct now *now,
		    struct error *err)
{
	int rc = read_marks(r, c, now, err);

	if (!rc && c->count)
		rc = read_committed(r, c, err);
	return rc ? rc : follower_end(r->follower, &r->directory_end, err);
}

/*
 * Does the changelog tell how far the partition is? Not if its end cannot be read;
 * nor if it has lost its beginning, and its progress with it. *why says so; it is
 * no error when the changelog tells. ERROR_UNAVAILABLE: the brokers do not answer.
 */
static int judge_changelog(const struct recovery *r, const struct committed *c, int partition,
			   struct error *why)
{
	const struct error *trouble = progress_trouble(r->progress, partition);

	if (trouble) {
		*why = *trouble;
		return ERROR_REFUSED;
	}
	if (c->group <= 0 || c->progress.applied != COMMITTED_NONE)
		return 0;
	return changelog_check_begin(r->changelog, partition, why);
}

/*
 * Where the changelog does not tell, the group's offset says how far the
 * partition is. Sets aside the partitions of which neither does; the others stay
 * in the list.
 */
static int settle_committed(const struct recovery *r, struct claiming *c, const struct now *now,
			    struct error *err)
{
	for (size_t i = 0; i < c->count; i++) {
		struct committed *at = &c->committed[i];
		struct error why = { 0 };
		int rc = judge_changelog(r, at, c->ids[i], &why);

		if (rc && rc != ERROR_REFUSED) {
			*err = why;
			return rc;
		}
		if (rc && at->group == COMMITTED_NONE) {
			partition_set_aside(c->parts[i], &why, now->monotonic_ms);
			continue;
		}
		if (rc && at->group > at->progress.applied)
			at->progress =
				(struct progress){ .applied = at->group, .log = c->marks[i].log };
	}
	keep_claiming(c);
	return 0;
}

static int recover_listed(struct recovery *r, struct claiming *c, const struct now *now,
			  struct error *err)
{
	int rc = read_all(r, c, now, err);

	if (!rc)
		rc = settle_committed(r, c, now, err);
	for (size_t i = 0; !rc && i < c->count; i++)
		rc = recover_or_set_aside(r, c->parts[i], &c->committed[i], &c->marks[i], now, err);
	if (!rc)
		rc = make_ready(r, c, now, err);
	for (size_t i = 0; rc == ERROR_DAMAGED && i < c->count; i++)
		damage_found(r->index, c->parts[i], err, now->monotonic_ms);
	return rc == ERROR_DAMAGED ? 0 : rc;
}

/*
 * Looks at the marks before the publisher is drained, too: partitions that wait for their
 * node are looked at every second, and must not cost the others anything.
 */
static int recover_all(struct recovery *r, const struct now *now, struct error *err)
{
	struct claiming c = list_claiming(r->partitions);
	int rc = read_marks(r, &c, now, err);

	if (!rc && c.count &&
	    !publisher_drain(r->publisher, now->monotonic_ms + PUBLISHER_DRAIN_MS)) {
		publisher_stop(r->publisher);
		rc = error_set(err, ERROR_UNAVAILABLE,
			       "outputs that are applied could not be published; the publisher "
			       "starts anew");
	}
	if (!rc && c.count)
		rc = recover_listed(r, &c, now, err);
	claiming_done(&c);
	return rc;
}

int recovery_step(struct recovery *r, const struct now *now, struct error *err)
{
	if (!follower_is_complete(r->follower) || rebuild_is_active(r->rebuild) ||
	    !partitions_any(r->partitions, PARTITION_CLAIMING))
		return 0;
	return recover_all(r, now, err);
}
