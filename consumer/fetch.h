#ifndef SB_CONSUMER_FETCH_H
#define SB_CONSUMER_FETCH_H

/* Moves messages from the intake to the partitions' staged messages. The loop's thread. */

#include "consumer/holes.h"
#include "consumer/intake.h"
#include "consumer/partition.h"

enum {
	FETCH_MAX = 8000,                   /* messages in one call */
	FETCH_MAX_BYTES = 16 * 1024 * 1024, /* of their values; the last one may exceed it */
};

/*
 * Stages up to `max` of the messages that have arrived, within FETCH_MAX_BYTES,
 * without waiting for more; what cannot be unpacked goes to the holes. Serves the
 * consumer group, too: the callbacks of struct intake_owner run from here. True:
 * more may have arrived.
 */
bool fetch_messages(struct intake *in, struct partitions *all, struct holes *holes, int max);

#endif
