#include "consumer/consumer.h"

#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "schemas/bounds.h"
#include "schemas/topics.h"

#include <stdlib.h>
#include <string.h>

enum {
	WAIT_FIRST_MS = 50,
	WAIT_MAX_MS = 5000,
	WAIT_DOUBLINGS = 7,
	REDIS_TIMEOUT_MS = 5000,
	/* Some 80,000 with five grants each; one that is not at hand costs Redis an HGETALL. */
	WORKSPACES_BYTES = 64 * 1024 * 1024,
};

/* ---- when partitions change hands ---- */

/*
 * The workspaces at hand and the mark that was read ahead are true only while
 * the partition stays READY. A rebuild starts again when it loses one of its
 * partitions.
 */
static void on_partition_changed(void *context, struct partition *part, enum partition_state before)
{
	struct consumer *c = context;

	flow_follow(&c->flow, part);
	herald_note_partition(&c->herald, part, before, clock_monotonic_ms());
	/* Perhaps a topic takes less than before, or more again. */
	if (part->state == PARTITION_ASIDE || before == PARTITION_ASIDE)
		topic_watch_suspect(c->topics);
	if (part->state == PARTITION_READY) {
		c->watched_ms = 0; /* until its mark is stamped, no answer rests on it */
		return;
	}
	holes_forget(c->holes, part->id);
	workspaces_forget(c->workspaces, part->id);
	index_forget_ahead(c->index);
	if (before == PARTITION_REBUILDING)
		rebuild_break(c->rebuild);
}

/*
 * Somebody has added partitions to the topic while we run. The known ones go on:
 * what is on them is right, whereas most keys now belong elsewhere.
 */
static void judge_unknown(struct consumer *c)
{
	const struct now now = clock_now();
	struct error why = { 0 };

	troubles_end(c->troubles, TROUBLE_TOPIC);
	if (!c->unknown)
		return;
	(void)error_set(
		&why, ERROR_REFUSED,
		"%s has a partition %d, but was made with %d, and that number is fixed for "
		"the life of a deployment: commands from partition %d on are not "
		"consumed, and those of most workspaces go to other partitions than before; "
		"stop their authors and restore the topic",
		topic_name(TOPIC_COMMANDS), c->unknown, c->deployment.partitions, c->unknown);
	log_error("%s", why.text);
	troubles_note(c->troubles, TROUBLE_TOPIC, &why, &now);
}

static void on_given(void *context, const int *partitions, size_t count, bool directory)
{
	struct consumer *c = context;

	for (size_t i = 0; i < count; i++) {
		if (partitions[i] < c->deployment.partitions)
			partition_become(&c->partitions.list[partitions[i]], PARTITION_CLAIMING);
		else if (!c->unknown || partitions[i] < c->unknown)
			c->unknown = partitions[i];
	}
	judge_unknown(c);
	follower_own(c->follower, directory, intake_epoch(c->intake));
	herald_note_given(&c->herald, directory, clock_monotonic_ms());
	log_debug("the group assigns us %zu partitions%s", count,
		  directory ? " and the directory" : "");
}

/* Publishes what is applied first, unless the group has moved on: then the next owner does. */
static void on_taken(void *context, bool lost)
{
	struct consumer *c = context;
	int64_t deadline_ms = clock_monotonic_ms() + PUBLISHER_DRAIN_MS;

	if (lost || !publisher_drain(c->publisher, deadline_ms))
		publisher_stop(c->publisher);
	probation_stop(c->probation);
	for (int i = 0; i < c->partitions.count; i++)
		if (c->partitions.list[i].state != PARTITION_FOREIGN)
			partition_become(&c->partitions.list[i], PARTITION_FOREIGN);
	c->unknown = 0;
	reaper_leave(c->reaper, lost);
	follower_own(c->follower, false, 0);
	herald_note_taken(&c->herald);
	if (lost)
		log_warn("all partitions are lost: the group has moved on without us");
	else
		log_debug("gave all partitions back");
}

/* ---- connecting ---- */

void consumer_wait(struct consumer *c, unsigned attempt, const struct error *why)
{
	int wait_ms = attempt < WAIT_DOUBLINGS ? WAIT_FIRST_MS << attempt : WAIT_MAX_MS;
	int64_t deadline_ms = clock_monotonic_ms() + wait_ms;

	herald_wait(&c->herald, why, clock_monotonic_ms());
	while (!*c->stop && clock_monotonic_ms() < deadline_ms)
		waker_wait(c->waker, deadline_ms);
}

/* Repeats the step while it returns ERROR_UNAVAILABLE, until *stop is set. */
static int insist_on(struct consumer *c, int (*step)(struct consumer *, struct error *),
		     struct error *err)
{
	unsigned attempt = 0;
	int rc = step(c, err);

	while (rc == ERROR_UNAVAILABLE && !*c->stop) {
		consumer_wait(c, attempt++, err);
		rc = step(c, err);
	}
	if (!rc)
		herald_go_on(&c->herald, clock_monotonic_ms());
	return rc;
}

static int learn_deployment(struct consumer *c, struct error *err)
{
	return intake_deployment(c->intake, &c->deployment, err);
}

static int check_redis(struct consumer *c, struct error *err)
{
	return index_check_server(c->index, err);
}

static int open_intake(struct consumer *c, struct error *err)
{
	const struct intake_owner owner = { c, on_given, on_taken };

	return intake_open(&c->intake, c->config, &owner, c->waker, err);
}

static int check_topics(struct consumer *c, struct error *err)
{
	c->topics = topic_watch_new(c->intake, &c->sizes);
	return topic_watch_check(c->topics, c->deployment.partitions, err);
}

static int open_index(struct consumer *c, struct error *err)
{
	const struct index_options options = {
		.redis = redis_target_from(c->config),
		.prefix = config_get(c->config, "prefix"),
		.topic = topic_name(TOPIC_COMMANDS),
		.deployment = c->deployment,
		.timeout_ms = REDIS_TIMEOUT_MS,
	};

	return index_open(&c->index, &options, err);
}

static int connect_all(struct consumer *c, struct error *err)
{
	int rc = open_intake(c, err);

	if (!rc)
		rc = insist_on(c, learn_deployment, err);
	if (!rc)
		rc = check_topics(c, err);
	if (!rc)
		rc = open_index(c, err);
	if (!rc)
		rc = insist_on(c, check_redis, err);
	if (!rc)
		rc = codec_new(&c->codec, err);
	if (!rc)
		rc = follower_open(&c->follower, c->config, c->codec, c->index, c->waker, err);
	if (!rc)
		follower_trust(c->follower, c->signing);
	if (!rc)
		rc = changelog_open(&c->changelog, c->config, c->waker, err);
	if (!rc)
		rc = lookback_open(&c->lookback, c->config, err);
	return rc;
}

/* ---- wiring ---- */

static void wire_partitions(struct consumer *c)
{
	const struct partition_watcher watcher = { on_partition_changed, c };

	partitions_init(&c->partitions, c->deployment.partitions, &watcher);
	c->herald.partitions = &c->partitions;
	c->flow = (struct flow){ .intake = c->intake, .partitions = &c->partitions };
	c->holes = holes_new(c->config, &c->flow, c->waker);
	c->workspaces = workspaces_new(WORKSPACES_BYTES);
}

static void wire_publisher(struct consumer *c)
{
	c->publisher = publisher_new(&(struct publisher_options){
		.config = c->config,
		.deployment = &c->deployment,
		.intake = c->intake,
		.waker = c->waker,
		.letters = "ab",
		.batch_bytes = &c->sizes.batch_bytes,
	});
	c->guard = (struct publisher_guard){
		.publisher = c->publisher,
		.intake = c->intake,
		.partitions = &c->partitions,
		.instance = config_get(c->config, "instance"),
	};
}

static void wire_probation(struct consumer *c)
{
	c->probation_publisher = publisher_new(&(struct publisher_options){
		.config = c->config,
		.deployment = &c->deployment,
		.intake = c->intake,
		.waker = c->waker,
		.letters = "c",
		.apart = true,
		.batch_bytes = &c->sizes.batch_bytes,
	});
	c->probation = probation_new(c->probation_publisher, &c->partitions);
	c->guard.probation = c->probation_publisher;
}

static void wire_runner(struct consumer *c)
{
	c->runner = runner_new(&(struct runner_options){
		.codec = c->codec,
		.index = c->index,
		.follower = c->follower,
		.workspaces = c->workspaces,
		.publisher = c->publisher,
		.access_url = config_get(c->config, "access-url"),
		.partitions = c->deployment.partitions,
		.limits = &c->sizes.limits,
		.signing = c->signing,
	});
	c->ready.intake = c->intake;
	c->ready.lookback = c->lookback;
	c->ready.runner = c->runner;
}

static void wire_recovery(struct consumer *c, bool accept_lost_grants)
{
	progress_init(&c->progress, c->changelog, c->codec);
	c->verifier = (struct verifier){ c->intake, c->lookback };
	c->rebuild = rebuild_new(&(struct rebuild_options){
		.codec = c->codec,
		.index = c->index,
		.changelog = c->changelog,
		.progress = &c->progress,
		.workspaces = c->workspaces,
		.partitions = &c->partitions,
		.ready = &c->ready,
		.accept_lost_grants = accept_lost_grants,
	});
	c->recovery = (struct recovery){
		.partitions = &c->partitions,
		.intake = c->intake,
		.index = c->index,
		.follower = c->follower,
		.publisher = c->publisher,
		.probation = c->probation,
		.progress = &c->progress,
		.rebuild = c->rebuild,
		.ready = &c->ready,
		.verifier = &c->verifier,
		.changelog = c->changelog,
		.signing = c->signing,
		.accept_lost_grants = accept_lost_grants,
	};
}

static void wire_troubles(struct consumer *c)
{
	c->troubles = troubles_new(&(struct troubles_options){
		.partitions = &c->partitions,
		.flow = &c->flow,
		.intake = c->intake,
		.follower = c->follower,
		.publisher = c->publisher,
		.index = c->index,
		.instance = config_get(c->config, "instance"),
	});
	c->guard.troubles = c->troubles;
}

static void wire_reaper(struct consumer *c)
{
	c->reaper = reaper_new(&(struct reaper_options){
		.partitions = &c->partitions,
		.intake = c->intake,
		.index = c->index,
		.follower = c->follower,
		.courier = { c->config, &c->deployment, c->codec, c->waker, c->signing },
	});
}

/* A flag without a value means yes; in a file it is a word, and only `yes` decides. */
static int read_yes(const struct consumer *c, const char *name, bool *yes, struct error *err)
{
	const char *value = config_get(c->config, name);

	if (value && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
		(void)error_set(err, ERROR_INPUT, "%s is \"%s\"; it must be yes or no", name,
				value);
		return config_blame(c->config, name, err);
	}
	*yes = value && strcmp(value, "yes") == 0;
	return 0;
}

/*
 * The consumer's own key signs commands of the system, and seals what Redis keeps for
 * it, which counts only if it may `system`.
 */
static int open_signing(struct consumer *c, struct error *err)
{
	bool required = false;
	int rc = read_yes(c, "require-signatures", &required, err);

	if (!rc)
		rc = signing_open(&c->signing, c->config, err);
	if (rc)
		return rc;
	if (c->signing && !(c->signing->own->rights & RIGHT_SYSTEM))
		return error_set(err, ERROR_USAGE,
				 "the consumer signs with key %s, which lacks the right system; "
				 "see signing-key",
				 c->signing->own->id);
	if (c->signing)
		c->signing->required = required;
	else if (required)
		return error_set(err, ERROR_USAGE,
				 "require-signatures is yes, but there are no keys; see keys-file");
	return 0;
}

static int open_parts(struct consumer *c, struct error *err)
{
	bool accept_lost_grants = false;
	int64_t grants_max = 0;
	int rc = config_get_number(c->config, "max-grants", 1, GRANTS_MAX, &grants_max, err);

	if (!rc)
		rc = read_yes(c, "accept-lost-commands", &c->ready.accept_lost_commands, err);
	if (!rc)
		rc = read_yes(c, "accept-other-log", &c->ready.accept_other_log, err);
	if (!rc)
		rc = read_yes(c, "accept-lost-grants", &accept_lost_grants, err);
	if (!rc)
		rc = open_signing(c, err);
	topic_sizes_init(&c->sizes);
	c->sizes.limits.grants_per_workspace = (size_t)grants_max;
	c->sizes.limits.access_url_bytes = strlen(config_get(c->config, "access-url"));
	if (!rc)
		rc = connect_all(c, err);
	if (rc)
		return rc;
	wire_partitions(c);
	wire_publisher(c);
	wire_probation(c);
	wire_runner(c);
	wire_recovery(c, accept_lost_grants);
	wire_troubles(c);
	c->health = (struct health){ .index = c->index, .troubles = c->troubles };
	c->scrub = scrub_new(&c->partitions, c->index, c->follower);
	wire_reaper(c);
	return intake_join(c->intake, err);
}

int consumer_open(struct consumer **out, const struct config *config,
		  const volatile sig_atomic_t *stop, const struct waker *waker,
		  struct supervisor *supervisor, struct error *err)
{
	struct consumer *c = memory_zalloc(1, sizeof(*c));
	int rc;

	c->config = config;
	c->stop = stop;
	c->waker = waker;
	c->herald.supervisor = supervisor;
	rc = open_parts(c, err);
	if (rc)
		consumer_close(&c);
	else
		*out = c;
	return rc;
}

/* The intake closes first: leaving the group calls on_taken(), which uses the other parts. */
void consumer_close(struct consumer **cp)
{
	struct consumer *c = *cp;

	if (!c)
		return;
	topic_watch_free(&c->topics);
	intake_close(&c->intake);
	reaper_free(&c->reaper);
	scrub_free(&c->scrub);
	health_done(&c->health);
	troubles_free(&c->troubles);
	rebuild_free(&c->rebuild);
	progress_done(&c->progress);
	runner_free(&c->runner);
	probation_free(&c->probation);
	publisher_free(&c->probation_publisher);
	publisher_free(&c->publisher);
	workspaces_free(&c->workspaces);
	holes_free(&c->holes);
	partitions_done(&c->partitions);
	lookback_close(&c->lookback);
	changelog_close(&c->changelog);
	follower_close(&c->follower);
	codec_free(&c->codec);
	signing_close(&c->signing);
	index_close(&c->index);
	free(c);
	*cp = NULL;
}
