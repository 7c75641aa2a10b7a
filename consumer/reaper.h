#ifndef SB_CONSUMER_REAPER_H
#define SB_CONSUMER_REAPER_H

/*
 * Gets expired grants removed, and grants of users and groups that were
 * deleted, even if that happened while no consumer ran. The reaper changes
 * nothing itself: it sends RemoveSharing commands of the system to the log,
 * where each is decided like any other command and must prove its reason.
 *
 * Each grant gets one removal. Redis shows only what is applied, so the reaper
 * looks for grants to remove only while no removal can be on the log unapplied.
 * A partition that has just become ours must first be applied up to where its log
 * ended then, and later up to the last removal that we sent. A process that was
 * asleep may send one removal more, which changes nothing.
 *
 * The loop's thread. When the brokers are unavailable, removals are only late.
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
void reaper_free(struct reaper **reaper); /* sets *reaper to NULL; accepts NULL */

/*
 * Does a bounded piece of the work, if there is any. Blocks for Redis, and for
 * the brokers when it must ask where a log ends. ERROR_UNAVAILABLE: Redis cannot
 * be reached; ERROR_REFUSED: stop.
 */
MUST_USE int reaper_step(struct reaper *reaper, const struct now *now, struct error *err);

/* When the next step has work even if nothing arrives; monotonic, INT64_MAX: never. */
int64_t reaper_due_ms(const struct reaper *reaper);

/*
 * Call it when all partitions leave us. Waits for up to 3 s until the removals
 * on their way are on the log. If the group has moved on without us (`lost`),
 * it does not wait: the new owners may already have asked where the logs end.
 */
void reaper_leave(struct reaper *reaper, bool lost);

#endif
