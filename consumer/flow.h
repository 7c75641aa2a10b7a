#ifndef SB_CONSUMER_FLOW_H
#define SB_CONSUMER_FLOW_H

/*
 * Decides which partitions are fetched: those that are READY, unless the
 * publisher lags so far that the outputs between apply and publish would take
 * too much memory, or nothing can be decided, or it is not known yet where a
 * batch ends that cannot be unpacked. The loop's thread.
 */

#include "consumer/intake.h"
#include "consumer/partition.h"

struct flow {
	struct intake *intake;
	struct partitions *partitions;
	bool held;      /* nothing is fetched until the publisher has caught up */
	bool suspended; /* nothing is fetched until decisions can be made again */
};

/* Is the partition kept from being fetched although it is READY? */
bool flow_holds(const struct flow *f, const struct partition *part);

/* Pauses or resumes the partition as its state demands. Call it after each change of its state. */
void flow_follow(const struct flow *f, const struct partition *part);

/*
 * Pauses all fetching when the backlog, the bytes of outputs that are applied
 * and not yet committed, is above 32 MB, and resumes it below 16 MB.
 */
void flow_regulate(struct flow *f, size_t backlog);

/* Suspends all fetching, or resumes it, because decisions must wait or need no longer wait. */
void flow_suspend(struct flow *f, bool suspended);

#endif
