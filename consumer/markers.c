#include "consumer/markers.h"

#include "consumer/log_ends.h"
#include "ops/support/clock.h"
#include "ops/support/memory.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <time.h>

enum {
	MARKER_WAIT_MS = 10000,
	PAUSE_MS = 2,
	ASK_WAIT_MS = 2000,
};

void markers_init(struct markers *m, rd_kafka_t *producer, int partitions)
{
	*m = (struct markers){ producer, partitions, NULL };
	m->written = memory_zalloc((size_t)partitions, sizeof(*m->written));
	markers_begin(m);
}

void markers_done(struct markers *m)
{
	free(m->written);
	*m = (struct markers){ 0 };
}

void markers_begin(struct markers *m)
{
	for (int i = 0; i < m->partitions; i++)
		m->written[i] = -1;
}

void markers_note(struct markers *m, const rd_kafka_message_t *delivered)
{
	int64_t *last = &m->written[delivered->partition];

	if (delivered->offset > *last)
		*last = delivered->offset;
}

static size_t list_written(const struct markers *m, struct log_end *list)
{
	size_t count = 0;

	for (int i = 0; i < m->partitions; i++)
		if (m->written[i] >= 0)
			list[count++] = (struct log_end){ TOPIC_GRANTS, i, 0 };
	return count;
}

/* Do readers get beyond what was written to one of the logs? Nobody else's records are before it. */
static bool any_marked(const struct markers *m, struct log_end *list, size_t count)
{
	if (log_ends_ask(m->producer, list, count, ASK_WAIT_MS, NULL))
		return false;
	for (size_t i = 0; i < count; i++)
		if (list[i].offset > m->written[list[i].partition])
			return true;
	return false;
}

int markers_wait(const struct markers *m, struct error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int64_t deadline_ms = clock_monotonic_ms() + MARKER_WAIT_MS;
	struct log_end list[PARTITIONS_MAX];
	size_t count = list_written(m, list);

	while (!any_marked(m, list, count)) {
		if (clock_monotonic_ms() >= deadline_ms)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the brokers have ended a transaction, but readers do not "
					 "see that");
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}
