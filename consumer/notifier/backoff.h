#ifndef SB_CONSUMER_NOTIFIER_BACKOFF_H
#define SB_CONSUMER_NOTIFIER_BACKOFF_H

/* How long to wait before something that has failed is tried again. Pure. */

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MAX_MS = 15 * 60 * 1000 };

/*
 * Exponential with full jitter: anything from 1 ms to BACKOFF_FIRST_MS after the first
 * failure, twice as much after each further one, BACKOFF_MAX_MS at most. `chance` is a
 * random number; failures is at least 1.
 */
int64_t backoff_ms(int64_t failures, uint64_t chance);

/* The next of a sequence of random numbers (splitmix64), which the state decides. */
uint64_t backoff_draw(uint64_t *state);

#endif
