#ifndef SB_CONSUMER_READY_H
#define SB_CONSUMER_READY_H

/*
 * The last step of recovery and of a rebuild: partitions whose mark is ours
 * become READY, and are fetched from mark.applied on. The loop's thread.
 */

#include "consumer/intake.h"
#include "consumer/lookback.h"
#include "consumer/partition.h"
#include "consumer/runner.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

struct ready_maker {
	struct intake *intake;
	struct lookback *lookback;
	struct runner *runner;
	bool accept_lost_commands; /* a person has decided to go on without them */
	bool accept_other_log;     /* a person has decided to go on with it */
};

/*
 * Makes the partitions READY. Before that, those that accept another log go on to
 * where it has records that were never applied; and if lost commands are
 * accepted, skips them. One whose node of Redis does not answer becomes ASIDE instead. The
 * order of parts, which is the caller's, is lost. Blocks. ERROR_UNAVAILABLE, ERROR_FENCED: no partition has changed its state, but
 * marks may have moved; recover them all again.
 */
MUST_USE int ready_make(const struct ready_maker *r, struct partition **parts, size_t count,
			const struct now *now, struct error *err);

#endif
