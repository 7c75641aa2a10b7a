#ifndef SB_SUPPORT_CLOCK_H
#define SB_SUPPORT_CLOCK_H

/*
 * The two clocks. Waiting uses the monotonic one with deadlines. The wall
 * clock stamps what people read, and the reaper finds expired grants by it.
 * Decisions and checks use neither: the time of a decision is its record's, and
 * that of a check is the mark's (cache/mark.h).
 */

#include <stdint.h>

enum {
	RFC3339_SIZE = 25, /* 2026-11-24T09:30:00.000Z and a NUL */
	WORDS_SIZE = 29,   /* 24 September 2026, 09:30 UTC and a NUL */
};

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_monotonic_ms(void);

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_unix_ms(void);

/* Microseconds of CLOCK_MONOTONIC, for measuring how long something took. */
int64_t clock_monotonic_us(void);

/* Both clocks, read at one moment: what a loop reads once a turn and passes on. */
struct now {
	int64_t monotonic_ms;
	int64_t unix_ms;
};

static inline struct now clock_now(void)
{
	return (struct now){ clock_monotonic_ms(), clock_unix_ms() };
}

/* Sleeps for that long; a signal may end the sleep early. */
void clock_pause_ms(int ms);

/*
 * Days from 1970-01-01 to a day of the Gregorian calendar; the year is not negative,
 * the month is from 1 to 12.
 */
int64_t clock_days(int64_t year, int64_t month, int64_t day);

/*
 * Formats unix_ms as RFC 3339 in UTC with milliseconds. Years outside 0 to
 * 9999 are clamped to the nearest representable instant. Caches nothing,
 * calls no libc time function, so it may be called from any thread.
 */
void clock_format_rfc3339(char out[static RFC3339_SIZE], int64_t unix_ms);

/*
 * Formats unix_ms as people write a time, in UTC and to the minute that has begun:
 * "3 December 2026, 18:00 UTC". Clamped and callable like the above.
 */
void clock_format_words(char out[static WORDS_SIZE], int64_t unix_ms);

/* Formats how long something takes, for people: "0.3 s", "45 s", "12 min", "5 h", "3 days". */
enum { SPAN_SIZE = 32 };
void clock_format_span(char out[static SPAN_SIZE], int64_t ms);

#endif
