#include "consumer/courier.h"

#include "consumer/arrivals.h"
#include "ops/support/buffer.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

/* Room for 100 removals (the reaper's ROUND_MAX) of each of 1,000 partitions. */
#define QUEUE_MAX "100000"

enum { SOURCE_SIZE = CLUSTER_ID_SIZE + 32 };

struct courier {
	rd_kafka_t *producer;
	rd_kafka_topic_t *topic; /* held, so that the client knows its partitions */
	struct codec *codec;
	struct signing *signing;
	struct buffer value;
	char source[SOURCE_SIZE]; /* ce_source of everything we send */
	struct receipt *receipts; /* the caller has yet to get those from `taken` on */
	size_t count;
	size_t cap;
	size_t taken;
};

static void add_receipt(struct courier *c, const struct receipt *r)
{
	c->receipts = memory_grow(c->receipts, &c->cap, c->count + 1, sizeof(*c->receipts));
	c->receipts[c->count++] = *r;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
	int64_t time = rd_kafka_message_timestamp(m, &type);

	(void)rk;
	add_receipt(opaque, &(struct receipt){
				    .partition = m->partition,
				    .failed = m->err != 0,
				    .offset = m->offset,
				    .time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? time : -1,
			    });
}

static int open_producer(struct courier *c, const struct config *config, struct error *err)
{
	static const struct bus_setting settings[] = {
		{ "enable.idempotence", "true" },
		{ "partitioner", "murmur2_random" }, /* the same as Java clients' */
		{ "linger.ms", "5" },
		/* Tries for ever: a command that was given up might reach the log all the same. */
		{ "message.timeout.ms", "0" },
		{ "queue.buffering.max.messages", QUEUE_MAX },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, config, settings, err);

	if (rc)
		return rc;
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_opaque(conf, c);
	rc = bus_open_producer(&c->producer, conf, err);
	if (rc)
		return rc;
	c->topic = rd_kafka_topic_new(c->producer, topic_name(TOPIC_COMMANDS), NULL);
	return c->topic ? 0
			: error_set(err, ERROR_UNAVAILABLE, "topic %s cannot be opened",
				    topic_name(TOPIC_COMMANDS));
}

int courier_open(struct courier **out, const struct courier_options *o, struct error *err)
{
	struct courier *c = memory_zalloc(1, sizeof(*c));
	int rc;

	c->codec = o->codec;
	c->signing = o->signing;
	buffer_init(&c->value);
	(void)snprintf(c->source, sizeof(c->source), "sharebus/%s/consumer",
		       o->deployment->cluster);
	rc = open_producer(c, o->config, err);
	if (rc) {
		courier_close(&c);
		return rc;
	}
	arrivals_wake(c->producer, o->waker);
	*out = c;
	return 0;
}

void courier_close(struct courier **cp)
{
	struct courier *c = *cp;

	if (!c)
		return;
	/* Without the purge, destroying the producer would wait for what it still holds. */
	if (c->producer)
		(void)rd_kafka_purge(c->producer,
				     RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	if (c->topic)
		rd_kafka_topic_destroy(c->topic);
	bus_close(&c->producer);
	buffer_done(&c->value);
	free(c->receipts);
	free(c);
	*cp = NULL;
}

/* Adds the headers to a record without them, and queues it. */
static int queue_record(struct courier *c, const struct bus_record *bare, const struct record *r,
			struct error *err)
{
	const struct signed_parts parts = { bytes_of(bare->topic), bare->key, bare->value };
	struct bus_record record = *bare;
	struct cloudevent_headers headers;
	struct signature signature;
	char id[UUID_TEXT_SIZE];
	int rc;

	uuid_format(id, &record_command(r)->command_id);
	cloudevent_headers(&headers, &(struct cloudevent){ .type = record_event_type(r->type),
							   .id = bytes_of(id),
							   .source = bytes_of(c->source) });
	rc = signing_add(c->signing, &parts, &signature, &headers, err);
	record.headers = headers.list;
	record.header_count = headers.count;
	return rc ? rc : bus_send(c->producer, &record, err);
}

int courier_send(struct courier *c, int partition, const struct record *r, struct error *err)
{
	char key[UUID_TEXT_SIZE];
	int rc;

	buffer_clear(&c->value);
	rc = codec_encode(c->codec, r, &c->value, err);
	if (rc)
		return rc;
	uuid_format(key, &record_command(r)->workspace_id);
	/* The index has the workspace in this partition because it is that of the key. */
	return queue_record(c,
			    &(struct bus_record){ .topic = topic_name(TOPIC_COMMANDS),
						  .key = bytes_of(key),
						  .value = buffer_bytes(&c->value),
						  .placed = true,
						  .partition = partition },
			    r, err);
}

bool courier_next(struct courier *c, struct receipt *out)
{
	if (c->taken == c->count) {
		c->taken = 0;
		c->count = 0;
		(void)rd_kafka_poll(c->producer, 0);
	}
	if (c->taken == c->count)
		return false;
	*out = c->receipts[c->taken++];
	return true;
}

void courier_flush(struct courier *c, int wait_ms)
{
	(void)rd_kafka_flush(c->producer, wait_ms);
}
