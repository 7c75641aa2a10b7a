#ifndef SB_CONSUMER_PUBLISHER_H
#define SB_CONSUMER_PUBLISHER_H

/*
 * Sends the outputs of applied runs to Kafka, exactly once: one transaction
 * holds the outputs of some runs and the consumer's offsets behind them.
 *
 * Two producers take turns, each in a thread of its own: while one commits,
 * the other already sends; but it commits only after the first is known to
 * have committed. So offsets and outputs become visible in the order of the
 * runs.
 *
 * Any failure breaks the publisher as a whole. What had been committed by then
 * is known to the broker alone: stop it, start it again (init_transactions
 * settles what was open), ask for the committed offsets, and publish again
 * what Redis still keeps behind them.
 *
 * publisher_* functions are for the loop's thread.
 */

#include "consumer/transaction.h"
#include "ops/support/attributes.h"

struct publisher;

struct publisher_options {
	const struct config *config; /* "brokers", "consumer-group", "instance" */
	const struct deployment *deployment;
	struct intake *intake; /* whose group's offsets are committed */
	bool sweep;            /* see transactor_open() */
};

/*
 * Makes both producers and settles what their predecessors left open; blocks
 * while the brokers do that. ERROR_UNAVAILABLE: try again. ERROR_REFUSED: the
 * settings are wrong.
 */
MUST_USE int publisher_start(struct publisher **out, const struct publisher_options *o,
			     struct error *err);

/* Aborts what is open, forgets what is queued, joins the threads. */
void publisher_stop(struct publisher **p);

/* Queues a batch and takes it over. Batches of a partition come in order. */
void publisher_push(struct publisher *p, struct batch *b);

/* Bytes queued or in a transaction: what backpressure goes by. */
size_t publisher_backlog(struct publisher *p);

/* The batches committed since the last call, a list that is the caller's; NULL: none. */
struct batch *publisher_take_committed(struct publisher *p);

/* 0 while it works; else why it broke, for good: ERROR_FENCED, ERROR_UNAVAILABLE or ERROR_REFUSED. */
MUST_USE int publisher_check(struct publisher *p, struct error *err);

/* Waits until all is committed or wait_ms have passed or it broke; true if all is committed. */
bool publisher_drain(struct publisher *p, int wait_ms);

#endif
