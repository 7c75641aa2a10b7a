#ifndef SB_SUPPORT_WAKER_H
#define SB_SUPPORT_WAKER_H

/*
 * Lets a loop sleep until a deadline or until something happens elsewhere: a
 * pipe that one thread waits on and everybody else may write to. Waking is
 * remembered: a loop that was woken before it sleeps does not sleep.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stdint.h>

struct waker {
	int read_fd;
	int write_fd;
};

/* ERROR_UNAVAILABLE when the process has no file descriptors left. */
MUST_USE int waker_open(struct waker *w, struct error *err);
void waker_close(struct waker *w);

/* Ends waker_wait(), now or the next one. From any thread, and from a signal handler. */
void waker_wake(const struct waker *w);

/*
 * Waits until it is woken or CLOCK_MONOTONIC reaches deadline_ms, whichever
 * comes first; may return earlier. One thread.
 */
void waker_wait(const struct waker *w, int64_t deadline_ms);

#endif
