#include "consumer/recover.h"

#include "consumer/output.h"
#include "consumer/rebuild.h"
#include "consumer/run.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"

#include <assert.h>
#include <stdlib.h>

enum {
	CHANGELOG_WAIT_MS = 15000, /* longer than an abandoned transaction stays open */
	UNSETTLED_MAX_MS = 40000,  /* several times as long */
};

enum recovery recovery_case(const struct mark *mark, int64_t committed)
{
	if (mark->state == MARK_MISSING)
		return committed == COMMITTED_NONE ? RECOVERY_FRESH : RECOVERY_REBUILD;
	if (mark->state == MARK_REBUILDING || mark->applied < committed)
		return RECOVERY_REBUILD;
	return mark->applied == committed ? RECOVERY_GO_ON : RECOVERY_PUBLISH;
}

/* ---- where Kafka stands ---- */

/* The CLAIMING partitions, what is committed of them, and their marks. */
struct claiming {
	struct place *places;
	int *partitions;
	struct mark *marks;
	size_t count;
};

static void list_claiming(struct processor *p, struct claiming *out)
{
	size_t max = (size_t)p->deployment.partitions;

	*out = (struct claiming){ calloc(max, sizeof(*out->places)),
				  calloc(max, sizeof(*out->partitions)),
				  calloc(max, sizeof(*out->marks)), 0 };
	assert(out->places && out->partitions && out->marks);
	for (int i = 0; i < p->deployment.partitions; i++) {
		if (p->partitions[i].state != PARTITION_CLAIMING)
			continue;
		out->places[out->count].partition = i;
		out->partitions[out->count++] = i;
	}
}

static void claiming_done(struct claiming *c)
{
	free(c->places);
	free(c->partitions);
	free(c->marks);
}

void recover_take_progress(struct processor *p, const struct message *m, int64_t *progress)
{
	struct error err = { 0 };
	struct record r;

	if (!changelog_is_progress(m))
		return;
	if (codec_decode(p->codec, m->value, &p->run.arena, &r, &err) || r.type != RECORD_PROGRESS)
		log_warn("%s partition %d offset %lld is no Progress: %s", topic_name(TOPIC_GRANTS),
			 m->partition, (long long)m->offset, err.text);
	else if (r.as.progress.applied > *progress)
		*progress = r.as.progress.applied;
	arena_reset(&p->run.arena);
}

/* The last Progress of each of these partitions, by partition; others are left as they are. */
static int read_progress(struct processor *p, const int *partitions, size_t count,
			 enum changelog_from from, int64_t *progress, struct error *err)
{
	struct message m;
	int rc = changelog_begin(p->changelog, partitions, count, from, err);

	while (!rc) {
		int step = changelog_next(p->changelog, CHANGELOG_WAIT_MS, &m, err);

		if (step == CHANGELOG_END)
			break;
		if (step < 0)
			return step;
		if (step == CHANGELOG_LATER)
			return error_set(err, ERROR_UNAVAILABLE,
					 "%s is not settled yet: a transaction is open",
					 topic_name(TOPIC_GRANTS));
		recover_take_progress(p, &m, &progress[m.partition]);
		message_done(&m);
	}
	return rc;
}

/* Looks at the changelogs' ends, and at all of those where there is none. */
static int find_progress(struct processor *p, const struct claiming *c, int64_t *progress,
			 struct error *err)
{
	int *rest = calloc(c->count + 1, sizeof(*rest));
	size_t count = 0;
	int rc = read_progress(p, c->partitions, c->count, CHANGELOG_TAIL, progress, err);

	assert(rest);
	for (size_t i = 0; i < c->count; i++)
		if (progress[c->partitions[i]] == COMMITTED_NONE)
			rest[count++] = c->partitions[i];
	if (!rc && count)
		rc = read_progress(p, rest, count, CHANGELOG_WHOLE, progress, err);
	free(rest);
	return rc;
}

/*
 * What the group has committed; or the changelog's progress where that is
 * further: a group's offsets expire, or are reset by hand.
 */
static int read_committed(struct processor *p, struct claiming *c, struct error *err)
{
	int64_t *progress = calloc((size_t)p->deployment.partitions, sizeof(*progress));
	int rc;

	assert(progress);
	for (int i = 0; i < p->deployment.partitions; i++)
		progress[i] = COMMITTED_NONE;
	rc = intake_committed(p->intake, c->places, c->count, err);
	if (!rc)
		rc = find_progress(p, c, progress, err);
	for (size_t i = 0; !rc && i < c->count; i++) {
		struct place *at = &c->places[i];

		if (progress[at->partition] <= at->offset)
			continue;
		log_warn("partition %d: the group has committed %lld, but the changelog says %lld; "
			 "that counts",
			 at->partition, (long long)at->offset, (long long)progress[at->partition]);
		at->offset = progress[at->partition];
	}
	free(progress);
	return rc;
}

/* ---- what Redis still has to say ---- */

/* A partition as recovery finds it. The claim that follows fails if this is no longer true. */
struct sight {
	int64_t committed;
	struct mark mark;
	struct unsent_list unsent;
	enum recovery recovery;
};

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

/* Queues the runs behind `committed` as they stand; those before it can go. */
static void publish_unsent(struct processor *p, struct partition *part,
			   const struct unsent_list *unsent, int64_t committed)
{
	for (size_t i = 0; i < unsent->count; i++) {
		const struct unsent *u = &unsent->list[i];
		struct bytes packed = buffer_bytes(&u->outputs);
		struct run_range range;
		bool good = outputs_open(&packed, &range);

		assert(good); /* recovery_continues() has read it */
		if (range.applied <= committed)
			offsets_add(&part->sent, u->last);
		else
			publisher_push(p->publisher, batch_new(part->id, u->last, range.applied,
							       buffer_bytes(&u->outputs)));
	}
}

/*
 * Reads what is unsent; Redis that has it of another history has lost data. If it loses data
 * while we read, the claim will fail.
 */
static int read_unsent(struct processor *p, const struct partition *part, struct sight *sight,
		       struct error *err)
{
	int rc = unsent_read(p->index, part->id, &sight->unsent, err);

	if (!rc && !recovery_continues(&sight->unsent, sight->committed, sight->mark.applied))
		sight->recovery = RECOVERY_REBUILD;
	return rc;
}

/* ---- one partition ---- */

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * An epoch is taken once, also by us: Redis may forget what it had, so that we
 * claim again from nothing, and then come back with a mark that we wrote before.
 */
static int take_epoch(struct processor *p, struct partition *part, const struct mark *seen,
		      struct error *err)
{
	int64_t least = intake_epoch(p->intake);
	int rc;

	if (least < 0)
		return error_set(err, ERROR_FENCED, "the consumer group has moved on without us");
	part->mark.epoch = max(least, part->taken + 1);
	rc = index_claim(p->index, part->id, seen, &part->mark, err);
	part->taken = part->mark.epoch; /* it may be in Redis even if the claim failed */
	return rc;
}

static const char *state_text(enum mark_state state)
{
	static const char *const texts[] = { [MARK_MISSING] = "knows nothing",
					     [MARK_REBUILDING] = "is half rebuilt, to",
					     [MARK_READY] = "has applied" };

	return texts[state];
}

/* Where the index of the partition stands once it is recovered. */
static int find_applied(struct processor *p, const struct partition *part, enum recovery recovery,
			int64_t committed, int64_t *applied, struct error *err)
{
	int64_t end;

	if (recovery == RECOVERY_FRESH)
		return intake_range(p->intake, part->id, applied, &end, err);
	if (recovery == RECOVERY_REBUILD)
		*applied = max(committed, 0);
	return 0;
}

/*
 * How far the directory must be for answers: not beyond its end, or there would be none if the
 * topic was made anew. What is rebuilt from the changelog does not say how far its authors had seen.
 */
static int find_directory(struct processor *p, const struct sight *sight, int64_t *directory,
			  struct error *err)
{
	int64_t end;
	int rc = follower_end(p->follower, &end, err);

	if (!rc)
		*directory = sight->recovery == RECOVERY_REBUILD || sight->mark.directory > end
				     ? end
				     : sight->mark.directory;
	return rc;
}

/* Makes the partition ours and goes on as the case is. */
static int act(struct processor *p, struct partition *part, const struct sight *sight,
	       struct error *err)
{
	bool rebuild = sight->recovery == RECOVERY_REBUILD;
	int rc;

	part->sent.count = 0;
	part->mark = sight->mark;
	part->mark.state = rebuild ? MARK_REBUILDING : MARK_READY;
	rc = find_applied(p, part, sight->recovery, sight->committed, &part->mark.applied, err);
	if (!rc)
		rc = find_directory(p, sight, &part->mark.directory, err);
	if (!rc)
		rc = take_epoch(p, part, &sight->mark, err);
	if (rc)
		return rc;
	log_info("partition %d: epoch %lld; Redis %s %lld, Kafka has committed %lld", part->id,
		 (long long)part->mark.epoch, state_text(sight->mark.state),
		 (long long)sight->mark.applied, (long long)sight->committed);
	if (sight->mark.state != MARK_MISSING && sight->mark.layout < INDEX_LAYOUT)
		log_info("partition %d: Redis has it in layout %d, this program writes layout %d",
			 part->id, sight->mark.layout, INDEX_LAYOUT);
	if (rebuild)
		rebuild_add(p, part);
	else
		publish_unsent(p, part, &sight->unsent, sight->committed);
	return 0;
}

/*
 * Commands that the log no longer holds, and that were never applied, are
 * lost: going on without them is a person's decision. A partition that nobody
 * has ever applied has lost what is gone from the log's begin.
 */
static int check_log(struct processor *p, struct partition *part, const struct place *at,
		     const struct mark *seen, struct error *err)
{
	bool fresh = seen->state == MARK_MISSING && at->offset == COMMITTED_NONE;
	int64_t reached =
		fresh ? 0 : max(seen->state == MARK_READY ? seen->applied : 0, at->offset);
	int64_t begin = 0;
	int64_t end = 0;
	int rc = intake_range(p->intake, part->id, &begin, &end, err);

	if (!rc && reached > end)
		return error_set(err, ERROR_UNAVAILABLE,
				 "partition %d was applied up to %lld, but its log ends at %lld: "
				 "waiting for Kafka to have it again",
				 part->id, (long long)reached, (long long)end);
	if (rc || reached >= begin)
		return rc;
	if (p->accept_lost_commands) {
		log_warn("partition %d: its commands from %lld to %lld are gone from the log, "
			 "which is accepted",
			 part->id, (long long)reached, (long long)begin - 1);
		return 0;
	}
	return error_set(err, ERROR_REFUSED,
			 "partition %d was applied up to %lld, but its log begins at %lld: the "
			 "commands between are gone; to go on without them, start once with "
			 "--accept-lost-commands",
			 part->id, (long long)reached, (long long)begin);
}

static int recover_one(struct processor *p, struct partition *part, const struct place *at,
		       const struct mark *seen, struct error *err)
{
	struct sight sight = { .committed = at->offset, .mark = *seen };
	int rc = check_log(p, part, at, seen, err);

	sight.recovery = recovery_case(seen, sight.committed);
	if (!rc && (sight.recovery == RECOVERY_GO_ON || sight.recovery == RECOVERY_PUBLISH))
		rc = read_unsent(p, part, &sight, err);
	if (!rc)
		rc = act(p, part, &sight, err);
	unsent_done(&sight.unsent);
	return rc;
}

/* ---- all of them ---- */

/* Passes over the commands that check_log() let go. */
static int skip_lost(struct processor *p, struct partition *part, struct error *err)
{
	int64_t begin = 0;
	int64_t end = 0;
	int rc = intake_range(p->intake, part->id, &begin, &end, err);

	return rc || part->mark.applied >= begin ? rc : run_skip(p, part, begin, err);
}

int recover_make_ready(struct processor *p, struct partition *const *parts, size_t count,
		       struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && p->accept_lost_commands && i < count; i++)
		rc = skip_lost(p, parts[i], err);
	return rc ? rc : processor_make_ready(p, parts, count, err);
}

/* What is not being rebuilt is ready. */
static int make_ready(struct processor *p, const struct claiming *c, struct error *err)
{
	struct partition **parts = calloc(c->count + 1, sizeof(struct partition *));
	size_t count = 0;
	int rc;

	assert(parts);
	for (size_t i = 0; i < c->count; i++)
		if (p->partitions[c->partitions[i]].state == PARTITION_CLAIMING)
			parts[count++] = &p->partitions[c->partitions[i]];
	rc = recover_make_ready(p, parts, count, err);
	free((void *)parts);
	return rc;
}

/* Brokers that answer, but do not say for so long what is committed, never will by themselves. */
static void judge_settling(struct processor *p, const struct claiming *c, int rc)
{
	int64_t now = clock_monotonic_ms();
	int64_t begin;
	int64_t end;

	if (rc != ERROR_UNAVAILABLE ||
	    intake_range(p->intake, c->partitions[0], &begin, &end, NULL)) {
		p->unsettled_ms = 0;
		return;
	}
	if (!p->unsettled_ms)
		p->unsettled_ms = now;
	if (now - p->unsettled_ms < UNSETTLED_MAX_MS)
		return;
	p->unsettled_ms = 0;
	p->sweep = true;
}

/*
 * The marks come first: a claim fails if its mark has moved since, so what was
 * read after it is known to be of the same time. We may have been asleep in
 * between, and others may have come further.
 */
static int look(struct processor *p, struct claiming *c, struct error *err)
{
	int rc = index_read_marks(p->index, c->partitions, c->count, c->marks, err);

	if (rc)
		return rc;
	rc = read_committed(p, c, err);
	judge_settling(p, c, rc);
	return rc;
}

int recover_partitions(struct processor *p, struct error *err)
{
	struct claiming c;
	int rc;

	list_claiming(p, &c);
	rc = c.count ? look(p, &c, err) : 0;
	for (size_t i = 0; !rc && i < c.count; i++)
		rc = recover_one(p, &p->partitions[c.partitions[i]], &c.places[i], &c.marks[i],
				 err);
	if (!rc && c.count)
		rc = make_ready(p, &c, err);
	claiming_done(&c);
	return rc;
}
