#ifndef SB_CONSUMER_RECOVER_H
#define SB_CONSUMER_RECOVER_H

/*
 * What happens when a partition becomes ours: compare what Kafka has committed
 * with what Redis has applied, take the epoch, and go on from there.
 */

#include "consumer/processor.h"

enum { COMMITTED_NONE = -1 };

/* What the two say together. */
enum recovery {
	RECOVERY_FRESH,   /* neither knows the partition: begin at the log's start */
	RECOVERY_GO_ON,   /* they agree */
	RECOVERY_PUBLISH, /* Redis is ahead: publish what it keeps unsent, deciding nothing again */
	RECOVERY_LOST,    /* Redis is behind, or does not know what Kafka has: it lost data */
};

/* Pure. committed is the group's offset or COMMITTED_NONE. */
enum recovery recovery_case(const struct mark *mark, int64_t committed);

/*
 * Recovers all CLAIMING partitions; on success they are READY and being fetched
 * from mark.applied on, and what was unsent is on its way. ERROR_UNAVAILABLE or
 * ERROR_FENCED: drop the publisher and try again. ERROR_REFUSED: stop, with a
 * sentence.
 */
int recover_partitions(struct processor *p, struct error *err);

#endif
