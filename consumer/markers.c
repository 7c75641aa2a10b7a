#include "consumer/markers.h"

#include "consumer/log_ends.h"
#include "ops/support/clock.h"
#include "ops/support/memory.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <time.h>

enum {
	MARKER_WAIT_MS = 10000,
	HIDDEN_WAIT_MS = 25000, /* longer than brokers leave an abandoned transaction open */
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
		m->written[i].last = -1;
}

void markers_note(struct markers *m, const rd_kafka_message_t *delivered)
{
	struct written *w = &m->written[delivered->partition];
	int64_t offset = delivered->offset;

	if (w->last < 0)
		*w = (struct written){ offset, offset };
	w->first = offset < w->first ? offset : w->first;
	w->last = offset > w->last ? offset : w->last;
}

enum marker_sign marker_sign_of(const struct written *w, int64_t stable)
{
	if (w->last < 0 || stable < w->first)
		return MARKER_HIDDEN;
	return stable > w->last ? MARKER_WRITTEN : MARKER_MISSING;
}

static size_t list_written(const struct markers *m, struct log_end *list)
{
	size_t count = 0;

	for (int i = 0; i < m->partitions; i++)
		if (m->written[i].last >= 0)
			list[count++] = (struct log_end){ TOPIC_GRANTS, i, 0 };
	return count;
}

/* What the logs say together; one that does not answer counts as one without a marker. */
static enum marker_sign look_at_logs(const struct markers *m, struct log_end *list, size_t count)
{
	enum marker_sign sign = MARKER_HIDDEN;

	if (log_ends_ask(m->producer, list, count, ASK_WAIT_MS, NULL))
		return MARKER_MISSING;
	for (size_t i = 0; i < count; i++) {
		const struct written *w = &m->written[list[i].partition];
		enum marker_sign one = list[i].offset == LOG_END_UNKNOWN
					       ? MARKER_MISSING
					       : marker_sign_of(w, list[i].offset);

		sign = one > sign ? one : sign;
	}
	return sign;
}

int markers_wait(const struct markers *m, struct error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	int64_t began_ms = clock_monotonic_ms();
	struct log_end list[PARTITIONS_MAX];
	size_t count = list_written(m, list);
	enum marker_sign sign;

	while ((sign = look_at_logs(m, list, count)) != MARKER_WRITTEN) {
		int64_t wait_ms = sign == MARKER_HIDDEN ? HIDDEN_WAIT_MS : MARKER_WAIT_MS;

		if (clock_monotonic_ms() - began_ms >= wait_ms)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the brokers have ended a transaction, but readers do not "
					 "see that");
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}
