#ifndef SB_CONSUMER_HEALTH_H
#define SB_CONSUMER_HEALTH_H

/*
 * Watches what the Redis server says of itself while the consumer runs: its
 * memory policy, which somebody may change, and whether it has evicted keys. The
 * loop's thread.
 */

#include "cache/index.h"
#include "consumer/troubles.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

/* The pointers are borrowed. The rest starts as all zero. */
struct health {
	struct index *index;
	struct troubles *troubles; /* are told while the policy is wrong */
	bool known;                /* the server has been asked before */
	bool wrong;                /* its policy was wrong when it was last asked */
	struct server server;      /* as it was then */
	int64_t looked_ms;         /* when it was last asked; monotonic */
};

/*
 * Asks the server, every few seconds. *evicted stays as it is, or is set to a
 * sentence when the server has evicted keys since it was last asked: no key of
 * the index can be believed to be there any more. Blocks; ERROR_UNAVAILABLE.
 */
MUST_USE int health_look(struct health *h, const struct now *now, struct error *evicted,
			 struct error *err);

#endif
