#ifndef SB_CONSUMER_STANDING_H
#define SB_CONSUMER_STANDING_H

/*
 * Notices that a log is not read to its end: the consumer's position stands
 * still although records come after it. A pure function of what the loop sees
 * each second.
 */

#include <stdbool.h>
#include <stdint.h>

/* How long a position may stand still before people are told. */
enum { STANDING_MS = 10000 };

/* What was seen last of one log. All zero at first. */
struct standing {
	int64_t position;
	int64_t since_ms; /* when it was first seen there, short of the end; monotonic; 0: it moves */
};

/*
 * Takes note that the next record to be read is at `position` and that the log
 * ends at `end`, or INT64_MIN if that is not known. Returns true when the
 * position has stood still before the end for STANDING_MS.
 */
bool standing_note(struct standing *s, int64_t position, int64_t end, int64_t now_ms);

#endif
