#ifndef SB_CONSUMER_SWEEP_H
#define SB_CONSUMER_SWEEP_H

/*
 * Finds out which subjects are gone, for the reaper to look for their grants:
 * by what the directory tells; and, once after partitions have become ours, by
 * a look at all subjects of the index, for those who went while nobody looked.
 */

#include "consumer/processor.h"
#include "ops/support/attributes.h"

/* Takes from the follower who was deleted since the last time. */
void sweep_take_gone(struct processor *p);

/* Begins to look at all subjects, if that is wanted, or goes on. ERROR_UNAVAILABLE: Redis. */
MUST_USE int sweep_step(struct processor *p, struct error *err);

#endif
