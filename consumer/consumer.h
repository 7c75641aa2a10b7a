#ifndef SB_CONSUMER_CONSUMER_H
#define SB_CONSUMER_CONSUMER_H

/*
 * All parts of the consumer. They are opened, wired to each other and closed
 * here, and here they learn that a partition has changed hands. In each turn,
 * loop.c runs their stages in order. No part includes this header: each is
 * given what it uses.
 */

#include "cache/stages.h"
#include "consumer/flow.h"
#include "consumer/health.h"
#include "consumer/herald.h"
#include "consumer/holes.h"
#include "consumer/publisher_guard.h"
#include "consumer/reaper.h"
#include "consumer/recovery.h"
#include "consumer/scrub.h"
#include "consumer/topic_sizes.h"
#include "consumer/topic_watch.h"
#include "consumer/troubles.h"
#include "ops/support/attributes.h"

#include <signal.h>

struct consumer {
	const struct config *config;
	const volatile sig_atomic_t *stop; /* set by SIGTERM and SIGINT, whose handler also wakes */
	const struct waker *waker;
	struct deployment deployment;
	struct intake *intake;
	struct index *index;
	struct codec *codec;
	struct signing *signing; /* NULL: no keys are configured */
	struct topic_watch *topics;
	struct follower *follower;
	struct changelog *changelog;
	struct lookback *lookback;
	struct verifier verifier;
	struct workspaces *workspaces;
	struct publisher *publisher;
	struct publisher *probation_publisher; /* of the probation alone */
	struct probation *probation;
	struct runner *runner;
	struct rebuild *rebuild;
	struct reaper *reaper;
	struct partitions partitions;
	struct topic_sizes sizes;
	struct flow flow;
	struct holes *holes;
	struct publisher_guard guard;
	struct ready_maker ready;
	struct progress_reader progress;
	struct recovery recovery;
	struct troubles *troubles;
	struct health health; /* of Redis */
	struct herald herald;
	struct scrub *scrub;
	int unknown; /* the lowest partition given to us that the index does not have; or 0 */
	bool may_fetch_more;  /* the last fetch stopped at its bound */
	int64_t watched_ms;   /* when the marks were last looked at; monotonic */
	int64_t started_ms;   /* when the stages were first counted; monotonic */
	int64_t reported_ms;  /* when their figures were last written; monotonic */
	struct stages stages; /* the stages' figures, in the order of the loop's table */
};

/*
 * Connects to Kafka and Redis, checks that Kafka's topics, Redis' memory policy
 * and its index fit together, and joins the consumer group. Blocks: while
 * brokers or Redis are unavailable it tries again, until *stop is set, and then
 * returns ERROR_UNAVAILABLE. Any other error means that the set-up is wrong:
 * ERROR_REFUSED, ERROR_USAGE or ERROR_INPUT. The arguments must outlive the
 * consumer.
 */
MUST_USE int consumer_open(struct consumer **out, const struct config *config,
			   const volatile sig_atomic_t *stop, const struct waker *waker,
			   struct supervisor *supervisor, struct error *err);

/*
 * Leaves the group, which gives the partitions back and publishes what is
 * applied: blocks for up to PUBLISHER_DRAIN_MS. Sets *c to NULL; accepts NULL.
 */
void consumer_close(struct consumer **c);

/*
 * Tells people `why`, and waits before the next try: 50 ms when `attempt` is 0, twice as
 * long for each attempt after, 5 s at most. Returns early once *stop is set.
 */
void consumer_wait(struct consumer *c, unsigned attempt, const struct error *why);

#endif
