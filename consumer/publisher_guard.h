#ifndef SB_CONSUMER_PUBLISHER_GUARD_H
#define SB_CONSUMER_PUBLISHER_GUARD_H

/*
 * Keeps the publisher running: starts it, starts it anew when it has broken,
 * and finds out whether it was fenced by a second process with our instance
 * name; the two would fence each other for ever. The loop's thread.
 */

#include "consumer/partition.h"
#include "consumer/publisher.h"
#include "consumer/troubles.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

/* The pointers are borrowed and must outlive it. The last field starts at 0. */
struct publisher_guard {
	struct publisher *publisher;
	struct publisher *probation;   /* the one that publishes apart; see probation.h */
	struct intake *intake;         /* our membership of the consumer group */
	struct partitions *partitions; /* claimed again whenever the publisher starts */
	struct troubles *troubles;     /* are told when the publisher breaks */
	const char *instance;          /* our name in the group */
	int64_t namesake_since_ms;     /* when another member of our name was first seen; 0: none */
};

/*
 * Starts the publisher if it is stopped, and starts it anew if it has broken; both
 * block. Then all partitions are claimed again, because only the brokers know what
 * was committed; those whose outputs may have been refused are doubted, see
 * probation.h. ERROR_UNAVAILABLE, ERROR_FENCED: try again. ERROR_REFUSED: another
 * process runs under our name. ERROR_USAGE names a setting that is wrong.
 */
MUST_USE int publisher_guard_serve(struct publisher_guard *g, const struct now *now,
				   struct error *err);

#endif
