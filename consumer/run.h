#ifndef SB_CONSUMER_RUN_H
#define SB_CONSUMER_RUN_H

/*
 * One run: consecutive records of one partition, from the log into the index.
 * Read, decide, apply; then the outputs go to the publisher.
 */

#include "consumer/processor.h"

/*
 * Carries out the first `count` staged messages of a READY partition and takes
 * them off. `next` is the partition of the run that will follow, or negative.
 *
 * While Redis or the directory cannot be reached it waits and tries again,
 * until the process is told to stop (ERROR_UNAVAILABLE). ERROR_FENCED: the
 * partition must be recovered; nothing of the run has happened, or all of it
 * as recovery will see. ERROR_REFUSED: stop.
 */
int run_partition(struct processor *p, struct partition *part, size_t count, int next,
		  struct error *err);

#endif
