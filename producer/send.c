#include "producer/send.h"

#include "ops/support/clock.h"
#include "producer/bus.h"

#include <stdio.h>

enum { POLL_MS = 100, SOURCE_SIZE = CLUSTER_ID_SIZE + 32 };

int send_raw(struct session *s, const struct bus_record *record, struct error *err)
{
	int rc = bus_send(s->bus, record, err);

	/* The client's queue is bounded: when it is full, deliveries make room. */
	while (rc == ERROR_UNAVAILABLE && rd_kafka_outq_len(s->bus) > 0) {
		(void)rd_kafka_poll(s->bus, POLL_MS);
		rc = bus_send(s->bus, record, err);
	}
	(void)rd_kafka_poll(s->bus, 0);
	return rc;
}

/* Adds the CloudEvents headers and queues the record. */
static int queue_event(struct session *s, const struct bus_record *bare, const struct record *r,
		       struct error *err)
{
	const struct command *c = r ? record_command(r) : NULL;
	struct bus_record record = *bare;
	struct cloudevent_headers headers;
	char source[SOURCE_SIZE];
	char text[UUID_TEXT_SIZE];
	struct uuid id;

	if (c)
		id = c->command_id;
	else if (uuid_v7(&id, clock_unix_ms()))
		return error_set(err, ERROR_UNAVAILABLE, "the kernel gives no randomness");
	uuid_format(text, &id);
	(void)snprintf(source, sizeof(source), "sharebus/%s/cli", s->deployment.cluster);
	cloudevent_headers(&headers,
			   &(struct cloudevent){
				   .type = r ? record_event_type(r->type) : NULL,
				   .id = bytes_of(text),
				   .source = bytes_of(source),
				   .subject = record.key,
				   .time = clock_unix_ms(),
				   .correlation = c ? c->command_id : (struct uuid){ { 0 } },
			   });
	record.headers = headers.list;
	record.header_count = headers.count;
	return send_raw(s, &record, err);
}

int send_record(struct session *s, enum topic topic, const struct record *r, struct bytes key,
		struct delivery *d, struct error *err)
{
	struct buffer value;
	int rc;

	buffer_init(&value);
	rc = r ? codec_encode(s->codec, r, &value, err) : 0;
	if (!rc)
		rc = queue_event(s,
				 &(struct bus_record){ .topic = topic_name(topic),
						       .key = key,
						       .value = buffer_bytes(&value),
						       .opaque = d },
				 r, err);
	buffer_done(&value);
	return rc;
}

void send_throttle(struct session *s, int most)
{
	while (rd_kafka_outq_len(s->bus) > most)
		(void)rd_kafka_poll(s->bus, POLL_MS);
}

int send_flush(struct session *s, int64_t deadline_ms, struct error *err)
{
	while (rd_kafka_outq_len(s->bus) > 0) {
		if (clock_monotonic_ms() >= deadline_ms)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the brokers at %s did not take everything in time",
					 config_get(s->config, "brokers"));
		(void)rd_kafka_poll(s->bus, POLL_MS);
	}
	return 0;
}

static int deliver(struct session *s, const struct record *r, int64_t deadline_ms,
		   struct delivery *d, struct error *err)
{
	const struct command *c = record_command(r);
	char key[UUID_TEXT_SIZE];
	int rc;

	uuid_format(key, &c->workspace_id);
	rc = send_record(s, TOPIC_COMMANDS, r, bytes_of(key), d, err);
	if (!rc)
		rc = send_flush(s, deadline_ms, err);
	if (!rc && d->failed)
		rc = error_set(err, ERROR_UNAVAILABLE, "the brokers at %s did not take it: %s",
			       config_get(s->config, "brokers"), d->why);
	return rc;
}

int send_command(struct session *s, const struct record *r, struct sent_command *out,
		 struct error *err)
{
	int64_t wait_ms = s->wait_ms ? s->wait_ms : 5000;
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	struct delivery *d = arena_zalloc(&s->arena, 1, sizeof(*d));
	int rc;

	*out = (struct sent_command){ .command_id = record_command(r)->command_id };
	rc = session_bus(s, err);
	if (rc)
		return rc;
	out->queued = true;
	rc = deliver(s, r, deadline, d, err);
	if (rc)
		return rc;
	out->positioned = true;
	out->position = (struct position){ d->partition, d->offset };
	if (!s->wait_ms)
		return 0;
	return wait_outcome(s->reader, &out->position, deadline, &s->arena, &out->outcome, err);
}
