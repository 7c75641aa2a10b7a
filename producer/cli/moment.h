#ifndef SB_CLI_MOMENT_H
#define SB_CLI_MOMENT_H

/* Spans and points of time as people type them. Pure. */

#include <stdbool.h>
#include <stdint.h>

/* "500ms", "90s", "2m", "8h", "7d", "2w": milliseconds, 1 to `max`. False for anything else. */
bool duration_parse(const char *text, int64_t max, int64_t *out);

/*
 * A span from now, or a point in time (RFC 3339, seconds and their fraction may
 * be left out): 8h, 2026-12-01T18:00Z, 2026-12-01T19:00:30+01:00. Milliseconds
 * since 1970. False for anything else, also for days that no calendar has and
 * what lies behind the year 9999.
 */
bool moment_parse(const char *text, int64_t now, int64_t *out);

#endif
