#include "consumer/loop.h"

#include "consumer/recover.h"
#include "consumer/run.h"
#include "ops/support/log.h"
#include "producer/bus.h"

#include <stdlib.h>
#include <string.h>

enum {
	POLL_MS = 20, /* how late a stop, a directory change or a commit is noticed */
	BROKER_WAIT_MS = 5000,
	REDIS_TIMEOUT_MS = 5000,
	DRAIN_WAIT_MS = 20000,
	GATHER_MOST = 8000, /* messages in hand at most */
	RUN_MOST = 2000,    /* messages of one run: about 1 MB of commands to Redis */
	/*
	 * Outputs applied but not yet committed. Two transactions in flight and
	 * two to follow keep both producers busy; fetching pauses above the high
	 * mark and resumes below the low one.
	 */
	BACKLOG_HIGH_BYTES = 32 * 1024 * 1024,
	BACKLOG_LOW_BYTES = 16 * 1024 * 1024,
	WORKSPACES_BYTES = 32 * 1024 * 1024,
};

/* ---- rebalance ---- */

static void become_foreign(struct processor *p, struct partition *part)
{
	processor_claim_again(p, part);
	part->state = PARTITION_FOREIGN;
}

static void on_assigned(struct processor *p, const rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_partition_list_t *commands = rd_kafka_topic_partition_list_new(list->cnt);
	bool directory = false;

	for (int i = 0; i < list->cnt; i++) {
		if (strcmp(list->elems[i].topic, topic_name(TOPIC_DIRECTORY)) == 0) {
			directory = true;
			continue;
		}
		rd_kafka_topic_partition_list_add(commands, list->elems[i].topic,
						  list->elems[i].partition)
			->offset = 0; /* recovery seeks before anything is used */
		p->partitions[list->elems[i].partition].state = PARTITION_CLAIMING;
	}
	(void)rd_kafka_assign(p->consumer, commands);
	(void)rd_kafka_pause_partitions(p->consumer, commands);
	rd_kafka_topic_partition_list_destroy(commands);
	follower_own(p->follower, directory);
	log_info("assigned %d partitions%s", list->cnt - directory,
		 directory ? " and the directory" : "");
}

/* What was applied is published first, unless the group has moved on: then the new owner does it. */
static void on_revoked(struct processor *p)
{
	bool lost = rd_kafka_assignment_lost(p->consumer);

	if (p->publisher && (lost || !publisher_drain(p->publisher, DRAIN_WAIT_MS)))
		publisher_stop(&p->publisher);
	for (int i = 0; i < p->deployment.partitions; i++)
		become_foreign(p, &p->partitions[i]);
	follower_own(p->follower, false);
	(void)rd_kafka_assign(p->consumer, NULL);
	log_info("gave all partitions back%s", lost ? ": the group had moved on without us" : "");
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
			 rd_kafka_topic_partition_list_t *list, void *opaque)
{
	(void)rk;
	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
		on_assigned(opaque, list);
	else
		on_revoked(opaque);
}

/* ---- the stages of a turn ---- */

static int start_publisher(struct processor *p, struct error *err)
{
	const struct publisher_options options = { p->config, &p->deployment, p->consumer };

	return publisher_start(&p->publisher, &options, err);
}

/* A broken publisher is replaced; only the broker knows what was committed, so all is recovered. */
static int serve_publisher(struct processor *p, struct error *err)
{
	if (p->publisher && publisher_check(p->publisher, err)) {
		if (err->code == ERROR_REFUSED)
			return ERROR_REFUSED;
		log_warn("the publisher broke: %s; starting it anew", err->text);
		publisher_stop(&p->publisher);
	}
	if (p->publisher)
		return 0;
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

static bool any_claiming(const struct processor *p)
{
	for (int i = 0; i < p->deployment.partitions; i++)
		if (p->partitions[i].state == PARTITION_CLAIMING)
			return true;
	return false;
}

/*
 * Recovery compares what is committed with what Redis keeps unsent, so nothing
 * may be on its way meanwhile: the publisher finishes first, or it goes. The
 * same after a recovery that failed half-way, with outputs queued that the next
 * try would queue again.
 */
static int recover(struct processor *p, struct error *err)
{
	int rc;

	if (!follower_is_complete(p->follower) || !any_claiming(p))
		return 0;
	if (publisher_drain(p->publisher, DRAIN_WAIT_MS))
		rc = recover_partitions(p, err);
	else
		rc = error_set(err, ERROR_UNAVAILABLE,
			       "the outputs on their way could not be published");
	if (rc)
		publisher_stop(&p->publisher);
	return rc;
}

static void set_paused(struct processor *p, bool paused)
{
	p->paused = paused;
	for (int i = 0; i < p->deployment.partitions; i++)
		if (p->partitions[i].state == PARTITION_READY)
			processor_pause(p, &p->partitions[i], paused);
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

static void stage_message(struct processor *p, rd_kafka_message_t *m)
{
	struct partition *part = &p->partitions[m->partition];

	if (m->err) {
		log_warn("Kafka: %s", rd_kafka_message_errstr(m));
		rd_kafka_message_destroy(m);
	} else if (part->state == PARTITION_READY && m->offset >= part->mark.applied) {
		staged_add(&part->staged, m);
	} else {
		rd_kafka_message_destroy(m); /* fetched before recovery said from where */
	}
}

/* Waits for the first message, then takes what has arrived, up to a number. */
static void gather(struct processor *p, int most, int wait_ms)
{
	for (int i = 0; i < most; i++) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(p->consumer, i ? 0 : wait_ms);

		if (!m)
			break;
		stage_message(p, m);
	}
}

static struct partition *next_staged(struct processor *p, int from)
{
	for (int i = from; i < p->deployment.partitions; i++)
		if (p->partitions[i].staged.count)
			return &p->partitions[i];
	return NULL;
}

/* Splits one partition's messages into runs. A partition that was taken over is recovered later. */
static int apply_partition(struct processor *p, struct partition *part, struct error *err)
{
	const struct partition *after = next_staged(p, part->id + 1);

	while (part->staged.count) {
		size_t count = part->staged.count < RUN_MOST ? part->staged.count : RUN_MOST;
		int next = part->staged.count > count ? part->id : after ? after->id : -1;
		int rc = run_partition(p, part, count, next, err);

		if (rc != ERROR_FENCED) {
			if (rc)
				return rc;
			continue;
		}
		log_warn("%s; recovering", err->text);
		processor_claim_again(p, part);
	}
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

/* One turn: each stage does a bounded piece of work. */
static int turn(struct processor *p, struct error *err)
{
	int rc = serve_publisher(p, err);

	if (rc)
		return rc;
	note_committed(p);
	rc = follow_directory(p, err);
	if (!rc)
		rc = recover(p, err);
	if (rc)
		return rc;
	regulate(p);
	gather(p, GATHER_MOST, POLL_MS);
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
	(void)rd_kafka_consumer_close(p->consumer);
	log_info("stopped after %llu records in %llu runs, %llu of them dead letters",
		 (unsigned long long)p->counts.records, (unsigned long long)p->counts.runs,
		 (unsigned long long)p->counts.dead_letters);
}

int loop_run(struct processor *p, struct error *err)
{
	unsigned attempt = 0;
	int rc = 0;

	while (!*p->stop) {
		rc = turn(p, err);
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

/* ---- lifecycle ---- */

static int open_consumer(struct processor *p, struct error *err)
{
	const struct bus_setting settings[] = {
		{ "group.id", config_get(p->config, "consumer-group") },
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "auto.offset.reset", "error" },
		{ "isolation.level", "read_committed" },
		{ "partition.assignment.strategy", "range" },
		{ "session.timeout.ms", "10000" },
		{ "heartbeat.interval.ms", "2000" },
		{ "fetch.wait.max.ms", "100" },
		{ "queued.max.messages.kbytes", "16384" },
		{ "fetch.message.max.bytes", "2097152" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, p->config, settings, err);

	if (rc)
		return rc;
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_opaque(conf, p);
	rc = bus_open(&p->consumer, RD_KAFKA_CONSUMER, conf, err);
	if (!rc)
		(void)rd_kafka_poll_set_consumer(p->consumer);
	return rc;
}

/* Repeats a step until it succeeds, the process is told to stop, or a person must act. */
static int insist(struct processor *p, int (*step)(struct processor *, struct error *),
		  struct error *err)
{
	unsigned attempt = 0;
	int rc = step(p, err);

	while (rc == ERROR_UNAVAILABLE && !*p->stop) {
		processor_wait(p, attempt++, err);
		rc = step(p, err);
	}
	return rc;
}

static int learn_deployment(struct processor *p, struct error *err)
{
	return bus_deployment(p->consumer, config_get(p->config, "brokers"), BROKER_WAIT_MS,
			      &p->deployment, err);
}

static int check_redis(struct processor *p, struct error *err)
{
	struct mark mark;
	int rc = index_check_server(p->index, err);

	/* A foreign index is refused before anything is claimed. */
	return rc ? rc : index_read_mark(p->index, 0, &mark, err);
}

static int open_index(struct processor *p, struct error *err)
{
	const struct index_options options = {
		.address = config_get(p->config, "redis"),
		.prefix = config_get(p->config, "prefix"),
		.topic = topic_name(TOPIC_COMMANDS),
		.deployment = p->deployment,
		.timeout_ms = REDIS_TIMEOUT_MS,
	};

	return index_open(&p->index, &options, err);
}

static int open_parts(struct processor *p, struct error *err)
{
	int rc = open_index(p, err);

	if (!rc)
		rc = insist(p, check_redis, err);
	if (!rc)
		rc = codec_new(&p->codec, err);
	if (!rc)
		rc = follower_open(&p->follower, p->config, p->codec, p->index, err);
	if (rc)
		return rc;
	p->workspaces = workspaces_new(WORKSPACES_BYTES);
	p->partitions = calloc((size_t)p->deployment.partitions, sizeof(*p->partitions));
	if (!p->partitions)
		return error_set(err, ERROR_NOMEM, "out of memory");
	for (int i = 0; i < p->deployment.partitions; i++)
		p->partitions[i].id = i;
	arena_init(&p->run.arena);
	apply_init(&p->run.apply);
	p->run.emitter = (struct emitter){ .codec = p->codec,
					   .access_url = config_get(p->config, "access-url"),
					   .arena = &p->run.arena,
					   .packed = &p->run.packed };
	return 0;
}

static int subscribe(struct processor *p, struct error *err)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(2);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(topics, topic_name(TOPIC_COMMANDS),
					  RD_KAFKA_PARTITION_UA);
	rd_kafka_topic_partition_list_add(topics, topic_name(TOPIC_DIRECTORY),
					  RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(p->consumer, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	return code ? error_set(err, ERROR_UNAVAILABLE, "subscribing: %s", rd_kafka_err2str(code))
		    : 0;
}

int loop_open(struct processor **out, const struct config *config,
	      const volatile sig_atomic_t *stop, struct error *err)
{
	struct processor *p = calloc(1, sizeof(*p));
	int64_t grants = 0;
	int rc;

	if (!p)
		return error_set(err, ERROR_NOMEM, "out of memory");
	p->config = config;
	p->stop = stop;
	rc = config_get_number(config, "max-grants", 1, 100000, &grants, err);
	p->limits.grants_per_workspace = (size_t)grants;
	if (!rc)
		rc = open_consumer(p, err);
	if (!rc)
		rc = insist(p, learn_deployment, err);
	if (!rc)
		rc = open_parts(p, err);
	if (!rc)
		rc = subscribe(p, err);
	if (rc)
		loop_close(&p);
	else
		*out = p;
	return rc;
}

void loop_close(struct processor **pp)
{
	struct processor *p = *pp;

	if (!p)
		return;
	publisher_stop(&p->publisher);
	for (int i = 0; p->partitions && i < p->deployment.partitions; i++) {
		staged_clear(&p->partitions[i].staged);
		free((void *)p->partitions[i].staged.list);
		free(p->partitions[i].sent.list);
	}
	follower_close(&p->follower);
	bus_close(&p->consumer);
	workspaces_free(&p->workspaces);
	index_close(&p->index);
	codec_free(&p->codec);
	arena_done(&p->run.arena);
	apply_done(&p->run.apply);
	buffer_done(&p->run.emitter.value);
	buffer_done(&p->run.packed);
	buffer_done(&p->run.outcomes);
	free(p->partitions);
	free(p);
	*pp = NULL;
}
