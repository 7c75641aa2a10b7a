#include "consumer/clearing.h"

#include "ops/support/clock.h"

#include <assert.h>
#include <time.h>

enum {
	ROUNDS = 3, /* what is still where it was after that is probably somebody else's */
	UNCLEAR_WAIT_MS = 25000, /* longer than brokers leave an abandoned transaction open */
	PAUSE_MS = 100,
};

/* One round; *least becomes the least settled state. */
static int clear_each(struct transactor *const *all, int count, enum orphans_state *states,
		      enum orphans_state *least, struct error *err)
{
	int rc = 0;

	*least = ORPHANS_NONE;
	for (int i = 0; !rc && i < count; i++) {
		if (states[i] < ORPHANS_LEFT)
			rc = transactor_clear(all[i], &states[i], err);
		if (states[i] < *least)
			*least = states[i];
	}
	for (int i = 0; !rc && i < count; i++)
		rc = transactor_wait(all[i], err);
	return rc;
}

/* Why the first that is still UNCLEAR is so. */
static int explain_first(struct transactor *const *all, const enum orphans_state *states, int count,
			 struct error *err)
{
	int i = 0;

	while (i + 1 < count && states[i] != ORPHANS_UNCLEAR)
		i++;
	transactor_explain(all[i], err);
	return ERROR_UNAVAILABLE;
}

int clearing_run(struct transactor *const *all, int count, struct error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	enum orphans_state states[CLEARING_TRANSACTORS_MAX] = { ORPHANS_UNCLEAR };
	enum orphans_state least;
	int64_t deadline_ms = clock_monotonic_ms() + UNCLEAR_WAIT_MS;
	bool late;
	int rc;

	assert(count <= CLEARING_TRANSACTORS_MAX);
	for (int round = 1;; round++) {
		rc = clear_each(all, count, states, &least, err);
		if (rc || least >= ORPHANS_LEFT)
			return rc;
		late = clock_monotonic_ms() >= deadline_ms;
		if (least == ORPHANS_DOUBTED && (round >= ROUNDS || late))
			return 0;
		if (late)
			return explain_first(all, states, count, err);
		(void)nanosleep(&pause, NULL);
	}
}

int clearing_repeat(struct transactor *t, struct error *err)
{
	enum orphans_state state;
	int rc = transactor_clear(t, &state, err);

	return rc ? rc : transactor_wait(t, err);
}
