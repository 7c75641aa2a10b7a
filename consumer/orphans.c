#include "consumer/orphans.h"

#include "consumer/kafka_error.h"
#include "consumer/log_ends.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

enum { BROKER_WAIT_MS = 30000 };

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
	int rc = log_ends_ask(producer, s->stable, s->count, BROKER_WAIT_MS, err);

	if (!rc)
		rc = bus_open_reader(&reader, config, false, err);
	if (!rc)
		rc = log_ends_ask(reader, s->real, s->count, BROKER_WAIT_MS, err);
	bus_close(&reader);
	return rc;
}

static bool is_open(const struct span *s, size_t i)
{
	return s->stable[i].offset < s->real[i].offset;
}

/* Is a transaction open that may be ours? Each of ours writes to sharing.grants. */
static bool any_open(const struct span *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->stable[i].topic == TOPIC_GRANTS && is_open(s, i))
			return true;
	return false;
}

/* Writes to the logs in which something is open, and to all of sharing.grants, for markers_wait(). */
static int touch_logs(const struct sender *sender, const struct span *s, struct error *err)
{
	const struct error none = { 0 };
	int rc = 0;

	for (size_t i = 0; !rc && i < s->count; i++)
		if (s->stable[i].topic == TOPIC_GRANTS || is_open(s, i))
			rc = sender_touch(sender, s->stable[i].topic, s->stable[i].partition, err);
	return rc ? rc : sender_flush(sender, &none, err);
}

/* Adds offsets in nobody's name. They never count, because the transaction is aborted. */
static int touch_offsets(rd_kafka_t *producer, const char *group, struct error *err)
{
	rd_kafka_consumer_group_metadata_t *m = rd_kafka_consumer_group_metadata_new(group);
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
	bool again = true;
	int rc = 0;

	rd_kafka_topic_partition_list_add(offsets, topic_name(TOPIC_COMMANDS), 0)->offset = 0;
	while (!rc && again)
		rc = kafka_settle(rd_kafka_send_offsets_to_transaction(producer, offsets, m, -1),
				  "aborting orphaned offsets", &again, err);
	rd_kafka_consumer_group_metadata_destroy(m);
	rd_kafka_topic_partition_list_destroy(offsets);
	return rc;
}

static int abort_open(const struct sender *sender, struct markers *m, const struct span *s,
		      const char *group, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_begin_transaction(sender->producer);
	int rc = e ? kafka_error(e, "beginning to abort orphaned transactions", err) : 0;

	markers_begin(m);
	if (!rc)
		rc = touch_logs(sender, s, err);
	if (!rc)
		rc = touch_offsets(sender->producer, group, err);
	if (rc)
		return rc;
	e = rd_kafka_abort_transaction(sender->producer, BROKER_WAIT_MS);
	return e ? kafka_error(e, "aborting orphaned transactions", err) : markers_wait(m, err);
}

int orphans_abort(const struct sender *sender, struct markers *m, const struct config *config,
		  struct error *err)
{
	struct span s;
	int rc;

	list_outputs(&s, m->partitions);
	rc = ask_ends(&s, sender->producer, config, err);
	if (!rc && any_open(&s))
		rc = abort_open(sender, m, &s, config_get(config, "consumer-group"), err);
	free(s.stable);
	free(s.real);
	return rc;
}
