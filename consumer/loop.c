#include "consumer/loop.h"

#include "consumer/damage.h"
#include "consumer/fetch.h"
#include "consumer/mark_watch.h"
#include "ops/support/log.h"
#include "schemas/topics.h"

#include <assert.h>
#include <stdlib.h>

enum {
	WATCH_EVERY_MS = 1000,
	REPORT_EVERY_MS = 1000,
	RUN_MAX = 2000, /* messages of one run: about 1 MB of commands to Redis */
	RUN_MAX_BYTES = 1024 * 1024,
	/* Of the watchdog's time: leaves enough for ending transactions and leaving the group. */
	STOP_DRAIN_MS = 10000,
};

/* ---- the stages of a turn ---- */

static int serve_publisher(struct consumer *c, const struct now *now, struct error *err)
{
	int rc = publisher_guard_serve(&c->guard, now, err);

	return rc ? rc : probation_clear(c->probation, err);
}

/* A publisher that a rebalance or recovery has stopped is started at once. */
static int64_t publisher_due(const struct consumer *c)
{
	return publisher_is_started(c->publisher) && !probation_is_unclear(c->probation) ? INT64_MAX
											 : 0;
}

static int note_committed(struct consumer *c, const struct now *now, struct error *err)
{
	struct batch *b = publisher_take_committed(c->publisher);

	(void)err;
	if (b)
		troubles_note_published(c->troubles);
	while (b) {
		struct batch *next = b->next;
		struct partition *part = partitions_get(&c->partitions, b->partition);

		if (part->state == PARTITION_READY)
			partition_note_committed(part, b->last);
		free(b);
		b = next;
	}
	probation_settle(c->probation, now);
	flow_regulate(&c->flow, publisher_backlog(c->publisher));
	return 0;
}

static int follow_directory(struct consumer *c, const struct now *now, struct error *err)
{
	int rc = follower_poll(c->follower, 0, err);

	(void)now;
	flow_suspend(&c->flow, follower_trouble(c->follower)->code != 0);
	return rc ? rc : follower_project(c->follower, err);
}

static int64_t directory_due(const struct consumer *c)
{
	return follower_has_more(c->follower) ? 0 : INT64_MAX;
}

/* An idle partition would not notice either that its log was replaced. */
static void check_logs(struct consumer *c, int64_t now_ms)
{
	for (int i = 0; i < c->partitions.count; i++) {
		struct partition *part = &c->partitions.list[i];

		if (part->state == PARTITION_READY && verifier_doubts(&c->verifier, part) &&
		    !verifier_vouches(&c->verifier, part, now_ms))
			partition_claim_again(part);
	}
}

/* Where keys were evicted, nothing that is there vouches for what is missing. */
static int check_server(struct consumer *c, const struct now *now, struct error *err)
{
	struct error evicted = { 0 };
	int rc = health_look(&c->health, now, &evicted, err);

	if (rc || !evicted.code)
		return rc;
	for (int i = 0; i < c->partitions.count; i++)
		if (c->partitions.list[i].state >= PARTITION_REBUILDING)
			damage_found(c->index, &c->partitions.list[i], &evicted, now->monotonic_ms);
	follower_distrust(c->follower, &evicted);
	return 0;
}

/*
 * Without this an idle partition would not notice that Redis has lost data, and no answer from it
 * would be believed for long.
 */
static int watch_index(struct consumer *c, const struct now *now, struct error *err)
{
	int rc;

	if (now->monotonic_ms - c->watched_ms < WATCH_EVERY_MS)
		return 0;
	c->watched_ms = now->monotonic_ms;
	check_logs(c, now->monotonic_ms);
	topic_watch_step(c->topics, now);
	rc = mark_watch_look(c->index, &c->partitions, now, err);
	if (!rc)
		rc = check_server(c, now, err);
	if (!rc)
		rc = follower_watch(c->follower, err);
	return rc ? rc : follower_project(c->follower, err);
}

static int64_t watch_due(const struct consumer *c)
{
	return c->watched_ms + WATCH_EVERY_MS;
}

static int tell_people(struct consumer *c, const struct now *now, struct error *err)
{
	(void)err;
	herald_tell(&c->herald, rebuild_percent(c->rebuild), now->monotonic_ms);
	return 0;
}

static int64_t tell_due(const struct consumer *c)
{
	return herald_due_ms(&c->herald);
}

static int rebuild_index(struct consumer *c, const struct now *now, struct error *err)
{
	return rebuild_step(c->rebuild, now, err);
}

static int64_t rebuild_due(const struct consumer *c)
{
	return rebuild_due_ms(c->rebuild);
}

static int recover_partitions(struct consumer *c, const struct now *now, struct error *err)
{
	partitions_retry_aside(&c->partitions, now->monotonic_ms);
	return recovery_step(&c->recovery, now, err);
}

/* Recovery waits until the directory is read and no rebuild is active. */
static int64_t recovery_due(const struct consumer *c)
{
	return follower_is_complete(c->follower) && !rebuild_is_active(c->rebuild) &&
			       partitions_any(&c->partitions, PARTITION_CLAIMING)
		       ? 0
		       : partitions_aside_due_ms(&c->partitions);
}

static int reap_expired(struct consumer *c, const struct now *now, struct error *err)
{
	return reaper_step(c->reaper, now, err);
}

static int64_t reaper_due(const struct consumer *c)
{
	return reaper_due_ms(c->reaper);
}

static int fetch_commands(struct consumer *c, const struct now *now, struct error *err)
{
	(void)now;
	(void)err;
	c->may_fetch_more = fetch_messages(c->intake, &c->partitions, c->holes, FETCH_MAX);
	return 0;
}

static int64_t fetch_due(const struct consumer *c)
{
	return c->may_fetch_more ? 0 : INT64_MAX;
}

static int step_over_holes(struct consumer *c, const struct now *now, struct error *err)
{
	(void)err;
	holes_step(c->holes, now);
	return 0;
}

static int64_t holes_due(const struct consumer *c)
{
	return holes_due_ms(c->holes);
}

/* The first READY partition with staged messages, from the id `from` on; NULL: none. */
static struct partition *next_staged(struct consumer *c, int from)
{
	for (int i = from; i < c->partitions.count; i++)
		if (c->partitions.list[i].state == PARTITION_READY &&
		    c->partitions.list[i].staged.count)
			return &c->partitions.list[i];
	return NULL;
}

/*
 * Carries out the partition's staged messages, run by run. ERROR_FENCED,
 * ERROR_DAMAGED and ERROR_NODE are not passed on: the partition will be recovered, or rebuilt.
 */
static int apply_partition(struct consumer *c, struct partition *part, const struct now *now,
			   struct error *err)
{
	const struct partition *after = next_staged(c, part->id + 1);
	int rc = 0;

	if (!verifier_vouches(&c->verifier, part, clock_monotonic_ms())) {
		partition_claim_again(part);
		return 0;
	}
	while (!rc && part->staged.count) {
		size_t count = staged_portion(&part->staged, RUN_MAX, RUN_MAX_BYTES);
		int next = part->staged.count > count ? part->id : after ? after->id : -1;

		rc = runner_run(c->runner, part, count, next, err);
	}
	rc = partition_await_node(part, rc, err, now->monotonic_ms);
	part->vouched_ms = clock_monotonic_ms();
	if (rc == ERROR_DAMAGED)
		damage_found(c->index, part, err, now->monotonic_ms);
	else if (rc == ERROR_FENCED)
		log_warn("%s; recovering", err->text);
	else
		return rc;
	return 0;
}

static int apply_staged(struct consumer *c, const struct now *now, struct error *err)
{
	struct partition *part = next_staged(c, 0);
	int rc = 0;

	if (!publisher_is_started(c->publisher)) /* a rebalance has stopped it */
		return 0;
	if (follower_trouble(c->follower)->code) /* nothing is decided on half a directory */
		return 0;
	while (!rc && part) {
		rc = apply_partition(c, part, now, err);
		part = next_staged(c, part->id + 1);
	}
	return rc;
}

static int scrub_index(struct consumer *c, const struct now *now, struct error *err)
{
	return scrub_step(c->scrub, now, err);
}

static int64_t scrub_due(const struct consumer *c)
{
	return scrub_due_ms(c->scrub);
}

/* The lowest partition whose mark is ours, or -1. */
static int lowest_owned(const struct consumer *c)
{
	for (int i = 0; i < c->partitions.count; i++)
		if (c->partitions.list[i].state >= PARTITION_REBUILDING)
			return i;
	return -1;
}

/*
 * Writes the figures that `sharebus status --stages` shows. Nothing depends on
 * them: a Redis that takes none, because it is full, must not disturb the rest.
 */
static int report_stages(struct consumer *c, const struct now *now, struct error *err)
{
	int partition = lowest_owned(c);
	struct stages all;
	int rc;

	if (troubles_due_ms(c->troubles) <= now->monotonic_ms)
		troubles_report(c->troubles, now);
	if (partition < 0 || now->monotonic_ms - c->reported_ms < REPORT_EVERY_MS)
		return 0;
	c->reported_ms = now->monotonic_ms;
	c->stages.uptime_ms = now->monotonic_ms - c->started_ms;
	all = c->stages;
	publisher_add_figures(c->publisher, &all);
	rc = stages_write(c->index, partition, &all, err);
	if (rc)
		log_debug("the figures of the stages were not written: %s", err->text);
	return 0;
}

static int64_t report_due(const struct consumer *c)
{
	int64_t figures = lowest_owned(c) < 0 ? INT64_MAX : c->reported_ms + REPORT_EVERY_MS;
	int64_t troubles = troubles_due_ms(c->troubles);

	return figures < troubles ? figures : troubles;
}

/* ---- the loop ---- */

/*
 * due() says when the stage has something to do even if nothing arrives: in ms
 * of CLOCK_MONOTONIC, 0 for at once, INT64_MAX for never. NULL: only arrivals
 * give the stage work.
 */
struct stage {
	const char *name;
	int (*run)(struct consumer *c, const struct now *now, struct error *err);
	int64_t (*due)(const struct consumer *c);
};

static const struct stage stages[] = {
	{ "publish", serve_publisher, publisher_due },
	{ "settle", note_committed, NULL },
	{ "follow", follow_directory, directory_due },
	{ "watch", watch_index, watch_due },
	{ "tell", tell_people, tell_due }, /* once the marks of what is ready are stamped */
	{ "rebuild", rebuild_index, rebuild_due },
	{ "recover", recover_partitions, recovery_due },
	{ "reap", reap_expired, reaper_due },
	{ "fetch", fetch_commands, fetch_due },
	{ "holes", step_over_holes, holes_due },
	{ "apply", apply_staged, NULL },
	{ "scrub", scrub_index, scrub_due },
	{ "report", report_stages, report_due },
};
enum { STAGE_COUNT = sizeof(stages) / sizeof(stages[0]) };
_Static_assert((int)STAGE_COUNT + (int)TRANSACTION_STEPS <= (int)STAGES_MAX,
	       "STAGES_MAX is too small");

static void begin_figures(struct consumer *c, const struct now *now)
{
	c->started_ms = now->monotonic_ms;
	c->stages.instance = bytes_of(config_get(c->config, "instance"));
	c->stages.count = STAGE_COUNT;
	for (size_t i = 0; i < STAGE_COUNT; i++)
		c->stages.list[i].name = bytes_of(stages[i].name);
}

/* Runs all stages once, in order, up to the first that fails. */
static int run_turn(struct consumer *c, struct error *err)
{
	const struct now now = clock_now();
	int64_t begin_us = clock_monotonic_us();
	int rc = 0;

	if (!c->stages.count)
		begin_figures(c, &now);
	for (size_t i = 0; !rc && i < STAGE_COUNT; i++) {
		int64_t end_us;

		rc = stages[i].run(c, &now, err);
		assert(rc <= 0);
		end_us = clock_monotonic_us();
		stages_count(&c->stages.list[i], end_us - begin_us);
		begin_us = end_us;
	}
	return rc;
}

/* Sleeps until the earliest deadline of a stage, or until something arrives. */
static void wait_for_work(const struct consumer *c)
{
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < STAGE_COUNT; i++) {
		int64_t due = stages[i].due ? stages[i].due(c) : INT64_MAX;

		earliest = due < earliest ? due : earliest;
	}
	if (earliest)
		waker_wait(c->waker, earliest);
}

/* Does the error pass, by itself or by a rebuild? If not, a person must act. */
static bool is_passing(int rc)
{
	return rc == ERROR_UNAVAILABLE || rc == ERROR_NODE || rc == ERROR_FENCED ||
	       rc == ERROR_DAMAGED;
}

/* Lets people see why a turn failed. The report stage does that while turns succeed. */
static void report_failure(struct consumer *c, const struct error *why)
{
	const struct now now = clock_now();

	troubles_note(c->troubles, TROUBLE_TURN, why, &now);
	if (!is_passing(why->code) || troubles_due_ms(c->troubles) <= now.monotonic_ms)
		troubles_report(c->troubles, &now);
}

static void finish_work(struct consumer *c)
{
	struct runner_counts counts = runner_counts(c->runner);

	supervisor_stopping(c->herald.supervisor);
	if (!publisher_drain(c->publisher, clock_monotonic_ms() + STOP_DRAIN_MS))
		log_warn("some outputs are not published yet; the next owner of their partitions "
			 "will do it");
	publisher_stop(c->publisher);
	probation_stop(c->probation);
	intake_close(&c->intake);
	log_info("stopped after %llu records in %llu runs, %llu of them dead letters",
		 (unsigned long long)counts.records, (unsigned long long)counts.runs,
		 (unsigned long long)counts.dead_letters);
}

int loop_run(struct consumer *c, struct error *err)
{
	unsigned attempt = 0;
	int rc = 0;

	while (!*c->stop) {
		rc = run_turn(c, err);
		if (!rc) {
			attempt = 0;
			herald_go_on(&c->herald, clock_monotonic_ms());
			troubles_end(c->troubles, TROUBLE_TURN);
			wait_for_work(c);
			continue;
		}
		report_failure(c, err);
		if (!is_passing(rc) || *c->stop)
			break;
		consumer_wait(c, attempt++, err);
		/* Polling keeps our membership of the group, whatever else is wrong. */
		(void)fetch_messages(c->intake, &c->partitions, c->holes, 1);
	}
	finish_work(c);
	return is_passing(rc) ? 0 : rc;
}
