#ifndef SB_CONSUMER_SETTLE_H
#define SB_CONSUMER_SETTLE_H

/* Ends the orphans of a producer at the brokers. */

#include "consumer/orphans.h"
#include "consumer/sender.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"

struct group_asker;

struct settlement {
	const struct sender *sender; /* borrowed, like the rest */
	struct group_asker *asker;
	const struct config *config; /* "brokers", "consumer-group" */
	struct orphans *orphans;
	struct footprint *own; /* where the sender's delivery reports go meanwhile */
};

/*
 * Ends what orphans.h says, of a producer that has settled its predecessor's
 * transactions and is in none. What is owed is committed together with a record
 * without a value in each of the logs; what is to be aborted, and the group's offsets,
 * share a transaction that is aborted. While the state is UNCLEAR, nothing is done.
 * Blocks for the brokers; markers_wait() with `own` comes next. ERROR_UNAVAILABLE,
 * ERROR_FENCED: discard the producer and try again.
 */
MUST_USE int settle_orphans(const struct settlement *s, struct error *err);

#endif
