#include "producer/operator/letters.h"

#include "ops/support/number.h"
#include "producer/operator/topic_reader.h"

#include <librdkafka/rdkafka.h>

static const char OURS[] = "sharebus_";

struct letters {
	struct topic_reader *reader;
};

/* ---- one letter ---- */

bool header_is_ours(const struct header *h)
{
	return strncmp(h->name, OURS, sizeof(OURS) - 1) == 0;
}

bool letter_header(const struct letter *l, size_t i, struct header *out)
{
	const void *value = NULL;
	size_t size = 0;

	if (!l->headers || rd_kafka_header_get_all(l->headers, i, &out->name, &value, &size))
		return false;
	out->value = (struct bytes){ value, size };
	return true;
}

/* The headers of the consumer come last: a record may have had headers of the same name. */
static struct bytes last_header(const struct letter *l, const char *name)
{
	const void *value = NULL;
	size_t size = 0;

	if (!l->headers || rd_kafka_header_get_last(l->headers, name, &value, &size))
		return (struct bytes){ 0 };
	return (struct bytes){ value, size };
}

/* The number in a header of the consumer; -1 if there is no such header, or no number in it. */
static int64_t header_number(const struct letter *l, const char *name, int64_t max)
{
	int64_t value = -1;

	(void)number_parse(last_header(l, name), 0, max, &value);
	return value;
}

int64_t letter_size(const struct letter *l)
{
	if (l->whole_size != ABSENT)
		return l->whole_size;
	return l->value.data ? (int64_t)l->value.len : ABSENT;
}

bool letter_is_whole(const struct letter *l)
{
	return !l->is_hole && l->whole_size == ABSENT;
}

void letter_read(struct letter *l, const struct rd_kafka_message_s *m)
{
	int64_t partition;
	int64_t offset;

	*l = (struct letter){
		.at = { m->partition, m->offset },
		.key = { m->key, m->key_len },
		.value = { m->payload, m->len },
	};
	if (rd_kafka_message_headers(m, &l->headers))
		l->headers = NULL;
	l->topic = last_header(l, "sharebus_topic");
	l->reason = last_header(l, "sharebus_reason");
	l->is_hole = !m->key && !m->payload && last_header(l, "sharebus_count").data;
	l->time = header_number(l, "sharebus_timestamp", INT64_MAX);
	if (l->time < 0)
		l->time = ABSENT;
	l->whole_size = header_number(l, "sharebus_size", INT64_MAX);
	if (l->whole_size < 0)
		l->whole_size = ABSENT;
	partition = header_number(l, "sharebus_partition", INT32_MAX);
	offset = header_number(l, "sharebus_offset", INT64_MAX);
	l->from = partition < 0 || offset < 0 ? (struct position){ -1, -1 }
					      : (struct position){ (int)partition, offset };
}

/* ---- the topic ---- */

int letters_partitions(const struct letters *l)
{
	return topic_reader_partitions(l->reader);
}

int letters_open(struct letters **out, struct session *s, struct error *err)
{
	struct letters *l = arena_zalloc(&s->arena, 1, sizeof(*l));
	int rc = topic_reader_open(&l->reader, s, TOPIC_DEADLETTER, "dead letters", err);

	if (!rc)
		*out = l;
	return rc;
}

void letters_close(struct letters **l)
{
	if (*l)
		topic_reader_close(&(*l)->reader);
	*l = NULL;
}

/* ---- reading ---- */

int letters_read(struct letters *l, int64_t newest, letter_fn *fn, void *context, bool *whole,
		 struct error *err)
{
	const struct rd_kafka_message_s *m = NULL;
	struct letter letter;
	bool all;
	int rc = topic_reader_begin(l->reader, newest, &all, err);

	if (!rc)
		rc = topic_reader_next(l->reader, &m, err);
	while (!rc && m) {
		letter_read(&letter, m);
		rc = fn(context, &letter, err);
		if (!rc)
			rc = topic_reader_next(l->reader, &m, err);
	}
	if (!rc)
		*whole = all;
	return rc;
}

int letters_find(struct letters *l, const struct position *at, struct letter *out,
		 struct error *err)
{
	const struct rd_kafka_message_s *m = NULL;
	int rc = topic_reader_seek(l->reader, at, err);

	if (!rc)
		rc = topic_reader_next(l->reader, &m, err);
	if (rc)
		return rc;
	if (!m || m->offset != at->offset)
		return error_set(err, ERROR_INPUT, "%s has no record at %d:%lld",
				 topic_name(TOPIC_DEADLETTER), at->partition,
				 (long long)at->offset);
	letter_read(out, m);
	return 0;
}
