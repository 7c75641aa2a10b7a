#ifndef SB_CLI_MOMENT_H
#define SB_CLI_MOMENT_H

/*
 * Durations and times as people type them. Pure.
 *
 * Each function returns NULL, or what is wrong, to go on a sentence that quotes the
 * text: "there is no such month". *out is then untouched.
 */

#include "ops/support/attributes.h"

#include <stdint.h>

/*
 * Reads "500ms", "90s", "1h30m" or "2w" as 1 to `max` milliseconds: whole numbers,
 * each with its unit (w, d, h, m, s, ms), the larger unit first.
 */
MUST_USE const char *duration_parse(const char *text, int64_t max, int64_t *out);

/*
 * Reads a duration from `now`, or a time in RFC 3339 whose seconds and whose colon
 * in the zone may be left out, as milliseconds since 1970: 8h, 2026-12-01T18:00Z,
 * 2026-12-01T19:00:30+0100. From 1970 to the year 9999.
 */
MUST_USE const char *moment_parse(const char *text, int64_t now, int64_t *out);

/* The same, but a duration goes back from `now`: to 1 if it is longer than that. */
MUST_USE const char *moment_parse_past(const char *text, int64_t now, int64_t *out);

#endif
