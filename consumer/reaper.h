#ifndef SB_CONSUMER_REAPER_H
#define SB_CONSUMER_REAPER_H

/*
 * Sees to it that what is over goes: grants whose time has come, grants of
 * users and groups that were deleted; also while no consumer ran. It changes
 * nothing itself: it puts RemoveSharing, by the system, on the log, where it is
 * decided like any other command and must prove itself.
 *
 * Once: for what has a removal on the log no other one is sent. Redis tells
 * only what is applied, so nothing is looked at while there may be removals on
 * the log that are not: at first, when a partition has become ours, up to where
 * its log ended then; later, up to the last one that we sent ourselves. A
 * process that was asleep may send one more; it comes to nothing.
 *
 * The loop's thread. Trouble with the brokers only delays it.
 */

#include "consumer/courier.h"
#include "consumer/follower.h"
#include "consumer/intake.h"
#include "consumer/partition.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

struct reaper;

/* All of it is borrowed and must outlive the reaper. */
struct reaper_options {
	struct partitions *partitions;
	struct intake *intake;
	struct index *index;
	struct follower *follower;
	struct courier_options courier;
};

struct reaper *reaper_new(const struct reaper_options *o);
void reaper_free(struct reaper **r);

/* A bounded piece of the work, if there is any. ERROR_UNAVAILABLE: Redis; ERROR_REFUSED: stop. */
MUST_USE int reaper_step(struct reaper *r, const struct now *now, struct error *err);

/* When the next step has something to do, if nothing arrives: monotonic, or INT64_MAX. */
int64_t reaper_due_ms(const struct reaper *r);

/*
 * All partitions go. What was sent comes onto the log before, unless the group
 * has moved on (`lost`): then the new owner has looked already.
 */
void reaper_leave(struct reaper *r, bool lost, const struct now *now);

#endif
