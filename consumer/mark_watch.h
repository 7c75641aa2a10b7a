#ifndef SB_CONSUMER_MARK_WATCH_H
#define SB_CONSUMER_MARK_WATCH_H

/*
 * Looks whether the marks of our partitions in Redis are as we left them, and stamps
 * those that are. Without that an idle partition would not notice that Redis has lost
 * data, and no answer from it would be believed for long. The loop's thread.
 */

#include "cache/index.h"
#include "consumer/partition.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

/*
 * Sends a partition back to recovery if its mark is not as we left it, and stamps the marks
 * of those that are READY: answers rest on no others. One whose node does not answer is
 * set aside, and the others go on. Blocks for Redis; ERROR_UNAVAILABLE.
 */
MUST_USE int mark_watch_look(struct index *ix, struct partitions *all, const struct now *now,
			     struct error *err);

#endif
