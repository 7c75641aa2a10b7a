#ifndef SB_SUPPORT_REPEATS_H
#define SB_SUPPORT_REPEATS_H

/* What others say again and again is worth telling once a minute. */

#include <stdbool.h>
#include <stdint.h>

enum { REPEATS_MAX = 32, REPEATS_EVERY_MS = 60000 };

/* What was told, by a hash, and when. All zero at first. */
struct repeats {
	struct {
		uint64_t hash;
		int64_t told_ms;
	} list[REPEATS_MAX];
};

/*
 * Is this to be told now? Not if the same was told within REPEATS_EVERY_MS, unless
 * REPEATS_MAX other things have been since. now_ms is greater than zero.
 */
bool repeats_tell(struct repeats *r, const char *what, int64_t now_ms);

#endif
