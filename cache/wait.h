#ifndef SB_CACHE_WAIT_H
#define SB_CACHE_WAIT_H

/* Waiting for what has been sent to become true. Deadlines are of clock_monotonic_ms(). */

#include "cache/outcomes.h"
#include "cache/reader.h"
#include "ops/support/attributes.h"
#include "schemas/position.h"

/*
 * Waits for the outcome of the command at that position. Its message is in
 * the arena. ERROR_UNAVAILABLE when the deadline passes or Redis does not
 * answer by then; a broken connection is tried again.
 */
MUST_USE int wait_outcome(struct reader *r, const struct position *at, int64_t deadline_ms,
			  struct arena *arena, struct outcome_entry *out, struct error *err);

/*
 * Waits until everything before `offset` of the partition (or KEYS_DIRECTORY)
 * is in the index. ERROR_STALE when the deadline passes, ERROR_UNAVAILABLE when Redis does not
 * answer by then.
 */
MUST_USE int wait_applied(struct reader *r, int partition, int64_t offset, int64_t deadline_ms,
			  struct error *err);

#endif
