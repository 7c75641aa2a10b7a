#ifndef SB_CONSUMER_CONSUMER_H
#define SB_CONSUMER_CONSUMER_H

/*
 * The parts of the consumer and how they are wired: who is given whom, in what
 * order they open and close, and who is told when a partition changes hands.
 * For loop.c, which takes turns among them; no part knows this struct.
 */

#include "cache/stages.h"
#include "consumer/flow.h"
#include "consumer/publisher_guard.h"
#include "consumer/reaper.h"
#include "consumer/recovery.h"
#include "ops/support/attributes.h"

#include <signal.h>

struct consumer {
	const struct config *config;
	const volatile sig_atomic_t *stop; /* set by SIGTERM and SIGINT, which also wake */
	const struct waker *waker;
	struct deployment deployment;
	struct intake *intake;
	struct index *index;
	struct codec *codec;
	struct follower *follower;
	struct changelog *changelog;
	struct workspaces *workspaces;
	struct publisher *publisher;
	struct runner *runner;
	struct rebuild *rebuild;
	struct reaper *reaper;
	struct partitions partitions;
	struct flow flow;
	struct publisher_guard guard;
	struct ready_maker ready;
	struct progress_reader progress;
	struct recovery recovery;
	struct error refusal; /* met in a callback of the group: the loop ends with it */
	bool may_fetch_more;  /* the last fetch ended at its bound */
	int64_t watched_ms;   /* when the marks were last looked at; monotonic */
	int64_t started_ms;   /* when the stages were first counted; monotonic */
	int64_t reported_ms;  /* when their figures were last written; monotonic */
	struct stages stages; /* their figures, by row of the loop's table */
};

/*
 * Connects and checks: Kafka's topics, Redis' policy, that both belong
 * together; and joins the group. Waits for brokers and Redis as long as *stop
 * is 0. ERROR_REFUSED, ERROR_USAGE or ERROR_INPUT with a sentence when the
 * set-up is wrong. What it is given must outlive it.
 */
MUST_USE int consumer_open(struct consumer **out, const struct config *config,
			   const volatile sig_atomic_t *stop, const struct waker *waker,
			   struct error *err);
void consumer_close(struct consumer **c);

/*
 * Waits before another try, longer with each attempt, and logs why. Ends early
 * when the process is told to stop.
 */
void consumer_wait(const struct consumer *c, unsigned attempt, const struct error *why);

#endif
