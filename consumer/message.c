#include "consumer/message.h"

#include "ops/support/memory.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

struct message message_of(struct rd_kafka_message_s *m)
{
	return (struct message){
		.partition = m->partition,
		.offset = m->offset,
		.time = rd_kafka_message_timestamp(m, NULL),
		.key = { m->key, m->key_len },
		.value = { m->payload, m->len },
		.handle = m,
	};
}

struct message message_hole(int partition, int64_t offset, int64_t unix_ms, const char *why)
{
	return (struct message){
		.partition = partition,
		.offset = offset,
		.time = unix_ms,
		.hole = 1,
		.why = memory_must(strdup(why)),
	};
}

void message_done(struct message *m)
{
	if (m->handle)
		rd_kafka_message_destroy(m->handle);
	free(m->why);
	*m = (struct message){ 0 };
}

static rd_kafka_headers_t *headers_of(const struct message *m)
{
	rd_kafka_headers_t *headers = NULL;

	if (!m->handle)
		return NULL;
	return rd_kafka_message_headers(m->handle, &headers) ? NULL : headers;
}

struct bytes message_header(const struct message *m, const char *name)
{
	const rd_kafka_headers_t *headers = headers_of(m);
	const void *value = NULL;
	size_t size = 0;

	if (!headers || rd_kafka_header_get_last(headers, name, &value, &size))
		return (struct bytes){ 0 };
	return (struct bytes){ value, size };
}

struct author message_author(const struct message *m, const char *topic, struct signing *s)
{
	const struct signed_parts parts = { bytes_of(topic), m->key, m->value };

	if (!s)
		return (struct author){ .proof = PROOF_NONE };
	return author_of(s, &parts, message_header(m, HEADER_KEY),
			 message_header(m, HEADER_SIGNATURE));
}

bool message_header_at(const struct message *m, size_t i, const char **name, struct bytes *value)
{
	const rd_kafka_headers_t *headers = headers_of(m);
	const void *data = NULL;
	size_t size = 0;

	if (!headers || rd_kafka_header_get_all(headers, i, name, &data, &size))
		return false;
	*value = (struct bytes){ data, size };
	return true;
}
