#ifndef SB_CONSUMER_RUN_H
#define SB_CONSUMER_RUN_H

/*
 * One run: consecutive records of one partition, from the log into the index.
 * Read, decide, apply; then the outputs go to the publisher.
 */

#include "consumer/processor.h"
#include "ops/support/attributes.h"

/*
 * Carries out the first `count` staged messages of a READY partition and takes
 * them off. `next` is the partition of the run that will follow, or negative.
 *
 * Any failure leaves the partition CLAIMING: nothing of the run has happened,
 * or all of it as recovery will see. ERROR_FENCED: others have changed it;
 * ERROR_UNAVAILABLE: Redis or the directory cannot be reached; ERROR_REFUSED:
 * stop.
 */
MUST_USE int run_partition(struct processor *p, struct partition *part, size_t count, int next,
			   struct error *err);

/*
 * Moves the partition to the offset `to` without its commands, which are gone
 * from the log; that it did is published like a run. part->mark must be ours.
 */
MUST_USE int run_skip(struct processor *p, struct partition *part, int64_t to, struct error *err);

#endif
