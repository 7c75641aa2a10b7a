/*
 * Stands in for ops/support/waker.h: waiting takes the simulation's time. What
 * arrives from outside the process wakes nobody here; so the loop looks for it
 * now and then, as waker_wait() may return early.
 */

#include "ops/support/waker.h"

#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

enum { LOOK_AGAIN_MS = 200 }; /* long, so that an idle second is few turns */

void waker_wake(const struct waker *w)
{
	step_wake(w);
}

void waker_wait(const struct waker *w, int64_t deadline_ms)
{
	int64_t left = deadline_ms - schedule.now_ms;

	if (left > 0)
		step_wait(w, left < LOOK_AGAIN_MS ? (int)left : LOOK_AGAIN_MS);
}
