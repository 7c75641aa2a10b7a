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

int clearing_run(struct transactor *const *all, int count, struct error *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	enum orphans_state states[CLEARING_TRANSACTORS_MAX] = { ORPHANS_UNCLEAR };
	enum orphans_state least;
	int64_t deadline_ms = clock_monotonic_ms() + UNCLEAR_WAIT_MS;
	int rc;

	assert(count <= CLEARING_TRANSACTORS_MAX);
	for (int round = 1;; round++) {
		rc = clear_each(all, count, states, &least, err);
		if (rc || least >= ORPHANS_LEFT)
			return rc;
		if (least == ORPHANS_DOUBTED && round >= ROUNDS)
			return 0;
		if (clock_monotonic_ms() >= deadline_ms)
			return error_set(err, ERROR_UNAVAILABLE,
					 "a transaction that another program has open hides what "
					 "became of ours");
		(void)nanosleep(&pause, NULL);
	}
}

int clearing_repeat(struct transactor *t, struct error *err)
{
	enum orphans_state state;
	int rc = transactor_clear(t, &state, err);

	return rc ? rc : transactor_wait(t, err);
}
