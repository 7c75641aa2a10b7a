/*
 * One transactional producer at work. Everything that can go wrong ends the
 * producer: what its transaction came to is settled by the next one of its
 * name and read from the committed offsets.
 */

#include "consumer/transaction.h"

#include "consumer/output.h"
#include "ops/support/crash.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	QUEUE_POLL_MS = 100,
	INIT_WAIT_MS = 30000,
	ABORT_WAIT_MS = 3000,
	FLUSH_WAIT_MS = 15000, /* longer than a transaction may last */
	TRANSACTION_TIMEOUT_MS = 10000,
	SOURCE_SIZE = CLUSTER_ID_SIZE + 48,
	ID_SIZE = 64,
};

struct transactor {
	struct intake *intake; /* whose group's offsets are committed */
	rd_kafka_t *producer;
	rd_kafka_topic_t *topics[TOPIC_COUNT];
	char source[SOURCE_SIZE]; /* ce_source of everything we send */
};

/* ---- sending ---- */

/* Is b the last batch of its partition in this transaction? */
static bool is_last_of_partition(const struct batch *b)
{
	for (const struct batch *later = b->next; later; later = later->next)
		if (later->partition == b->partition)
			return false;
	return true;
}

static int kafka_error(rd_kafka_error_t *e, const char *step, struct error *err)
{
	bool fenced = rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__FENCED;

	(void)error_set(err, fenced ? ERROR_FENCED : ERROR_UNAVAILABLE, "%s: %s", step,
			rd_kafka_error_string(e));
	rd_kafka_error_destroy(e);
	return err->code;
}

/* Calls again what librdkafka calls retriable; its calls block, so this does not spin. */
static int settle_call(rd_kafka_error_t *e, const char *step, bool *again, struct error *err)
{
	*again = e && rd_kafka_error_is_retriable(e);
	if (!e)
		return 0;
	if (!*again)
		return kafka_error(e, step, err);
	rd_kafka_error_destroy(e);
	return 0;
}

static rd_kafka_headers_t *event_headers(const struct transactor *t, const struct batch *b,
					 const struct output *o)
{
	struct cloudevent_headers headers;
	char id[ID_SIZE];

	(void)snprintf(id, sizeof(id), "%d-%lld-%u", b->partition, (long long)o->offset, o->n);
	cloudevent_headers(&headers, &(struct cloudevent){
					     .type = record_event_type(o->type),
					     .id = bytes_of(id),
					     .source = bytes_of(t->source),
					     .traceparent = o->traceparent,
				     });
	return bus_headers(headers.list, headers.count);
}

static rd_kafka_headers_t *dead_letter_headers(struct bytes packed)
{
	rd_kafka_headers_t *h = rd_kafka_headers_new(16);
	struct bytes name;
	struct bytes value;

	while (bytes_take_sized(&packed, &name) && bytes_take_optional(&packed, &value))
		(void)rd_kafka_header_add(h, (const char *)name.data, (ssize_t)name.len, value.data,
					  (ssize_t)value.len);
	return h;
}

/* NULL: none. sharing.grants is internal, and none of its readers asks for headers. */
static rd_kafka_headers_t *headers_for(const struct transactor *t, const struct batch *b,
				       const struct output *o)
{
	if (o->topic == TOPIC_GRANTS)
		return NULL;
	return o->headers.data ? dead_letter_headers(o->headers) : event_headers(t, b, o);
}

static void *unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

/* Grants stay in the partition of their command, whatever their key; the rest goes by key. */
static int32_t partition_for(const struct batch *b, const struct output *o)
{
	return o->topic == TOPIC_GRANTS ? b->partition : RD_KAFKA_PARTITION_UA;
}

/* The payload stays in the batch, which outlives the transaction. */
static rd_kafka_error_t *produce_output(const struct transactor *t, const struct batch *b,
					const struct output *o)
{
	rd_kafka_headers_t *headers = headers_for(t, b, o);
	const rd_kafka_vu_t message[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = t->topics[o->topic] },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition_for(b, o) },
		{ .vtype = RD_KAFKA_VTYPE_KEY,
		  .u.mem = { .ptr = unconst(o->key.data), .size = o->key.len } },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { .ptr = unconst(o->value.data), .size = o->value.len } },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = o->time },
		/* Last, because it is left out when there are none. */
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
	};
	size_t count = sizeof(message) / sizeof(message[0]);
	rd_kafka_error_t *e = rd_kafka_produceva(t->producer, message, headers ? count : count - 1);

	if (e && headers)
		rd_kafka_headers_destroy(headers);
	return e;
}

/*
 * Waits for room while the client's own queue is full: that queue is bounded,
 * and what stands in it is delivered or fails within the transaction's time.
 */
static int produce_patiently(const struct transactor *t, const struct batch *b,
			     const struct output *o, struct error *err)
{
	rd_kafka_error_t *e = produce_output(t, b, o);

	while (e && rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		rd_kafka_error_destroy(e);
		(void)rd_kafka_poll(t->producer, QUEUE_POLL_MS);
		e = produce_output(t, b, o);
	}
	return e ? kafka_error(e, topic_name(o->topic), err) : 0;
}

static int send_batch(const struct transactor *t, const struct batch *b, struct error *err)
{
	struct bytes rest = { b->packed, b->len };
	bool last = is_last_of_partition(b);
	struct run_range range;
	struct output o;
	int rc = 0;

	if (!outputs_open(&rest, &range))
		return error_set(err, ERROR_REFUSED,
				 "partition %d keeps unsent outputs that this version cannot read",
				 b->partition);
	while (!rc && output_take(&rest, &o)) {
		if (o.type == RECORD_PROGRESS && !last)
			continue; /* one per partition and transaction says it all */
		rc = produce_patiently(t, b, &o, err);
	}
	if (!rc && rest.len)
		return error_set(err, ERROR_REFUSED, "partition %d keeps broken unsent outputs",
				 b->partition);
	return rc;
}

/*
 * The broker takes offsets of a group without checking the sender when the
 * metadata lacks a generation or a member, so we look.
 */
static int check_group(const struct transactor *t, const rd_kafka_consumer_group_metadata_t *m,
		       struct error *err)
{
	if (!m || intake_is_lost(t->intake) || group_generation(m) < 0)
		return error_set(err, ERROR_FENCED, "the consumer group has moved on without us");
	return 0;
}

static int send_offsets(const struct transactor *t, const struct batch *batches, struct error *err)
{
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
	rd_kafka_consumer_group_metadata_t *group =
		rd_kafka_consumer_group_metadata(intake_client(t->intake));
	bool again = true;
	int rc = check_group(t, group, err);

	for (const struct batch *b = batches; b; b = b->next)
		if (is_last_of_partition(b))
			rd_kafka_topic_partition_list_add(offsets, topic_name(TOPIC_COMMANDS),
							  b->partition)
				->offset = b->applied;
	while (!rc && again)
		rc = settle_call(
			rd_kafka_send_offsets_to_transaction(t->producer, offsets, group, -1),
			"sending offsets", &again, err);
	if (group)
		rd_kafka_consumer_group_metadata_destroy(group);
	rd_kafka_topic_partition_list_destroy(offsets);
	return rc;
}

/*
 * Sends what is queued, now and in few large batches: the many small ones that
 * go out while records are still being queued cost the brokers far more.
 */
static int flush_outputs(const struct transactor *t, struct error *err)
{
	rd_kafka_resp_err_t code = rd_kafka_flush(t->producer, FLUSH_WAIT_MS);

	return code ? error_set(err, ERROR_UNAVAILABLE, "the brokers did not take the outputs: %s",
				rd_kafka_err2str(code))
		    : 0;
}

int transactor_send(struct transactor *t, const struct batch *batches, struct error *err)
{
	rd_kafka_error_t *e;
	int rc;

	crash_point("before-begin");
	e = rd_kafka_begin_transaction(t->producer);
	rc = e ? kafka_error(e, "beginning a transaction", err) : 0;
	for (const struct batch *b = batches; !rc && b; b = b->next)
		rc = send_batch(t, b, err);
	if (!rc)
		rc = flush_outputs(t, err);
	crash_point("after-produce");
	return rc ? rc : send_offsets(t, batches, err);
}

int transactor_commit(struct transactor *t, struct error *err)
{
	bool again = true;
	int rc = 0;

	crash_point("before-commit");
	crash_point_soon("during-commit");
	while (!rc && again)
		rc = settle_call(rd_kafka_commit_transaction(t->producer, -1), "committing", &again,
				 err);
	crash_point("after-commit");
	return rc;
}

void transactor_serve(struct transactor *t)
{
	(void)rd_kafka_poll(t->producer, 0);
}

/* ---- lifecycle ---- */

/* librdkafka polls in steps of 10 ms when a producer has no delivery callback. */
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	(void)m;
	(void)opaque;
}

static int open_producer(struct transactor *t, const struct transactor_options *o,
			 struct error *err)
{
	const struct config *config = o->config;
	rd_kafka_conf_t *conf = NULL;
	char id[256];
	char timeout[16];
	char largest[16];
	const struct bus_setting settings[] = {
		{ "transactional.id", id },
		{ "transaction.timeout.ms", timeout },
		{ "message.max.bytes", largest },
		{ "partitioner", "murmur2_random" }, /* the same as Java clients' */
		/* A transaction's records go when it is complete: transactor_send() flushes. */
		{ "linger.ms", "1000" },
		/* Headers repeat: a quarter of the bytes, half of the broker's work. */
		{ "compression.type", "lz4" },
		/* CONCURRENT_TRANSACTIONS passes within milliseconds. */
		{ "retry.backoff.ms", "5" },
		{ "queue.buffering.max.messages", "1000000" },
		{ "queue.buffering.max.kbytes", "65536" },
		{ NULL, NULL },
	};
	int rc;

	(void)snprintf(id, sizeof(id), "%s.%s.%c", config_get(config, "consumer-group"),
		       config_get(config, "instance"), o->letter);
	(void)snprintf(timeout, sizeof(timeout), "%d", TRANSACTION_TIMEOUT_MS);
	(void)snprintf(largest, sizeof(largest), "%d", BUS_MESSAGE_MAX_BYTES);
	rc = bus_conf(&conf, config, settings, err);
	if (rc)
		return rc;
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	return bus_open_producer(&t->producer, conf, err);
}

static int open_topics(struct transactor *t, struct error *err)
{
	for (int i = 0; i < TOPIC_COUNT; i++) {
		t->topics[i] = rd_kafka_topic_new(t->producer, topic_name((enum topic)i), NULL);
		if (!t->topics[i])
			return error_set(err, ERROR_UNAVAILABLE, "topic %s cannot be opened",
					 topic_name((enum topic)i));
	}
	return 0;
}

static int settle_predecessor(struct transactor *t, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_init_transactions(t->producer, INIT_WAIT_MS);

	return e ? kafka_error(e, "settling the transactions of a predecessor", err) : 0;
}

/* ---- orphaned transactions ---- */

/* A record that nobody will see: it brings the partition into the transaction. */
static int touch_partition(const struct transactor *t, enum topic topic, int partition,
			   struct error *err)
{
	const rd_kafka_vu_t message[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = t->topics[topic] },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition },
		{ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { .ptr = unconst("orphan"), .size = 6 } },
	};
	rd_kafka_error_t *e =
		rd_kafka_produceva(t->producer, message, sizeof(message) / sizeof(message[0]));

	return e ? kafka_error(e, topic_name(topic), err) : 0;
}

/* Offsets of the group, of no member: they never count, for the transaction is aborted. */
static int touch_offsets(const struct transactor *t, const char *group, struct error *err)
{
	rd_kafka_consumer_group_metadata_t *m = rd_kafka_consumer_group_metadata_new(group);
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
	bool again = true;
	int rc = 0;

	rd_kafka_topic_partition_list_add(offsets, topic_name(TOPIC_COMMANDS), 0)->offset = 0;
	while (!rc && again)
		rc = settle_call(rd_kafka_send_offsets_to_transaction(t->producer, offsets, m, -1),
				 "aborting orphaned offsets", &again, err);
	rd_kafka_consumer_group_metadata_destroy(m);
	rd_kafka_topic_partition_list_destroy(offsets);
	return rc;
}

static int abort_orphans(const struct transactor *t, const struct transactor_options *o,
			 struct error *err)
{
	static const enum topic outputs[] = { TOPIC_EVENTS, TOPIC_NOTIFICATIONS, TOPIC_GRANTS,
					      TOPIC_DEADLETTER };
	rd_kafka_error_t *e = rd_kafka_begin_transaction(t->producer);
	int rc = e ? kafka_error(e, "beginning to abort orphaned transactions", err) : 0;

	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++)
		for (int p = 0; !rc && p < o->deployment->partitions; p++)
			rc = touch_partition(t, outputs[i], p, err);
	if (!rc)
		rc = flush_outputs(t, err);
	if (!rc)
		rc = touch_offsets(t, config_get(o->config, "consumer-group"), err);
	if (rc)
		return rc;
	e = rd_kafka_abort_transaction(t->producer, INIT_WAIT_MS);
	return e ? kafka_error(e, "aborting orphaned transactions", err) : 0;
}

int transactor_open(struct transactor **out, const struct transactor_options *o, struct error *err)
{
	struct transactor *t = memory_zalloc(1, sizeof(*t));
	int rc;

	t->intake = o->intake;
	(void)snprintf(t->source, sizeof(t->source), "sharebus/%s/%s", o->deployment->cluster,
		       topic_name(TOPIC_COMMANDS));
	rc = open_producer(t, o, err);
	if (!rc)
		rc = open_topics(t, err);
	if (!rc)
		rc = settle_predecessor(t, err);
	if (!rc && o->abort_orphans)
		rc = abort_orphans(t, o, err);
	if (rc)
		transactor_close(&t);
	else
		*out = t;
	return rc;
}

void transactor_discard(struct transactor **tp)
{
	rd_kafka_error_t *e = rd_kafka_abort_transaction((*tp)->producer, ABORT_WAIT_MS);

	if (e)
		rd_kafka_error_destroy(e);
	(void)rd_kafka_purge((*tp)->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	transactor_close(tp);
}

void transactor_close(struct transactor **tp)
{
	struct transactor *t = *tp;

	if (!t)
		return;
	for (int i = 0; i < TOPIC_COUNT; i++)
		if (t->topics[i])
			rd_kafka_topic_destroy(t->topics[i]);
	bus_close(&t->producer);
	free(t);
	*tp = NULL;
}
