#ifndef SB_CONSUMER_HEALTH_H
#define SB_CONSUMER_HEALTH_H

/*
 * Watches what the Redis server, or each node of a cluster, says of itself while the consumer runs: its
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
	bool asked;                /* before */
	bool wrong;                /* a policy was wrong when it was last asked for */
	struct servers known;      /* as each was when it last answered */
	struct servers now;        /* scratch */
	int64_t looked_ms;         /* when they were last asked; monotonic */
};

/* Frees what it has. */
void health_done(struct health *h);

/*
 * Asks them, every few seconds. *evicted stays as it is, or is set to a
 * sentence when one has evicted keys since it was last asked: no key of
 * the index can be believed to be there any more. Nodes of a cluster that do not answer
 * are asked again the next time. Blocks; ERROR_UNAVAILABLE.
 */
MUST_USE int health_look(struct health *h, const struct now *now, struct error *evicted,
			 struct error *err);

#endif
