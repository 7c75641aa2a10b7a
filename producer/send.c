#include "producer/send.h"

#include "ops/support/clock.h"
#include "producer/bus.h"

#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	POLL_MS = 100,
	SOURCE_SIZE = CLUSTER_ID_SIZE + 96,
	/* For the brokers alone, when nobody waits for the outcome. */
	DELIVERY_WAIT_MS = 5000,
};

int send_raw(struct sharebus *c, const struct bus_record *record, struct error *err)
{
	int rc = bus_send(c->bus, record, err);

	/* The queue is bounded. When it is full, deliveries make room. */
	while (rc == ERROR_UNAVAILABLE && rd_kafka_outq_len(c->bus) > 0) {
		(void)rd_kafka_poll(c->bus, POLL_MS);
		rc = bus_send(c->bus, record, err);
	}
	(void)rd_kafka_poll(c->bus, 0);
	return rc;
}

/* Signs the record, if we have a key, and queues it with these headers. */
static int queue_signed(struct sharebus *c, const struct bus_record *bare,
			struct cloudevent_headers *headers, struct error *err)
{
	const struct signed_parts parts = { bytes_of(bare->topic), bare->key, bare->value };
	struct bus_record record = *bare;
	struct signature signature;
	int rc = signing_add(c->signing, &parts, &signature, headers, err);

	record.headers = headers->list;
	record.header_count = headers->count;
	return rc ? rc : send_raw(c, &record, err);
}

/* Adds the CloudEvents headers to r's encoding and queues the record. */
static int queue_event(struct sharebus *c, const struct bus_record *bare, const struct record *r,
		       struct error *err)
{
	const struct command *command = record_command(r);
	struct cloudevent_headers headers;
	char source[SOURCE_SIZE];
	char text[UUID_TEXT_SIZE];
	struct uuid id;

	if (command)
		id = command->command_id;
	else if (uuid_v7(&id, clock_unix_ms()))
		return error_set(err, ERROR_UNAVAILABLE,
				 "the kernel has no randomness for a new id; try again");
	uuid_format(text, &id);
	(void)snprintf(source, sizeof(source), "sharebus/%s/%s", c->deployment.cluster,
		       config_get(c->config, "source"));
	cloudevent_headers(&headers, &(struct cloudevent){
					     .type = record_event_type(r->type),
					     .id = bytes_of(text),
					     .source = bytes_of(source),
				     });
	return queue_signed(c, bare, &headers, err);
}

int send_record(struct sharebus *c, enum topic topic, const struct record *r, struct bytes key,
		struct receipt *d, struct error *err)
{
	struct bus_record record = { .topic = topic_name(topic), .key = key, .opaque = d };
	struct cloudevent_headers none = { .count = 0 };
	struct buffer value;
	int rc;

	assert(c->bus && c->codec);
	if (!r)
		return queue_signed(c, &record, &none, err);
	buffer_init(&value);
	rc = codec_encode(c->codec, r, &value, err);
	record.value = buffer_bytes(&value);
	if (!rc)
		rc = queue_event(c, &record, r, err);
	buffer_done(&value);
	return rc;
}

int send_drain(struct sharebus *c, int max, int64_t deadline_ms, struct error *err)
{
	while (rd_kafka_outq_len(c->bus) > max) {
		if (clock_monotonic_ms() >= deadline_ms)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the brokers at %s did not take all records in time",
					 config_get(c->config, "brokers"));
		(void)rd_kafka_poll(c->bus, POLL_MS);
	}
	return 0;
}

static int send_and_wait(struct sharebus *c, const struct record *r, int64_t deadline_ms,
			 struct receipt *d, struct error *err)
{
	char key[UUID_TEXT_SIZE];
	int rc;

	uuid_format(key, &record_command(r)->workspace_id);
	rc = send_record(c, TOPIC_COMMANDS, r, bytes_of(key), d, err);
	d->queued = !rc;
	while (!rc && !d->done) {
		int64_t left = deadline_ms - clock_monotonic_ms();

		if (left <= 0)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the brokers at %s did not take the command in time",
					 config_get(c->config, "brokers"));
		(void)rd_kafka_poll(c->bus, left < POLL_MS ? (int)left : POLL_MS);
	}
	if (!rc && d->failed)
		rc = error_set(err, ERROR_UNAVAILABLE,
			       "the brokers at %s did not take the command: %s",
			       config_get(c->config, "brokers"), d->why);
	return rc;
}

/* The delivery is on the heap: its report may still come when nobody waits for it any more. */
static int deliver_command(struct sharebus *c, const struct record *r, int64_t deadline_ms,
			   struct sent_command *out, struct error *err)
{
	struct receipt *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return error_set(err, ERROR_NOMEM, "out of memory");
	rc = send_and_wait(c, r, deadline_ms, d, err);
	out->queued = d->queued;
	out->positioned = d->done && !d->failed;
	out->position = (struct position){ d->partition, d->offset };
	d->given_up = true;
	if (d->done || !d->queued)
		free(d);
	return rc; /* NOLINT(clang-analyzer-unix.Malloc): librdkafka has it, the report frees it */
}

int send_command(struct sharebus *c, const struct record *r, int64_t wait_ms,
		 struct sent_command *out, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + (wait_ms ? wait_ms : DELIVERY_WAIT_MS);
	int rc;

	*out = (struct sent_command){ .command_id = record_command(r)->command_id };
	rc = client_bus(c, err);
	if (!rc)
		rc = client_codec(c, err);
	if (!rc)
		rc = deliver_command(c, r, deadline, out, err);
	if (rc || !wait_ms)
		return rc;
	return wait_outcome(c->reader, &(struct awaited){ out->position, out->command_id },
			    deadline, &c->arena, &out->outcome, err);
}
