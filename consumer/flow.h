#ifndef SB_CONSUMER_FLOW_H
#define SB_CONSUMER_FLOW_H

/*
 * Which partitions are fetched: those that are READY, unless the publisher
 * lags so far that memory between apply and publish must not grow. The loop's
 * thread.
 */

#include "consumer/intake.h"
#include "consumer/partition.h"

struct flow {
	struct intake *intake;
	struct partitions *partitions;
	bool held; /* nothing is fetched until the publisher has caught up */
};

/* Fetches the partition or not, as its state says: after each change of it. */
void flow_follow(const struct flow *f, const struct partition *part);

/* Holds all fetching, or lets it go on, by the bytes applied but not yet committed. */
void flow_regulate(struct flow *f, size_t backlog);

#endif
