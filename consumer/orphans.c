#include "consumer/orphans.h"

#include "consumer/kafka_error.h"
#include "consumer/log_ends.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

enum {
	ASK_WAIT_MS = 5000, /* as long as a log without a leader holds up the answer */
	ABORT_WAIT_MS = 10000,
};

static const enum topic outputs[] = { TOPIC_EVENTS, TOPIC_NOTIFICATIONS, TOPIC_GRANTS,
				      TOPIC_DEADLETTER };

enum { OUTPUTS = sizeof(outputs) / sizeof(outputs[0]) };

/* The logs of all outputs: where committed records end, and where the logs themselves do. */
struct span {
	struct log_end *stable;
	struct log_end *real;
	size_t count;
};

static void list_outputs(struct span *s, int partitions)
{
	s->stable = memory_zalloc(OUTPUTS * (size_t)partitions, sizeof(*s->stable));
	s->real = memory_zalloc(OUTPUTS * (size_t)partitions, sizeof(*s->real));
	s->count = 0;
	for (size_t i = 0; i < OUTPUTS; i++)
		for (int p = 0; p < topic_partitions(outputs[i], partitions); p++)
			s->stable[s->count++] = (struct log_end){ outputs[i], p, 0 };
	memcpy(s->real, s->stable, s->count * sizeof(*s->real));
}

/* In this order: records that come in between make a log look open, and not closed. */
static int ask_ends(struct span *s, rd_kafka_t *producer, const struct config *config,
		    struct error *err)
{
	rd_kafka_t *reader = NULL;
	int rc = log_ends_ask(producer, s->stable, s->count, ASK_WAIT_MS, err);

	if (!rc)
		rc = bus_open_reader(&reader, config, false, err);
	if (!rc)
		rc = log_ends_ask(reader, s->real, s->count, ASK_WAIT_MS, err);
	bus_close(&reader);
	return rc;
}

static bool is_known(const struct span *s, size_t i)
{
	return s->stable[i].offset != LOG_END_UNKNOWN && s->real[i].offset != LOG_END_UNKNOWN;
}

static bool is_open(const struct span *s, size_t i)
{
	return is_known(s, i) && s->stable[i].offset < s->real[i].offset;
}

static bool is_complete(const struct span *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!is_known(s, i))
			return false;
	return true;
}

/* A log of sharing.grants in which nobody hides the marker from us, or any other; -1: none answers. */
static int witness_of(const struct span *s)
{
	int witness = -1;

	for (size_t i = 0; i < s->count; i++)
		if (s->stable[i].topic == TOPIC_GRANTS && is_known(s, i) &&
		    (witness < 0 || !is_open(s, i)))
			witness = (int)i;
	return witness;
}

/* Writes to the logs in which something is open, and to the one that shows the marker. */
static int touch_logs(const struct sender *sender, const struct span *s, struct error *err)
{
	const struct error none = { 0 };
	int witness = witness_of(s);
	int rc = 0;

	if (witness < 0)
		return error_set(err, ERROR_UNAVAILABLE, "no partition of %s has a leader",
				 topic_name(TOPIC_GRANTS));
	for (size_t i = 0; !rc && i < s->count; i++)
		if ((int)i == witness || is_open(s, i))
			rc = sender_touch(sender, s->stable[i].topic, s->stable[i].partition, err);
	return rc ? rc : sender_flush(sender, &none, err);
}

/* Adds offsets in nobody's name. They never count, because the transaction is aborted. */
static int touch_offsets(const struct sender *sender, const char *group, struct error *err)
{
	rd_kafka_consumer_group_metadata_t *m = rd_kafka_consumer_group_metadata_new(group);
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
	int rc;

	rd_kafka_topic_partition_list_add(offsets, topic_name(TOPIC_COMMANDS), 0)->offset = 0;
	rc = sender_add_offsets(sender, offsets, m, "aborting orphaned offsets", err);
	rd_kafka_consumer_group_metadata_destroy(m);
	rd_kafka_topic_partition_list_destroy(offsets);
	return rc;
}

/* Ends the transaction, also if writing to it has failed. */
static int end_aborted(rd_kafka_t *producer, int rc, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_abort_transaction(producer, ABORT_WAIT_MS);

	if (!rc)
		return e ? kafka_error(e, "aborting orphaned transactions", err) : 0;
	if (e)
		rd_kafka_error_destroy(e);
	return rc;
}

static int abort_open(const struct sender *sender, struct markers *m, const struct span *s,
		      const char *group, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_begin_transaction(sender->producer);
	int rc;

	if (e)
		return kafka_error(e, "beginning to abort orphaned transactions", err);
	markers_begin(m);
	rc = touch_logs(sender, s, err);
	if (!rc)
		rc = touch_offsets(sender, group, err);
	rc = end_aborted(sender->producer, rc, err);
	if (rc == ERROR_REFUSED) /* the topic went meanwhile; the next time it is passed over */
		rc = err->code = ERROR_UNAVAILABLE;
	return rc;
}

int orphans_abort(const struct sender *sender, struct markers *m, const struct config *config,
		  bool *all, struct error *err)
{
	struct span s;
	int rc;

	list_outputs(&s, m->partitions);
	rc = ask_ends(&s, sender->producer, config, err);
	if (!rc) {
		*all = is_complete(&s);
		rc = abort_open(sender, m, &s, config_get(config, "consumer-group"), err);
	}
	free(s.stable);
	free(s.real);
	return rc;
}
