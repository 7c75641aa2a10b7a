#include "consumer/evidence.h"

#include "consumer/group_offsets.h"
#include "ops/support/clock.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

enum { READ_WAIT_MS = 10000, POLL_MS = 100 };

/* A reading of all closed logs. */
struct reading {
	rd_kafka_t *reader;
	const struct footprint *footprint;
	enum remains *list;
	size_t left; /* logs of which nothing is known yet */
};

static bool is_log(const struct output_log *log, const rd_kafka_message_t *m)
{
	return m->partition == log->partition && m->rkt &&
	       strcmp(rd_kafka_topic_name(m->rkt), topic_name(log->topic)) == 0;
}

/* What has the log, when the first thing that a reader sees there is the message, or its end? */
static enum remains remains_seen(const struct reading *r, const rd_kafka_message_t *m,
				 int64_t first)
{
	int64_t low = 0;
	int64_t high = 0;

	if (!m->err && m->offset == first)
		return REMAINS_COMMITTED;
	(void)rd_kafka_get_watermark_offsets(r->reader, rd_kafka_topic_name(m->rkt), m->partition,
					     &low, &high);
	return low > first ? REMAINS_NOTHING : REMAINS_ABORTED;
}

static void take_message(struct reading *r, const rd_kafka_message_t *m)
{
	if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return;
	for (size_t i = 0; i < r->footprint->logs; i++) {
		const struct output_log log = footprint_log(r->footprint, i);

		if (r->list[i] != REMAINS_CLOSED || !is_log(&log, m))
			continue;
		r->list[i] = remains_seen(r, m, r->footprint->first[i]);
		r->left--;
	}
}

static int begin_reading(struct reading *r, struct error *err)
{
	rd_kafka_topic_partition_list_t *where =
		rd_kafka_topic_partition_list_new((int)r->footprint->logs);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < r->footprint->logs; i++) {
		const struct output_log log = footprint_log(r->footprint, i);

		if (r->list[i] != REMAINS_CLOSED)
			continue;
		rd_kafka_topic_partition_list_add(where, topic_name(log.topic), log.partition)
			->offset = r->footprint->first[i];
		r->left++;
	}
	(void)rd_kafka_poll_set_consumer(r->reader);
	code = rd_kafka_assign(r->reader, where);
	rd_kafka_topic_partition_list_destroy(where);
	return code ? error_set(err, ERROR_UNAVAILABLE, "the outputs cannot be read: %s",
				rd_kafka_err2str(code))
		    : 0;
}

static int read_all(struct reading *r, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + READ_WAIT_MS;

	while (r->left) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(r->reader, POLL_MS);

		if (m)
			take_message(r, m);
		if (m)
			rd_kafka_message_destroy(m);
		if (clock_monotonic_ms() >= deadline_ms)
			return error_set(err, ERROR_UNAVAILABLE,
					 "what a transaction has left cannot be read in time");
	}
	return 0;
}

int evidence_read(const struct config *config, const struct footprint *f, enum remains *list,
		  struct error *err)
{
	struct reading r = { .footprint = f, .list = list };
	int rc = bus_open_reader(&r.reader, config, true, err);

	if (rc)
		return rc;
	rc = begin_reading(&r, err);
	if (!rc)
		rc = read_all(&r, err);
	(void)rd_kafka_consumer_close(r.reader);
	bus_close(&r.reader);
	return rc;
}

int evidence_ask_offsets(struct rd_kafka_s *client, const char *group, const struct footprint *f,
			 struct offsets_sight *out, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = NULL;
	int rc = group_offsets_ask(client, group, &list, err);

	if (rc)
		return rc;
	*out = (struct offsets_sight){ false, false };
	for (int p = 0; p < f->partitions; p++) {
		const rd_kafka_topic_partition_t *is =
			rd_kafka_topic_partition_list_find(list, topic_name(TOPIC_COMMANDS), p);
		bool reached = is && is->offset >= f->applied[p];

		if (f->applied[p] == FOOTPRINT_NOWHERE)
			continue;
		out->reached = out->reached || reached;
		out->lacks = out->lacks || !reached;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return 0;
}
