#ifndef SB_CACHE_WAIT_H
#define SB_CACHE_WAIT_H

/*
 * Waiting until a command that was sent has its outcome, or until a reader can
 * see it. Deadlines are of clock_monotonic_ms(). While Redis does not answer,
 * both functions try again until the deadline.
 */

#include "cache/outcomes.h"
#include "cache/reader.h"
#include "ops/support/attributes.h"
#include "schemas/position.h"

/*
 * Waits for the outcome of the command at that position; its message lives in
 * the arena. Blocks. ERROR_UNAVAILABLE when the deadline passes first, or when
 * the outcome is no longer kept (OUTCOMES_KEPT); other errors as reader_ask().
 */
MUST_USE int wait_outcome(struct reader *r, const struct position *at, int64_t deadline_ms,
			  struct arena *arena, struct outcome_entry *out, struct error *err);

/*
 * Waits until everything before `offset` of the partition, or KEYS_DIRECTORY,
 * is in the index. Blocks. When the deadline passes first: ERROR_STALE if the
 * index answers but lags behind, ERROR_UNAVAILABLE if there is no answer. Other
 * errors as reader_ask().
 */
MUST_USE int wait_applied(struct reader *r, int partition, int64_t offset, int64_t deadline_ms,
			  struct error *err);

#endif
