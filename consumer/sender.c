#include "consumer/sender.h"

#include "consumer/kafka_error.h"
#include "consumer/output.h"
#include "consumer/undeliverable.h"
#include "ops/support/clock.h"
#include "producer/bus.h"
#include "schemas/murmur2.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>

enum {
	QUEUE_POLL_MS = 100,
	FLUSH_WAIT_MS = 15000, /* longer than a transaction may last */
	FLUSH_STEP_MS = 100,   /* how soon a refusal is noticed */
	OFFSETS_WAIT_MS = 10000,
	COMMIT_WAIT_MS = 10000, /* as long as a transaction may last */
};

void sender_close(struct sender *s)
{
	for (int i = 0; i < TOPIC_COUNT; i++)
		if (s->topics[i])
			rd_kafka_topic_destroy(s->topics[i]);
	*s = (struct sender){ 0 };
}

int sender_open(struct sender *s, struct rd_kafka_s *producer, const struct deployment *d,
		struct error *err)
{
	*s = (struct sender){ .producer = producer, .partitions = d->partitions };
	(void)snprintf(s->source, sizeof(s->source), "sharebus/%s/%s", d->cluster,
		       topic_name(TOPIC_COMMANDS));
	for (int i = 0; i < TOPIC_COUNT; i++) {
		s->topics[i] = rd_kafka_topic_new(producer, topic_name((enum topic)i), NULL);
		if (!s->topics[i]) {
			sender_close(s);
			return error_set(err, ERROR_UNAVAILABLE, "topic %s cannot be opened",
					 topic_name((enum topic)i));
		}
	}
	return 0;
}

/* A batch that is being sent, and what its head says. */
struct sending {
	struct batch *batch;
	struct run_range range;
};

static rd_kafka_headers_t *event_headers(const struct sender *s, const struct sending *b,
					 const struct output *o)
{
	struct cloudevent_headers headers;
	char id[OUTPUT_ID_SIZE];

	output_format_id(id, b->batch->partition, b->range.log, o->offset, o->n);
	cloudevent_headers(&headers, &(struct cloudevent){
					     .type = record_event_type(o->type),
					     .id = bytes_of(id),
					     .source = bytes_of(s->source),
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

/* NULL: no headers. sharing.grants is internal, and its readers need none. */
static rd_kafka_headers_t *headers_for(const struct sender *s, const struct sending *b,
				       const struct output *o)
{
	if (o->topic == TOPIC_GRANTS)
		return NULL;
	return o->headers.data ? dead_letter_headers(o->headers) : event_headers(s, b, o);
}

static void *without_const(const void *p)
{
	return (void *)(uintptr_t)p;
}

/* Records of sharing.grants and those without a key stay in the partition of their command. */
static int32_t partition_for(const struct sender *s, const struct batch *b, const struct output *o)
{
	bool stays = o->topic == TOPIC_GRANTS || !o->key.data;

	return stays ? b->partition : partition_of(o->key, s->partitions);
}

static size_t output_size(const struct output *o)
{
	return o->key.len + o->value.len + o->headers.len;
}

/* The payload stays in the batch, which outlives the transaction. */
static rd_kafka_error_t *produce_output(const struct sender *s, const struct sending *b,
					const struct output *o)
{
	rd_kafka_headers_t *headers = headers_for(s, b, o);
	const rd_kafka_vu_t message[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = s->topics[o->topic] },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition_for(s, b->batch, o) },
		{ .vtype = RD_KAFKA_VTYPE_KEY,
		  .u.mem = { .ptr = without_const(o->key.data), .size = o->key.len } },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { .ptr = without_const(o->value.data), .size = o->value.len } },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = o->time },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = b->batch },
		/* Last, because it is left out when there are none. */
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
	};
	size_t count = sizeof(message) / sizeof(message[0]);
	rd_kafka_error_t *e = rd_kafka_produceva(s->producer, message, headers ? count : count - 1);

	if (e && headers)
		rd_kafka_headers_destroy(headers);
	return e;
}

/*
 * Waits for room while the client's queue is full. That ends: the records in the
 * queue are delivered, or fail, before the transaction times out.
 */
static int produce_patiently(const struct sender *s, const struct sending *b,
			     const struct output *o, struct error *err)
{
	rd_kafka_error_t *e = produce_output(s, b, o);

	while (e && rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		rd_kafka_error_destroy(e);
		(void)rd_kafka_poll(s->producer, QUEUE_POLL_MS);
		e = produce_output(s, b, o);
	}
	if (!e)
		return 0;
	if (!undeliverable_is(rd_kafka_error_code(e)))
		return kafka_error(e, topic_name(o->topic), err);
	undeliverable_describe(err, topic_name(o->topic), output_size(o), rd_kafka_error_code(e));
	rd_kafka_error_destroy(e);
	return ERROR_REFUSED;
}

int sender_send(const struct sender *s, struct batch *b, bool last, struct error *err)
{
	struct bytes rest = { b->packed, b->len };
	struct sending sending = { .batch = b };
	struct output o;
	int rc = 0;

	if (!outputs_open(&rest, &sending.range))
		rc = error_set(err, ERROR_REFUSED,
			       "this version cannot read the unsent outputs; publish them with the "
			       "version that wrote them");
	while (!rc && output_take(&rest, &o)) {
		if (o.type == RECORD_PROGRESS && !last)
			continue; /* the last one of a partition says all */
		rc = produce_patiently(s, &sending, &o, err);
	}
	if (!rc && rest.len)
		rc = error_set(err, ERROR_REFUSED,
			       "the unsent outputs in Redis are damaged; delete its mark there to "
			       "have the partition rebuilt");
	if (rc == ERROR_REFUSED) /* if not, a report that came meanwhile may have said so */
		b->refused = true;
	return rc;
}

int sender_touch(const struct sender *s, enum topic topic, int partition, struct error *err)
{
	const rd_kafka_vu_t message[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = s->topics[topic] },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition },
		{ .vtype = RD_KAFKA_VTYPE_KEY,
		  .u.mem = { .ptr = without_const(BUS_ORPHAN_KEY),
			     .size = sizeof(BUS_ORPHAN_KEY) - 1 } },
	};
	rd_kafka_error_t *e =
		rd_kafka_produceva(s->producer, message, sizeof(message) / sizeof(message[0]));

	return e ? kafka_error(e, topic_name(topic), err) : 0;
}

int sender_flush(const struct sender *s, const struct error *refusal, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + FLUSH_WAIT_MS;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;

	while (code == RD_KAFKA_RESP_ERR__TIMED_OUT && !refusal->code &&
	       clock_monotonic_ms() < deadline_ms)
		code = rd_kafka_flush(s->producer, FLUSH_STEP_MS);
	return code ? error_set(err, ERROR_UNAVAILABLE, "the brokers did not take the outputs: %s",
				rd_kafka_err2str(code))
		    : 0;
}

int sender_add_offsets(const struct sender *s, const rd_kafka_topic_partition_list_t *offsets,
		       const rd_kafka_consumer_group_metadata_t *group, const char *step,
		       struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + OFFSETS_WAIT_MS;
	bool again = true;
	int rc = 0;

	while (!rc && again)
		rc = kafka_settle(rd_kafka_send_offsets_to_transaction(s->producer, offsets, group,
								       OFFSETS_WAIT_MS),
				  step, deadline_ms, &again, err);
	return rc;
}

int sender_commit(const struct sender *s, const char *step, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + COMMIT_WAIT_MS;
	bool again = true;
	int rc = 0;

	while (!rc && again)
		rc = kafka_settle(rd_kafka_commit_transaction(s->producer, COMMIT_WAIT_MS), step,
				  deadline_ms, &again, err);
	return rc;
}
