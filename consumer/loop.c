#include "consumer/loop.h"

#include "consumer/rebuild.h"
#include "consumer/recover.h"
#include "consumer/run.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"

#include <stdlib.h>
#include <string.h>

enum {
	POLL_MS = 20, /* how late a stop, a directory change or a commit is noticed */
	WATCH_EVERY_MS = 1000,
	DRAIN_WAIT_MS = 20000,
	NAMESAKE_WAIT_MS = 15000,            /* longer than the session of one that died */
	GATHER_MAX = 8000,                   /* messages in hand at most */
	GATHER_MAX_BYTES = 16 * 1024 * 1024, /* and their values; one may be as large by itself */
	RUN_MAX = 2000, /* messages of one run: about 1 MB of commands to Redis */
	RUN_MAX_BYTES = 1024 * 1024,
	/*
	 * Outputs applied but not yet committed. Two transactions in flight and
	 * two to follow keep both producers busy; fetching pauses above the high
	 * mark and resumes below the low one.
	 */
	BACKLOG_HIGH_BYTES = 32 * 1024 * 1024,
	BACKLOG_LOW_BYTES = 16 * 1024 * 1024,
};

/* ---- rebalance ---- */

static void on_given(void *context, const int *partitions, size_t count, bool directory)
{
	struct processor *p = context;

	for (size_t i = 0; i < count; i++) {
		if (partitions[i] < p->deployment.partitions)
			p->partitions[partitions[i]].state = PARTITION_CLAIMING;
		else
			(void)error_set(&p->refusal, ERROR_REFUSED,
					"%s has more than %d partitions now; the number is fixed "
					"for the life of a deployment",
					topic_name(TOPIC_COMMANDS), p->deployment.partitions);
	}
	follower_own(p->follower, directory, intake_epoch(p->intake));
	log_info("given %zu partitions%s", count, directory ? " and the directory" : "");
}

/* What was applied is published first, unless the group has moved on: then the new owner does it. */
static void on_taken(void *context, bool lost)
{
	struct processor *p = context;

	if (p->publisher && (lost || !publisher_drain(p->publisher, DRAIN_WAIT_MS)))
		publisher_stop(&p->publisher);
	for (int i = 0; i < p->deployment.partitions; i++) {
		processor_claim_again(p, &p->partitions[i]);
		p->partitions[i].state = PARTITION_FOREIGN;
	}
	reaper_leave(p->reaper, lost);
	follower_own(p->follower, false, 0);
	log_info("gave all partitions back%s", lost ? ": the group had moved on without us" : "");
}

/* ---- the stages of a turn ---- */

static int start_publisher(struct processor *p, struct error *err)
{
	const struct publisher_options options = { .config = p->config,
						   .deployment = &p->deployment,
						   .intake = p->intake,
						   .sweep = p->sweep };
	int rc;

	if (p->sweep)
		log_warn("sweeping: transactions that nobody ends keep Kafka from saying what is "
			 "committed; those of our names are aborted");
	rc = publisher_start(&p->publisher, &options, err);
	p->sweep = p->sweep && rc;
	return rc;
}

/*
 * Fenced, and the group has another member of our name? If that is a process
 * that lives, it is the younger one, and fencing it in turn would go on for
 * ever: this one ends. If it has died, it leaves the group when its session
 * is over. So nothing is done until that shows.
 */
static int judge_namesake(struct processor *p, struct error *err)
{
	int64_t now = clock_monotonic_ms();

	if (!intake_is_doubled(p->intake)) {
		p->namesake_ms = 0;
		return 0;
	}
	if (!p->namesake_ms)
		p->namesake_ms = now;
	if (now - p->namesake_ms < NAMESAKE_WAIT_MS)
		return error_set(err, ERROR_UNAVAILABLE,
				 "fenced, and the group has another member named %s: waiting "
				 "whether it stays",
				 config_get(p->config, "instance"));
	return error_set(err, ERROR_REFUSED,
			 "another process runs under the instance name %s and has taken over; "
			 "give each its own --instance",
			 config_get(p->config, "instance"));
}

static int drop_broken(struct processor *p, struct error *err)
{
	int rc = p->publisher ? publisher_check(p->publisher, err) : 0;

	if (!rc || rc == ERROR_REFUSED)
		return rc;
	log_warn("the publisher broke: %s; starting it anew", err->text);
	publisher_stop(&p->publisher);
	return rc == ERROR_FENCED ? judge_namesake(p, err) : 0;
}

/* A broken publisher is replaced; only the broker knows what was committed, so all is recovered. */
static int serve_publisher(struct processor *p, struct error *err)
{
	int rc = drop_broken(p, err);

	if (!rc && p->namesake_ms)
		rc = judge_namesake(p, err);
	if (rc || p->publisher)
		return rc;
	for (int i = 0; i < p->deployment.partitions; i++)
		processor_claim_again(p, &p->partitions[i]);
	return start_publisher(p, err);
}

static void note_committed(struct processor *p)
{
	struct batch *b = publisher_take_committed(p->publisher);

	while (b) {
		struct batch *next = b->next;

		if (p->partitions[b->partition].state == PARTITION_READY)
			offsets_add(&p->partitions[b->partition].sent, b->last);
		free(b);
		b = next;
	}
}

static int follow_directory(struct processor *p, struct error *err)
{
	int rc = follower_poll(p->follower, follower_is_complete(p->follower) ? 0 : POLL_MS, err);

	return rc ? rc : follower_project(p->follower, err);
}

/* An idle partition would not notice that Redis has lost its mark, or gone back. */
static int watch_marks(struct processor *p, struct error *err)
{
	int partitions[PARTITIONS_MAX];
	struct mark marks[PARTITIONS_MAX];
	int64_t now = clock_monotonic_ms();
	size_t count = 0;
	int rc;

	if (now - p->watched_ms < WATCH_EVERY_MS)
		return 0;
	p->watched_ms = now;
	for (int i = 0; i < p->deployment.partitions; i++)
		if (p->partitions[i].state >= PARTITION_REBUILDING)
			partitions[count++] = i;
	rc = count ? index_read_marks(p->index, partitions, count, marks, err) : 0;
	for (size_t i = 0; !rc && i < count; i++) {
		struct partition *part = &p->partitions[partitions[i]];

		if (mark_equal(&marks[i], &part->mark))
			continue;
		log_warn("partition %d: its mark in Redis is gone or has gone back; recovering",
			 part->id);
		processor_claim_again(p, part);
	}
	return rc ? rc : follower_watch(p->follower, err);
}

static bool any_claiming(const struct processor *p)
{
	for (int i = 0; i < p->deployment.partitions; i++)
		if (p->partitions[i].state == PARTITION_CLAIMING)
			return true;
	return false;
}

/*
 * Recovery compares what is committed with what Redis keeps unsent, so nothing
 * may be on its way meanwhile: the publisher finishes first, or it goes. One
 * rebuild at a time.
 */
static int recover(struct processor *p, struct error *err)
{
	if (!follower_is_complete(p->follower) || !any_claiming(p) ||
	    p->rebuild.phase != REBUILD_NONE)
		return 0;
	if (publisher_drain(p->publisher, DRAIN_WAIT_MS)) {
		int rc = recover_partitions(p, err);

		if (p->sweep)
			publisher_stop(&p->publisher);
		return rc;
	}
	publisher_stop(&p->publisher);
	return error_set(err, ERROR_UNAVAILABLE, "the outputs on their way could not be published");
}

static void set_paused(struct processor *p, bool paused)
{
	p->paused = paused;
	log_debug("fetching %s", paused ? "pauses: the publisher is behind" : "goes on");
	for (int i = 0; i < p->deployment.partitions; i++)
		if (p->partitions[i].state == PARTITION_READY)
			intake_pause(p->intake, i, paused);
}

/* Memory between apply and publish is bounded: fetching waits for the publisher. */
static void regulate(struct processor *p)
{
	size_t backlog = publisher_backlog(p->publisher);

	if (!p->paused && backlog > BACKLOG_HIGH_BYTES)
		set_paused(p, true);
	else if (p->paused && backlog < BACKLOG_LOW_BYTES)
		set_paused(p, false);
}

/* The least offset that may come next of a partition that is READY. */
static int64_t next_offset(const struct partition *part)
{
	return part->staged.count ? part->staged.list[part->staged.count - 1].offset + 1
				  : part->mark.applied;
}

/* Keeps it, unless it was fetched before recovery said from where. */
static void stage_message(struct processor *p, struct message *m)
{
	struct partition *part = &p->partitions[m->partition];

	if (part->state == PARTITION_READY && m->offset >= next_offset(part)) {
		part->fetched = true;
		staged_add(&part->staged, m);
	} else {
		message_done(m);
	}
}

static void note_end(struct processor *p, const struct message *at)
{
	struct partition *part = &p->partitions[at->partition];

	if (part->state != PARTITION_READY)
		return;
	part->fetched = true;
	part->reached = at->offset;
}

/* Waits for the first message, then takes what has arrived, within bounds. */
static void gather(struct processor *p, int max, int wait_ms)
{
	enum fetched fetched = FETCHED_MESSAGE;
	size_t bytes = 0;

	for (int i = 0; i < max && bytes < GATHER_MAX_BYTES && fetched != FETCHED_NOTHING; i++) {
		struct message m;

		fetched = intake_poll(p->intake, i ? 0 : wait_ms, &m);
		if (fetched == FETCHED_MESSAGE) {
			bytes += m.value.len;
			stage_message(p, &m);
		} else if (fetched == FETCHED_END) {
			note_end(p, &m);
		}
	}
}

static struct partition *next_staged(struct processor *p, int from)
{
	for (int i = from; i < p->deployment.partitions; i++)
		if (p->partitions[i].state == PARTITION_READY && p->partitions[i].staged.count)
			return &p->partitions[i];
	return NULL;
}

/* Splits one partition's messages into runs. A partition that was taken over is recovered later. */
static int apply_partition(struct processor *p, struct partition *part, struct error *err)
{
	const struct partition *after = next_staged(p, part->id + 1);
	int rc = 0;

	while (!rc && part->staged.count) {
		size_t count = staged_portion(&part->staged, RUN_MAX, RUN_MAX_BYTES);
		int next = part->staged.count > count ? part->id : after ? after->id : -1;

		rc = run_partition(p, part, count, next, err);
	}
	if (rc != ERROR_FENCED)
		return rc;
	log_warn("%s; recovering", err->text);
	return 0;
}

static int apply_staged(struct processor *p, struct error *err)
{
	struct partition *part = next_staged(p, 0);
	int rc = 0;

	while (!rc && part) {
		rc = apply_partition(p, part, err);
		part = next_staged(p, part->id + 1);
	}
	return rc;
}

int loop_turn(struct processor *p, struct error *err)
{
	int rc = serve_publisher(p, err);

	if (rc)
		return rc;
	note_committed(p);
	rc = follow_directory(p, err);
	if (!rc)
		rc = watch_marks(p, err);
	if (!rc)
		rc = rebuild_step(p, err);
	if (!rc)
		rc = recover(p, err);
	if (!rc)
		rc = reaper_step(p, err);
	if (rc)
		return rc;
	regulate(p);
	gather(p, GATHER_MAX, POLL_MS);
	if (p->refusal.code) {
		*err = p->refusal;
		return ERROR_REFUSED;
	}
	if (!p->publisher) /* given up in a rebalance */
		return 0;
	return apply_staged(p, err);
}

/* What passes by itself is waited for; the rest needs a person. */
static bool passes(int rc)
{
	return rc == ERROR_UNAVAILABLE || rc == ERROR_FENCED;
}

static void finish(struct processor *p)
{
	if (p->publisher && !publisher_drain(p->publisher, DRAIN_WAIT_MS))
		log_warn("some outputs are not published yet; the next start will do it");
	publisher_stop(&p->publisher);
	intake_close(&p->intake);
	log_info("stopped after %llu records in %llu runs, %llu of them dead letters",
		 (unsigned long long)p->counts.records, (unsigned long long)p->counts.runs,
		 (unsigned long long)p->counts.dead_letters);
}

int loop_run(struct processor *p, struct error *err)
{
	unsigned attempt = 0;
	int rc = 0;

	while (!*p->stop) {
		rc = loop_turn(p, err);
		if (!rc) {
			attempt = 0;
			continue;
		}
		if (!passes(rc) || *p->stop)
			break;
		processor_wait(p, attempt++, err);
		gather(p, 1, 0); /* the group wants to be polled, whatever else is wrong */
	}
	finish(p);
	return passes(rc) ? 0 : rc;
}

int loop_open(struct processor **out, const struct config *config,
	      const volatile sig_atomic_t *stop, struct error *err)
{
	const struct intake_owner owner = { .given = on_given, .taken = on_taken };

	return processor_open(out, config, stop, &owner, err);
}
