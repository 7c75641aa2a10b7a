#include "producer/operator/topic_reader.h"

#include "ops/support/clock.h"
#include "producer/bus.h"
#include "producer/cli/meter.h"

#include <librdkafka/rdkafka.h>

enum {
	POLL_MS = 100,
	KAFKA_WAIT_MS = 5000,
	IDLE_MS = 10000, /* when the session does not say how long to wait */
};

/* One partition of the topic. */
struct span {
	int64_t low;
	int64_t end;   /* the high watermark: open transactions are waited for */
	int64_t begin; /* of this reading */
	int64_t at;    /* the next offset to read */
};

struct topic_reader {
	struct session *session;
	enum topic topic;
	const char *what;
	rd_kafka_t *asker;  /* read_uncommitted: learns the real ends */
	rd_kafka_t *reader; /* read_committed */
	struct span *spans;
	int partitions;
	rd_kafka_message_t *held; /* what was given out last */
	struct meter meter;
};

int topic_reader_partitions(const struct topic_reader *r)
{
	return r->partitions;
}

/* ---- the topic ---- */

static int ask_spans(struct topic_reader *r, struct error *err)
{
	int rc = 0;

	for (int i = 0; !rc && i < r->partitions; i++)
		rc = bus_range(r->asker, r->topic, i, &r->spans[i].low, &r->spans[i].end, err);
	return rc;
}

int topic_reader_open(struct topic_reader **out, struct session *s, enum topic topic,
		      const char *what, struct error *err)
{
	struct topic_reader *r = arena_zalloc(&s->arena, 1, sizeof(*r));
	int wait_ms = s->wait_ms && s->wait_ms < KAFKA_WAIT_MS ? (int)s->wait_ms : KAFKA_WAIT_MS;
	struct deployment d = { .partitions = 0 };
	int rc;

	r->session = s;
	r->topic = topic;
	r->what = what;
	rc = bus_open_reader(&r->asker, s->config, false, err);
	if (!rc)
		rc = bus_deployment(r->asker, config_get(s->config, "brokers"), wait_ms, &d, err);
	r->partitions = d.partitions;
	r->spans = arena_zalloc(&s->arena, (size_t)r->partitions + 1, sizeof(*r->spans));
	if (!rc)
		rc = ask_spans(r, err);
	if (!rc)
		rc = bus_open_reader(&r->reader, s->config, true, err);
	if (rc)
		topic_reader_close(&r);
	else
		*out = r;
	return rc;
}

static void drop_held(struct topic_reader *r)
{
	if (r->held)
		rd_kafka_message_destroy(r->held);
	r->held = NULL;
}

void topic_reader_close(struct topic_reader **rp)
{
	struct topic_reader *r = *rp;

	if (!r)
		return;
	drop_held(r);
	meter_end(&r->meter);
	bus_close(&r->reader);
	bus_close(&r->asker);
	*rp = NULL;
}

/* ---- where to begin ---- */

/* Begins to read where the spans say, without those that are read to their end. */
static int assign_spans(struct topic_reader *r, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(r->partitions);
	rd_kafka_resp_err_t code;

	drop_held(r);
	for (int i = 0; i < r->partitions; i++)
		if (r->spans[i].at < r->spans[i].end)
			rd_kafka_topic_partition_list_add(list, topic_name(r->topic), i)->offset =
				r->spans[i].at;
	code = rd_kafka_assign(r->reader, list);
	rd_kafka_topic_partition_list_destroy(list);
	meter_begin(&r->meter);
	return code ? error_set(err, ERROR_UNAVAILABLE, "%s cannot be read: %s",
				topic_name(r->topic), rd_kafka_err2str(code))
		    : 0;
}

int topic_reader_begin(struct topic_reader *r, int64_t newest, bool *whole, struct error *err)
{
	bool all = true;
	int rc;

	for (int i = 0; i < r->partitions; i++) {
		struct span *s = &r->spans[i];

		s->begin = newest && s->end - s->low > newest ? s->end - newest : s->low;
		s->at = s->begin;
		all = all && s->begin == s->low;
	}
	rc = assign_spans(r, err);
	if (!rc)
		*whole = all;
	return rc;
}

int topic_reader_seek(struct topic_reader *r, const struct position *at, struct error *err)
{
	if (at->partition >= r->partitions || at->offset < r->spans[at->partition].low ||
	    at->offset >= r->spans[at->partition].end)
		return error_set(err, ERROR_INPUT, "%s has no record at %d:%lld",
				 topic_name(r->topic), at->partition, (long long)at->offset);
	for (int i = 0; i < r->partitions; i++) {
		struct span *s = &r->spans[i];

		s->begin = i == at->partition ? at->offset : s->end;
		s->at = s->begin;
	}
	return assign_spans(r, err);
}

int topic_reader_extend(struct topic_reader *r, struct error *err)
{
	int rc = ask_spans(r, err);

	return rc ? rc : assign_spans(r, err);
}

/* ---- reading ---- */

static void show_progress(struct topic_reader *r)
{
	size_t all = 0;
	size_t done = 0;

	for (int i = 0; i < r->partitions; i++) {
		const struct span *s = &r->spans[i];
		int64_t at = s->at < s->end ? s->at : s->end;

		all += (size_t)(s->end - s->begin);
		done += (size_t)(at - s->begin);
	}
	meter_show(&r->meter, r->what, done, all);
}

/* The first partition that is not read to its end, or NULL. */
static const struct span *find_unfinished(const struct topic_reader *r)
{
	for (int i = 0; i < r->partitions; i++)
		if (r->spans[i].at < r->spans[i].end)
			return &r->spans[i];
	return NULL;
}

static int complain_stuck(const struct topic_reader *r, const struct span *s, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "%s partition %d could be read to offset %lld, but not to its end at "
			 "%lld; try again shortly",
			 topic_name(r->topic), (int)(s - r->spans), (long long)s->at,
			 (long long)s->end);
}

/* Waits for the next record before the ends, and holds it; holds none when all are read. */
static int hold_next(struct topic_reader *r, struct error *err)
{
	int64_t wait_ms = r->session->wait_ms ? r->session->wait_ms : IDLE_MS;
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	const struct span *left = find_unfinished(r);
	int rc = 0;

	drop_held(r);
	for (; !rc && left && !r->held; left = find_unfinished(r)) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(r->reader, POLL_MS);
		struct span *s = m && m->rkt ? &r->spans[m->partition] : NULL;

		if (s && m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			s->at = m->offset > s->at ? m->offset : s->at;
		if (s && !m->err)
			s->at = m->offset + 1;
		if (s)
			rc = bus_check_readable(m, err);
		if (s && !m->err && m->offset < s->end && !bus_is_orphan(m))
			r->held = m;
		else if (m)
			rd_kafka_message_destroy(m);
		if (!m && clock_monotonic_ms() > deadline)
			rc = complain_stuck(r, left, err);
	}
	return rc;
}

int topic_reader_next(struct topic_reader *r, const struct rd_kafka_message_s **out,
		      struct error *err)
{
	int rc = hold_next(r, err);

	show_progress(r);
	if (rc || !r->held)
		meter_end(&r->meter);
	if (!rc)
		*out = r->held;
	return rc;
}
