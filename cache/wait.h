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
 * The command whose outcome is waited for. Its position alone is not enough: when
 * Kafka's log has come back shorter or was made anew, the index still keeps the
 * outcome of whatever was at that position before.
 */
struct awaited {
	struct position at;
	struct uuid command_id; /* as in struct outcome_entry */
};

/*
 * Waits for the outcome of that command; its message lives in the arena. Blocks.
 * ERROR_UNAVAILABLE when the deadline passes first, when the outcome at the
 * position is another command's, or when it is no longer kept (OUTCOMES_KEPT);
 * other errors as reader_ask().
 */
MUST_USE int wait_outcome(struct reader *r, const struct awaited *a, int64_t deadline_ms,
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
