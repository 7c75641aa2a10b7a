#ifndef SB_CONSUMER_READY_H
#define SB_CONSUMER_READY_H

/*
 * The last step of recovery and of a rebuild: partitions whose mark is ours
 * become READY, and are fetched from where it stands. The loop's thread.
 */

#include "consumer/intake.h"
#include "consumer/partition.h"
#include "consumer/runner.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

struct ready_maker {
	struct intake *intake;
	struct runner *runner;
	bool accept_lost_commands; /* a person has decided to go on without them */
};

/*
 * Makes the partitions READY; first moves those past commands that are gone
 * from the log, if that is accepted. ERROR_UNAVAILABLE, ERROR_FENCED: none has
 * changed its state; claim them again.
 */
MUST_USE int ready_make(const struct ready_maker *r, struct partition *const *parts, size_t count,
			const struct now *now, struct error *err);

#endif
