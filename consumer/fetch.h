#ifndef SB_CONSUMER_FETCH_H
#define SB_CONSUMER_FETCH_H

/* From the intake into the partitions' staged messages. The loop's thread. */

#include "consumer/intake.h"
#include "consumer/partition.h"

enum {
	FETCH_MAX = 8000,                   /* messages in one call */
	FETCH_MAX_BYTES = 16 * 1024 * 1024, /* and their values; one may be as large by itself */
};

/*
 * Stages up to `max` of the messages that have arrived, within FETCH_MAX_BYTES.
 * Does not wait. Also serves the consumer group: callbacks run from here.
 * True: there may be more.
 */
bool fetch_messages(struct intake *in, struct partitions *all, int max);

#endif
