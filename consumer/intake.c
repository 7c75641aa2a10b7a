#include "consumer/intake.h"

#include "consumer/arrivals.h"
#include "consumer/group_offsets.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Longer than a turn of the loop in which every request is answered at the last
 * moment. A rebalance waits as long for members that do not rejoin. That matters
 * because a broker (4.3.0) that is elected twice in a row while it starts may
 * load the group without its members' session timers: then only this timeout
 * removes members that are gone.
 */
#define MAX_POLL_INTERVAL_MS "90000"

enum {
	BROKER_WAIT_MS = 5000,
	SEEK_WAIT_MS = 5000,
	EPOCHS_PER_GENERATION = 1 << 20, /* far more: only trouble makes us claim again */
};

struct intake {
	rd_kafka_t *consumer;
	const struct config *config;
	struct intake_owner owner;
	atomic_uint doubts; /* see intake_doubts(); the client's threads raise it */
};

/* ---- lists of partitions ---- */

static rd_kafka_topic_partition_list_t *list_of(const struct position *positions, size_t count)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);

	for (size_t i = 0; i < count; i++)
		rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_COMMANDS),
						  positions[i].partition)
			->offset = positions[i].offset;
	return list;
}

/* The first error of the request or of a partition in it. */
static rd_kafka_resp_err_t first_error(rd_kafka_resp_err_t code,
				       const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; !code && i < list->cnt; i++)
		code = list->elems[i].err;
	return code;
}

/* ---- membership ---- */

/*
 * Where a partition waits until recovery says where to begin: at the beginning
 * of its log, because nothing before that can be fetched. It must be a number.
 * RD_KAFKA_OFFSET_END would need no request of ours, but when a pause outdates
 * the answer, librdkafka 2.0.2 (toppar_handle_Offset) asks for the end again,
 * even after a seek that came meanwhile: commands were skipped.
 *
 * *silent: the brokers have not answered once; they are not asked again, so
 * that one timeout is enough.
 */
static int64_t waiting_offset(struct intake *in, int partition, bool *silent)
{
	int64_t begin = 0;
	int64_t end = 0;
	struct error err = { 0 };

	if (*silent)
		return 0;
	*silent = bus_range(in->consumer, TOPIC_COMMANDS, partition, &begin, &end, &err) != 0;
	if (*silent)
		log_warn("%s", err.text);
	return *silent ? 0 : begin;
}

/* The assignor is eager, so the list is all that we have. All of it is paused. */
static void on_assigned(struct intake *in, const rd_kafka_topic_partition_list_t *list)
{
	struct position *positions = memory_zalloc((size_t)list->cnt, sizeof(*positions));
	int *partitions = memory_zalloc((size_t)list->cnt, sizeof(*partitions));
	rd_kafka_topic_partition_list_t *commands;
	bool silent = false;
	size_t count = 0;

	for (int i = 0; i < list->cnt; i++) {
		int partition = list->elems[i].partition;

		if (strcmp(list->elems[i].topic, topic_name(TOPIC_COMMANDS)) != 0)
			continue;
		positions[count] =
			(struct position){ partition, waiting_offset(in, partition, &silent) };
		partitions[count++] = partition;
	}
	commands = list_of(positions, count);
	(void)rd_kafka_assign(in->consumer, commands);
	(void)rd_kafka_pause_partitions(in->consumer, commands);
	rd_kafka_topic_partition_list_destroy(commands);
	in->owner.given(in->owner.context, partitions, count, (int)count < list->cnt);
	free(partitions);
	free(positions);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
			 rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct intake *in = opaque;

	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		on_assigned(in, list);
		return;
	}
	in->owner.taken(in->owner.context, rd_kafka_assignment_lost(rk));
	(void)rd_kafka_assign(rk, NULL);
}

int intake_join(struct intake *in, struct error *err)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(2);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(topics, topic_name(TOPIC_COMMANDS),
					  RD_KAFKA_PARTITION_UA);
	rd_kafka_topic_partition_list_add(topics, topic_name(TOPIC_DIRECTORY),
					  RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(in->consumer, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	return code ? error_set(err, ERROR_UNAVAILABLE, "the consumer group cannot be joined: %s",
				rd_kafka_err2str(code))
		    : 0;
}

static bool is_another(const struct rd_kafka_group_member_info *m, const char *instance,
		       const char *self)
{
	return strcmp(m->client_id, instance) == 0 && (!self || strcmp(m->member_id, self) != 0);
}

bool intake_is_doubled(struct intake *in)
{
	const char *instance = config_get(in->config, "instance");
	const struct rd_kafka_group_list *groups = NULL;
	char *self = rd_kafka_memberid(in->consumer);
	bool doubled = false;

	if (!rd_kafka_list_groups(in->consumer, config_get(in->config, "consumer-group"), &groups,
				  BROKER_WAIT_MS)) {
		for (int g = 0; g < groups->group_cnt; g++)
			for (int i = 0; i < groups->groups[g].member_cnt; i++)
				doubled = doubled ||
					  is_another(&groups->groups[g].members[i], instance, self);
		rd_kafka_group_list_destroy(groups);
	}
	rd_kafka_mem_free(in->consumer, self);
	return doubled;
}

/*
 * librdkafka shows generation and member only in its serialised form: "CGMDv2:",
 * generation (int32), group and member, each ending with a NUL. Fencing rests
 * on the generation, so metadata in any other form counts as no member's.
 */
int group_generation(const struct rd_kafka_consumer_group_metadata_s *m)
{
	static const char magic[] = "CGMDv2:";
	enum { MAGIC_LEN = sizeof(magic) - 1, HEAD_LEN = MAGIC_LEN + 4 };
	void *text = NULL;
	size_t len = 0;
	int32_t generation = -1;
	rd_kafka_error_t *e = rd_kafka_consumer_group_metadata_write(m, &text, &len);

	if (e) {
		rd_kafka_error_destroy(e);
		return -1;
	}
	if (len > HEAD_LEN && memcmp(text, magic, MAGIC_LEN) == 0) {
		const char *group = (const char *)text + HEAD_LEN;
		size_t member = HEAD_LEN + strnlen(group, len - HEAD_LEN) + 1;

		if (member < len && ((const char *)text)[member])
			memcpy(&generation, (const char *)text + MAGIC_LEN, sizeof(generation));
	}
	rd_kafka_mem_free(NULL, text);
	return generation < 0 ? -1 : generation;
}

int64_t intake_epoch(struct intake *in)
{
	rd_kafka_consumer_group_metadata_t *m = rd_kafka_consumer_group_metadata(in->consumer);
	int generation = m ? group_generation(m) : -1;

	if (m)
		rd_kafka_consumer_group_metadata_destroy(m);
	return generation < 0 ? -1 : (int64_t)generation * EPOCHS_PER_GENERATION;
}

bool intake_is_lost(const struct intake *in)
{
	return rd_kafka_assignment_lost(in->consumer);
}

/* ---- fetching ---- */

/*
 * A partition whose next offset is not on the log (retention was faster, or the
 * log was cut) is no longer fetched and cannot be sought. Only a new assignment
 * starts it again; recovery then says what is wrong.
 */
static void handle_error(struct intake *in, const rd_kafka_message_t *m)
{
	struct error err = { 0 };

	log_warn("Kafka: %s", rd_kafka_message_errstr(m));
	if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && intake_join(in, &err))
		log_warn("%s", err.text);
}

/* What concerns no single record: brokers that are gone, a topic that is not there. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct intake *in = opaque;
	char gist[BUS_GIST_SIZE];

	(void)rk;
	(void)code;
	in->doubts++;
	bus_gist(reason, gist);
	log_warn_seldom(gist, "Kafka: %s", reason);
}

enum fetched intake_poll(struct intake *in, struct message *out)
{
	rd_kafka_message_t *m = rd_kafka_consumer_poll(in->consumer, 0);

	if (!m)
		return FETCHED_NOTHING;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		*out = (struct message){ .partition = m->partition, .offset = m->offset };
		rd_kafka_message_destroy(m);
		return FETCHED_END;
	}
	if (bus_is_unreadable(m)) {
		*out = message_hole(m->partition, m->offset, clock_unix_ms(),
				    rd_kafka_message_errstr(m));
		rd_kafka_message_destroy(m);
		return FETCHED_HOLE;
	}
	if (m->err) {
		handle_error(in, m);
		rd_kafka_message_destroy(m);
		return FETCHED_TROUBLE;
	}
	*out = message_of(m);
	return FETCHED_MESSAGE;
}

static int ask_committed(const struct intake *in, rd_kafka_topic_partition_list_t **out,
			 struct error *err)
{
	struct group_asker *asker = group_asker_new(in->config);
	int rc = group_offsets_ask(asker, config_get(in->config, "consumer-group"), out, err);

	group_asker_free(&asker);
	return rc;
}

int intake_committed(struct intake *in, struct position *positions, size_t count, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = NULL;
	int rc = ask_committed(in, &list, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(
			list, topic_name(TOPIC_COMMANDS), positions[i].partition);

		positions[i].offset = p && p->offset >= 0 ? p->offset : COMMITTED_NONE;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return 0;
}

int intake_commit(struct intake *in, int partition, int64_t offset, struct error *err)
{
	const struct position position = { partition, offset };
	rd_kafka_topic_partition_list_t *list = list_of(&position, 1);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(in->consumer);
	rd_kafka_event_t *event = NULL;
	rd_kafka_resp_err_t code;

	group_offset_sign(&list->elems[0]);
	code = rd_kafka_commit_queue(in->consumer, list, queue, NULL, NULL);
	if (!code)
		event = rd_kafka_queue_poll(queue, BROKER_WAIT_MS);
	if (!code)
		code = event ? first_error(rd_kafka_event_error(event),
					   rd_kafka_event_topic_partition_list(event))
			     : RD_KAFKA_RESP_ERR__TIMED_OUT;
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "an offset cannot be committed: %s",
				rd_kafka_err2str(code))
		    : 0;
}

int intake_range(struct intake *in, int partition, int64_t *begin, int64_t *end, struct error *err)
{
	return bus_range(in->consumer, TOPIC_COMMANDS, partition, begin, end, err);
}

int64_t intake_high(const struct intake *in, int partition)
{
	return bus_high(in->consumer, TOPIC_COMMANDS, partition);
}

int intake_after(struct intake *in, int partition, int64_t time, int64_t *offset, struct error *err)
{
	const struct position at = { partition, time + 1 };
	rd_kafka_topic_partition_list_t *list = list_of(&at, 1);
	rd_kafka_resp_err_t code =
		first_error(rd_kafka_offsets_for_times(in->consumer, list, BROKER_WAIT_MS), list);
	int64_t found = list->elems[0].offset;
	int64_t begin;

	rd_kafka_topic_partition_list_destroy(list);
	if (code)
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s partition %d does not say what it has after a time: %s",
				 topic_name(TOPIC_COMMANDS), partition, rd_kafka_err2str(code));
	if (found < 0)
		return intake_range(in, partition, &begin, offset, err);
	*offset = found;
	return 0;
}

unsigned intake_doubts(const struct intake *in)
{
	return in->doubts;
}

int intake_seek(struct intake *in, const struct position *positions, size_t count,
		struct error *err)
{
	rd_kafka_topic_partition_list_t *list = list_of(positions, count);
	/* Before 2.1.0 librdkafka took the milliseconds for microseconds. */
	int wait = rd_kafka_version() < 0x02010000 ? SEEK_WAIT_MS * 1000 : SEEK_WAIT_MS;
	rd_kafka_error_t *e = rd_kafka_seek_partitions(in->consumer, list, wait);
	rd_kafka_resp_err_t code = e ? rd_kafka_error_code(e) : RD_KAFKA_RESP_ERR_NO_ERROR;

	if (e)
		rd_kafka_error_destroy(e);
	code = first_error(code, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "cannot seek to where fetching begins: %s",
				rd_kafka_err2str(code))
		    : 0;
}

void intake_pause(struct intake *in, int partition, bool pause)
{
	const struct position one = { partition, 0 };
	rd_kafka_topic_partition_list_t *list = list_of(&one, 1);

	if (pause)
		(void)rd_kafka_pause_partitions(in->consumer, list);
	else
		(void)rd_kafka_resume_partitions(in->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
}

/* ---- lifecycle ---- */

/*
 * What the client fetches over a new connection may be of another log. A thread
 * of the client's.
 */
/* NOLINTNEXTLINE(readability-function-size): the client wants these parameters */
static rd_kafka_resp_err_t on_broker_state(rd_kafka_t *rk, int32_t broker, const char *protocol,
					   const char *name, int port, const char *state,
					   void *opaque)
{
	struct intake *in = opaque;

	(void)rk;
	(void)broker;
	(void)protocol;
	(void)name;
	(void)port;
	if (strcmp(state, "UP") == 0)
		in->doubts++;
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new_client(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
					 char *why, size_t size)
{
	(void)conf;
	(void)why;
	(void)size;
	return rd_kafka_interceptor_add_on_broker_state_change(rk, "sharebus", on_broker_state,
							       opaque);
}

static int open_consumer(struct intake *in, struct error *err)
{
	const struct bus_setting settings[] = {
		{ "client.id", config_get(in->config, "instance") }, /* see intake_is_doubled() */
		{ "group.id", config_get(in->config, "consumer-group") },
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "auto.offset.reset", "error" },
		{ "enable.partition.eof", "true" },
		{ "isolation.level", "read_committed" },
		{ "partition.assignment.strategy", "range" },
		{ "session.timeout.ms", "10000" },
		{ "heartbeat.interval.ms", "2000" },
		{ "max.poll.interval.ms", MAX_POLL_INTERVAL_MS },
		{ "fetch.wait.max.ms", "100" },
		/* A topic that was made anew is found again within seconds. */
		{ "topic.metadata.refresh.interval.ms", "10000" },
		/* After a batch that cannot be unpacked the partition must not rest for half a second. */
		{ "fetch.error.backoff.ms", "50" },
		{ "queued.max.messages.kbytes", "16384" },
		{ "fetch.message.max.bytes", "2097152" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, in->config, settings, err);

	if (rc)
		return rc;
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_opaque(conf, in);
	rd_kafka_conf_set_error_cb(conf, on_error);
	(void)rd_kafka_conf_interceptor_add_on_new(conf, "sharebus", on_new_client, in);
	rc = bus_open_consumer(&in->consumer, conf, err);
	if (!rc)
		(void)rd_kafka_poll_set_consumer(in->consumer);
	return rc;
}

int intake_open(struct intake **out, const struct config *config, const struct intake_owner *owner,
		const struct waker *waker, struct error *err)
{
	struct intake *in = memory_zalloc(1, sizeof(*in));
	int rc;

	in->config = config;
	in->owner = *owner;
	rc = open_consumer(in, err);
	if (rc) {
		intake_close(&in);
		return rc;
	}
	arrivals_wake(in->consumer, waker);
	*out = in;
	return 0;
}

void intake_close(struct intake **inp)
{
	struct intake *in = *inp;

	if (!in)
		return;
	if (in->consumer)
		(void)rd_kafka_consumer_close(in->consumer);
	bus_close(&in->consumer);
	free(in);
	*inp = NULL;
}

int intake_deployment(struct intake *in, struct deployment *out, struct error *err)
{
	return bus_deployment(in->consumer, config_get(in->config, "brokers"), BROKER_WAIT_MS, out,
			      err);
}

struct rd_kafka_s *intake_client(const struct intake *in)
{
	return in->consumer;
}
