#ifndef SB_CLI_MOMENT_H
#define SB_CLI_MOMENT_H

/* Durations and times as people type them. Pure. */

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads "500ms", "90s", "2m", "8h", "7d" or "2w" as 1 to `max` milliseconds.
 * False for anything else.
 */
bool duration_parse(const char *text, int64_t max, int64_t *out);

/*
 * Reads a duration from `now`, or a time in RFC 3339 whose seconds may be left
 * out, as milliseconds since 1970: 8h, 2026-12-01T18:00Z,
 * 2026-12-01T19:00:30+01:00. False for anything else, among it days that do not
 * exist, times before 1970 and times after the year 9999.
 */
bool moment_parse(const char *text, int64_t now, int64_t *out);

#endif
