#include "consumer/evidence.h"

#include "consumer/group_offsets.h"
#include "ops/support/clock.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

enum { READ_WAIT_MS = 10000, POLL_MS = 100 };

/* A reading of logs from the transaction's first record there on. */
struct reading {
	const struct config *config;
	rd_kafka_t *reader;
	const struct footprint *footprint;
	bool *wanted; /* by log: nothing is known of it yet */
	bool *seen;   /* by log: the record is there */
	size_t left;  /* how many are wanted */
};

static bool is_log(const struct output_log *log, const rd_kafka_message_t *m)
{
	return m->partition == log->partition && m->rkt &&
	       strcmp(rd_kafka_topic_name(m->rkt), topic_name(log->topic)) == 0;
}

/*
 * The first thing that a reader sees of a log is the record, one after it, a batch that cannot
 * be unpacked, or the log's end. Such a batch is not ours, and the client gives nothing after it.
 */
static void take_message(struct reading *r, const rd_kafka_message_t *m)
{
	if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF && !bus_is_unreadable(m))
		return;
	for (size_t i = 0; i < r->footprint->logs; i++) {
		const struct output_log log = footprint_log(r->footprint, i);

		if (!r->wanted[i] || !is_log(&log, m))
			continue;
		r->seen[i] = !m->err && m->offset == r->footprint->first[i];
		r->wanted[i] = false;
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

		if (!r->wanted[i])
			continue;
		rd_kafka_topic_partition_list_add(where, topic_name(log.topic), log.partition)
			->offset = r->footprint->first[i];
	}
	(void)rd_kafka_poll_set_consumer(r->reader);
	code = rd_kafka_assign(r->reader, where);
	rd_kafka_topic_partition_list_destroy(where);
	return code ? error_set(err, ERROR_UNAVAILABLE, "the outputs cannot be read: %s",
				rd_kafka_err2str(code))
		    : 0;
}

/* Takes the message, which may be NULL, and destroys it. */
static int handle_message(struct reading *r, rd_kafka_message_t *m, struct error *err)
{
	struct error why = { 0 };

	if (!m)
		return 0;
	if (!bus_check_allowed(m, &why))
		take_message(r, m);
	rd_kafka_message_destroy(m);
	return why.code ? error_set(err, ERROR_UNAVAILABLE, "%s", why.text) : 0;
}

static int read_all(struct reading *r, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + READ_WAIT_MS;

	while (r->left) {
		int rc = handle_message(r, rd_kafka_consumer_poll(r->reader, POLL_MS), err);

		if (rc)
			return rc;
		if (clock_monotonic_ms() >= deadline_ms)
			return error_set(err, ERROR_UNAVAILABLE,
					 "what a transaction has left cannot be read in time");
	}
	return 0;
}

/* Sets of all logs in that state whether the record is seen; of the others, that it is not. */
static int read_those(struct reading *r, const enum remains *list, enum remains state,
		      bool committed, struct error *err)
{
	int rc = 0;

	r->left = 0;
	for (size_t i = 0; i < r->footprint->logs; i++) {
		r->wanted[i] = list[i] == state;
		r->seen[i] = false;
		r->left += r->wanted[i];
	}
	if (!r->left)
		return 0;
	rc = bus_open_reader(&r->reader, r->config, committed, err);
	if (rc)
		return rc;
	rc = begin_reading(r, err);
	if (!rc)
		rc = read_all(r, err);
	(void)rd_kafka_consumer_close(r->reader);
	bus_close(&r->reader);
	return rc;
}

int evidence_read(const struct config *config, const struct footprint *f, enum remains *list,
		  struct error *err)
{
	struct reading r = { .config = config, .footprint = f };
	int rc;

	r.wanted = memory_zalloc(f->logs, sizeof(*r.wanted));
	r.seen = memory_zalloc(f->logs, sizeof(*r.seen));
	rc = read_those(&r, list, REMAINS_CLOSED, true, err);
	for (size_t i = 0; !rc && i < f->logs; i++)
		if (list[i] == REMAINS_CLOSED)
			list[i] = r.seen[i] ? REMAINS_COMMITTED : REMAINS_ABORTED;
	if (!rc)
		rc = read_those(&r, list, REMAINS_ABORTED, false, err);
	for (size_t i = 0; !rc && i < f->logs; i++)
		if (list[i] == REMAINS_ABORTED && !r.seen[i])
			list[i] = REMAINS_NOTHING;
	free(r.wanted);
	free(r.seen);
	return rc;
}

int evidence_ask_offsets(struct group_asker *asker, const char *group, const struct footprint *f,
			 struct offsets_sight *out, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = NULL;
	int rc = group_offsets_ask(asker, group, &list, err);

	if (rc)
		return rc;
	*out = (struct offsets_sight){ false, false };
	for (int p = 0; p < f->partitions; p++) {
		const rd_kafka_topic_partition_t *is =
			rd_kafka_topic_partition_list_find(list, topic_name(TOPIC_COMMANDS), p);
		bool reached = is && is->offset >= f->applied[p];

		if (f->applied[p] == FOOTPRINT_NOWHERE)
			continue;
		out->reached = out->reached || (reached && group_offset_is_signed(is));
		out->lacks = out->lacks || !reached;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return 0;
}
