#ifndef SB_CONSUMER_PUBLISHER_GUARD_H
#define SB_CONSUMER_PUBLISHER_GUARD_H

/*
 * Keeps the publisher going: starts it, replaces it when it has broken, and
 * tells a passing failure from a second process of our name, which would fence
 * us for ever. The loop's thread.
 */

#include "consumer/partition.h"
#include "consumer/publisher.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

struct publisher_guard {
	struct publisher *publisher;
	struct intake *intake;         /* whose group may have another member of our name */
	struct partitions *partitions; /* recovered whenever the publisher starts */
	const char *instance;          /* our name in the group */
	bool abort_orphans;            /* at the next start */
	int64_t namesake_since_ms;     /* when a member of our name was first seen; 0: none is */
};

/*
 * Starts a publisher that is stopped, and replaces one that is broken: then
 * only the brokers know what was committed, so all partitions are claimed
 * again. ERROR_UNAVAILABLE: try again. ERROR_REFUSED: another process runs
 * under our name, or the settings are wrong.
 */
MUST_USE int publisher_guard_serve(struct publisher_guard *g, const struct now *now,
				   struct error *err);

/*
 * Brokers do not say what is committed because they have forgotten that a
 * transaction of ours is open. The publisher is stopped; its next start aborts
 * such transactions (see transactor_open()).
 */
void publisher_guard_abort_orphans(struct publisher_guard *g);

#endif
