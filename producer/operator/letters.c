#include "producer/operator/letters.h"

#include "ops/support/clock.h"
#include "ops/support/number.h"
#include "producer/bus.h"
#include "producer/cli/meter.h"

#include <librdkafka/rdkafka.h>

enum {
	POLL_MS = 100,
	KAFKA_WAIT_MS = 5000,
	IDLE_MS = 10000, /* when the session does not say how long to wait */
};

static const char OURS[] = "sharebus_";

/* One partition of the topic. */
struct span {
	int64_t low;
	int64_t end;   /* the high watermark: open transactions are waited for */
	int64_t begin; /* of this reading */
	int64_t at;    /* the next offset to read */
};

struct letters {
	struct session *session;
	rd_kafka_t *reader; /* read_committed */
	struct span *spans;
	int partitions;
	rd_kafka_message_t *held; /* holds the bytes of the present letter */
	struct meter meter;
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

static void open_letter(struct letter *l, const rd_kafka_message_t *m)
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
	partition = header_number(l, "sharebus_partition", INT32_MAX);
	offset = header_number(l, "sharebus_offset", INT64_MAX);
	l->from = partition < 0 || offset < 0 ? (struct position){ -1, -1 }
					      : (struct position){ (int)partition, offset };
}

/* ---- the topic ---- */

int letters_partitions(const struct letters *l)
{
	return l->partitions;
}

static void drop_held(struct letters *l)
{
	if (l->held)
		rd_kafka_message_destroy(l->held);
	l->held = NULL;
}

static int ask_spans(struct letters *l, rd_kafka_t *asker, struct error *err)
{
	l->spans = arena_zalloc(&l->session->arena, (size_t)l->partitions, sizeof(*l->spans));
	for (int i = 0; i < l->partitions; i++) {
		int rc = bus_range(asker, TOPIC_DEADLETTER, i, &l->spans[i].low, &l->spans[i].end,
				   err);

		if (rc)
			return rc;
	}
	return 0;
}

int letters_open(struct letters **out, struct session *s, struct error *err)
{
	struct letters *l = arena_zalloc(&s->arena, 1, sizeof(*l));
	int wait_ms = s->wait_ms && s->wait_ms < KAFKA_WAIT_MS ? (int)s->wait_ms : KAFKA_WAIT_MS;
	struct deployment d = { .partitions = 0 };
	rd_kafka_t *asker = NULL;
	int rc = bus_open_reader(&asker, s->config, false, err);

	l->session = s;
	if (!rc)
		rc = bus_deployment(asker, config_get(s->config, "brokers"), wait_ms, &d, err);
	l->partitions = d.partitions;
	if (!rc)
		rc = ask_spans(l, asker, err);
	if (!rc)
		rc = bus_open_reader(&l->reader, s->config, true, err);
	bus_close(&asker);
	if (rc)
		letters_close(&l);
	else
		*out = l;
	return rc;
}

void letters_close(struct letters **lp)
{
	struct letters *l = *lp;

	if (!l)
		return;
	drop_held(l);
	bus_close(&l->reader);
	*lp = NULL;
}

/* ---- reading ---- */

static void show_progress(struct letters *l)
{
	size_t all = 0;
	size_t done = 0;

	for (int i = 0; i < l->partitions; i++) {
		const struct span *s = &l->spans[i];
		int64_t at = s->at < s->end ? s->at : s->end;

		all += (size_t)(s->end - s->begin);
		done += (size_t)(at - s->begin);
	}
	meter_show(&l->meter, "dead letters", done, all);
}

/* Begins to read where the spans say, without those that are read to their end. */
static int assign_spans(struct letters *l, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(l->partitions);
	rd_kafka_resp_err_t code;

	drop_held(l);
	for (int i = 0; i < l->partitions; i++)
		if (l->spans[i].at < l->spans[i].end)
			rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_DEADLETTER), i)
				->offset = l->spans[i].at;
	code = rd_kafka_assign(l->reader, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "%s cannot be read: %s",
				topic_name(TOPIC_DEADLETTER), rd_kafka_err2str(code))
		    : 0;
}

/* The first partition that is not read to its end, or NULL. */
static const struct span *find_unfinished(const struct letters *l)
{
	for (int i = 0; i < l->partitions; i++)
		if (l->spans[i].at < l->spans[i].end)
			return &l->spans[i];
	return NULL;
}

static int complain_stuck(const struct letters *l, const struct span *s, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "%s partition %d could be read to offset %lld, but not to its end at "
			 "%lld; try again shortly",
			 topic_name(TOPIC_DEADLETTER), (int)(s - l->spans), (long long)s->at,
			 (long long)s->end);
}

/* Waits for the next letter before the ends, and holds it; holds none when all are read. */
static int next_letter(struct letters *l, struct error *err)
{
	int64_t wait_ms = l->session->wait_ms ? l->session->wait_ms : IDLE_MS;
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	const struct span *left = find_unfinished(l);
	int rc = 0;

	drop_held(l);
	for (; !rc && left && !l->held; left = find_unfinished(l)) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(l->reader, POLL_MS);
		struct span *s = m && m->rkt ? &l->spans[m->partition] : NULL;

		if (s && m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			s->at = m->offset > s->at ? m->offset : s->at;
		if (s && !m->err)
			s->at = m->offset + 1;
		if (s && bus_is_unreadable(m))
			rc = bus_refuse_unreadable(m, err);
		if (s && !m->err && m->offset < s->end)
			l->held = m;
		else if (m)
			rd_kafka_message_destroy(m);
		if (!m && clock_monotonic_ms() > deadline)
			rc = complain_stuck(l, left, err);
	}
	return rc;
}

static bool begin_reading(struct letters *l, int64_t newest)
{
	bool whole = true;

	for (int i = 0; i < l->partitions; i++) {
		struct span *s = &l->spans[i];

		s->begin = newest && s->end - s->low > newest ? s->end - newest : s->low;
		s->at = s->begin;
		whole = whole && s->begin == s->low;
	}
	meter_begin(&l->meter);
	return whole;
}

int letters_read(struct letters *l, int64_t newest, letter_fn *fn, void *context, bool *whole,
		 struct error *err)
{
	bool all = begin_reading(l, newest);
	struct letter letter;
	int rc = assign_spans(l, err);

	if (!rc)
		rc = next_letter(l, err);
	while (!rc && l->held) {
		open_letter(&letter, l->held);
		rc = fn(context, &letter, err);
		show_progress(l);
		if (!rc)
			rc = next_letter(l, err);
	}
	meter_end(&l->meter);
	if (!rc)
		*whole = all;
	return rc;
}

/* Limits reading to one partition, from the position on. */
static bool begin_finding(struct letters *l, const struct position *at)
{
	if (at->partition >= l->partitions || at->offset < l->spans[at->partition].low ||
	    at->offset >= l->spans[at->partition].end)
		return false;
	for (int i = 0; i < l->partitions; i++)
		l->spans[i].at = i == at->partition ? at->offset : l->spans[i].end;
	return true;
}

int letters_find(struct letters *l, const struct position *at, struct letter *out,
		 struct error *err)
{
	int rc = 0;

	drop_held(l);
	if (begin_finding(l, at)) {
		rc = assign_spans(l, err);
		if (!rc)
			rc = next_letter(l, err);
	}
	if (rc)
		return rc;
	if (!l->held || l->held->offset != at->offset)
		return error_set(err, ERROR_INPUT, "%s has no record at %d:%lld",
				 topic_name(TOPIC_DEADLETTER), at->partition,
				 (long long)at->offset);
	open_letter(out, l->held);
	return 0;
}
