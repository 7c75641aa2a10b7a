/*
 * Stands in for ops/support/waker.h, in the simulation's time. Arrivals from
 * outside the process wake nobody here. So waiting returns early, which
 * waker_wait() may, for the loop to look for them.
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

	if (left <= 0)
		return;
	process_current()->waited = true;
	step_wait(w, left < LOOK_AGAIN_MS ? (int)left : LOOK_AGAIN_MS);
}
