#include "consumer/markers.h"

#include "consumer/evidence.h"
#include "consumer/log_ends.h"
#include "ops/support/clock.h"
#include "ops/support/memory.h"

#include <stdlib.h>
#include <time.h>

enum {
	MARKER_WAIT_MS = 10000,
	HIDDEN_WAIT_MS = 25000, /* longer than brokers leave an abandoned transaction open */
	PAUSE_MS = 2,
	ASK_WAIT_MS = 2000,
};

static void take_pause(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	(void)nanosleep(&pause, NULL);
}

enum marker_sign marker_sign_of(int64_t first, int64_t stable)
{
	if (stable < first)
		return MARKER_HIDDEN;
	return stable > first ? MARKER_WRITTEN : MARKER_MISSING;
}

enum marker_sign markers_sign_in(const struct footprint *f, size_t i, int64_t stable)
{
	int64_t first = f->first[i];
	int64_t owed = f->owed[i];
	enum marker_sign sign = marker_sign_of(owed == FOOTPRINT_NOWHERE ? first : owed, stable);

	if (sign == MARKER_WRITTEN && first != FOOTPRINT_NOWHERE)
		sign = marker_sign_of(first, stable);
	return sign;
}

void markers_settle(struct footprint *f, size_t i, enum marker_sign sign)
{
	if (sign == MARKER_WRITTEN)
		f->owed[i] = FOOTPRINT_NOWHERE;
	else if (f->first[i] != FOOTPRINT_NOWHERE)
		f->owed[i] = f->first[i];
	f->first[i] = FOOTPRINT_NOWHERE;
}

/* The logs that are waited for, and what they say. */
struct look {
	struct log_end *ends;
	size_t *index; /* of each in the footprint */
	size_t count;
	size_t missing;
	size_t written;
};

static void list_logs(struct look *l, const struct footprint *f)
{
	*l = (struct look){ .ends = memory_zalloc(f->logs, sizeof(*l->ends)),
			    .index = memory_zalloc(f->logs, sizeof(*l->index)) };
	for (size_t i = 0; i < f->logs; i++) {
		struct output_log log = footprint_log(f, i);

		if (f->first[i] == FOOTPRINT_NOWHERE && f->owed[i] == FOOTPRINT_NOWHERE)
			continue;
		l->index[l->count] = i;
		l->ends[l->count++] = (struct log_end){ log.topic, log.partition, 0 };
	}
}

/* A log that does not answer counts as one without a marker, but not for what is owed. */
static enum marker_sign sign_in(const struct look *l, const struct footprint *f, size_t n)
{
	size_t i = l->index[n];

	if (l->ends[n].offset == LOG_END_UNKNOWN)
		return f->first[i] == FOOTPRINT_NOWHERE ? MARKER_HIDDEN : MARKER_MISSING;
	return markers_sign_in(f, i, l->ends[n].offset);
}

/* False: there is no answer, and all are taken for missing. */
static bool look_at_logs(struct look *l, struct rd_kafka_s *client, const struct footprint *f)
{
	l->missing = l->count;
	l->written = 0;
	if (log_ends_ask(client, l->ends, l->count, ASK_WAIT_MS, NULL))
		return false;
	l->missing = 0;
	for (size_t n = 0; n < l->count; n++) {
		enum marker_sign sign = sign_in(l, f, n);

		l->missing += sign == MARKER_MISSING;
		l->written += sign == MARKER_WRITTEN;
	}
	return true;
}

/* Sets what is known now. */
static void note_signs(const struct look *l, struct footprint *f)
{
	for (size_t n = 0; n < l->count; n++)
		markers_settle(f, l->index[n], sign_in(l, f, n));
}

static void free_look(struct look *l)
{
	free(l->ends);
	free(l->index);
}

bool markers_look(struct rd_kafka_s *client, struct footprint *f)
{
	struct look l;
	bool answered;

	list_logs(&l, f);
	answered = look_at_logs(&l, client, f);
	if (answered)
		note_signs(&l, f);
	free_look(&l);
	return answered && l.missing;
}

static int give_up(struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "the brokers have ended a transaction, but readers do not see that");
}

static int wait_for_logs(struct look *l, struct rd_kafka_s *client, const struct footprint *f,
			 struct error *err)
{
	int64_t began_ms = clock_monotonic_ms();

	if (!l->count)
		return 0;
	for (;;) {
		(void)look_at_logs(l, client, f);
		if (!l->missing && l->written)
			return 0;
		if (clock_monotonic_ms() - began_ms >=
		    (l->missing ? MARKER_WAIT_MS : HIDDEN_WAIT_MS))
			return give_up(err);
		take_pause();
	}
}

/* They have a marker of their own. */
static int wait_for_offsets(struct group_asker *asker, const char *group, const struct footprint *f,
			    struct error *err)
{
	int64_t began_ms = clock_monotonic_ms();
	struct offsets_sight sight = { .lacks = footprint_takes(f) };

	while (sight.lacks) {
		int rc = evidence_ask_offsets(asker, group, f, &sight, err);

		if (rc || !sight.lacks)
			return rc;
		if (clock_monotonic_ms() - began_ms >= MARKER_WAIT_MS)
			return give_up(err);
		take_pause();
	}
	return 0;
}

int markers_wait(struct rd_kafka_s *client, struct group_asker *asker, const char *group,
		 struct footprint *f, struct error *err)
{
	struct look l;
	int rc;

	list_logs(&l, f);
	rc = wait_for_logs(&l, client, f, err);
	if (!rc)
		rc = wait_for_offsets(asker, group, f, err);
	if (!rc)
		note_signs(&l, f);
	free_look(&l);
	return rc;
}
