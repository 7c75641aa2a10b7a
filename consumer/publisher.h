#ifndef SB_CONSUMER_PUBLISHER_H
#define SB_CONSUMER_PUBLISHER_H

/*
 * Sends the outputs of applied runs to Kafka, exactly once: one transaction
 * holds the outputs of some runs and the consumer's offsets after them.
 *
 * Two producers take turns, each in a thread of its own: while one commits,
 * the other already sends; but it commits only after the first is known to
 * have committed. So offsets and outputs become visible in the order of the
 * runs.
 *
 * A publisher can also be told to publish each partition apart, in transactions
 * of its own, so that a topic that refuses a record breaks it for one partition.
 *
 * Any failure breaks the publisher as a whole. Only the brokers know then what
 * was committed. Stop the publisher, start it again (init_transactions settles
 * what was open), ask for the committed offsets, and publish again what Redis
 * still keeps after them.
 *
 * All functions are for the loop's thread.
 */

#include "consumer/transaction.h"
#include "ops/support/attributes.h"
#include "ops/support/waker.h"

/*
 * How long draining may take: longer than the 15 s within which a transaction's
 * records must reach the brokers.
 */
enum { PUBLISHER_DRAIN_MS = 20000 };

struct publisher;

struct publisher_options {
	const struct config *config; /* "brokers", "consumer-group", "instance" */
	const struct deployment *deployment;
	struct intake *intake; /* whose group's offsets are committed */
	const struct waker
		*waker;      /* woken when a transaction commits, and when the publisher breaks */
	const char *letters; /* one producer for each, at most two; see transactor_options */
	/* No transaction has outputs of two partitions, and no request two records. */
	bool apart;
	/* Of the records of one request to a partition, at most; read at each start. */
	const size_t *batch_bytes;
};

/* A new publisher, which is stopped. What the options point to must outlive it. */
struct publisher *publisher_new(const struct publisher_options *o);

/* Stops the publisher if it is started. Sets *p to NULL; accepts NULL. */
void publisher_free(struct publisher **p);

/*
 * Starts a publisher that is stopped: makes its producers, settles what their
 * predecessors left open, and aborts what is open nevertheless, which blocks while
 * the brokers do that. The same is done for producers of the `others`, at most
 * two letters that nobody of this process uses now: what these have left hides how
 * our own have ended. On failure it is still stopped. ERROR_UNAVAILABLE,
 * ERROR_FENCED: try again. ERROR_USAGE names a setting that is wrong.
 */
MUST_USE int publisher_start(struct publisher *p, const char *others, struct error *err);

/* Its letters while it is stopped, for another publisher's start; "" while it is started. */
const char *publisher_idle_letters(const struct publisher *p);

/*
 * Aborts open transactions, drops all batches, and waits for the threads to end.
 * Does nothing if the publisher is stopped.
 */
void publisher_stop(struct publisher *p);

/* Has the publisher been started, and not been stopped since? It may have broken. */
bool publisher_is_started(const struct publisher *p);

/* Queues a batch, which becomes the publisher's. The batches of a partition must come in order. */
void publisher_push(struct publisher *p, struct batch *b);

/* How many bytes are queued or in a transaction. flow.c bases backpressure on this. */
size_t publisher_backlog(struct publisher *p);

/* The batches committed since the last call, as a list that becomes the caller's; NULL: none. */
struct batch *publisher_take_committed(struct publisher *p);

/*
 * 0 while the publisher works or is stopped, else why it has broken: ERROR_FENCED,
 * ERROR_UNAVAILABLE; or ERROR_REFUSED, because of publisher_refused() partitions.
 */
MUST_USE int publisher_check(struct publisher *p, struct error *err);

/* Is nothing left open under its names, as far as is known? If something is, it sees to that. */
bool publisher_is_clear(struct publisher *p);

/* Appends to *s how often its transactions have taken each step, and for how long, since publisher_new(). */
void publisher_add_figures(struct publisher *p, struct stages *s);

/* Has it broken because a topic does not take a record that may be of this partition? */
bool publisher_refused(struct publisher *p, int partition);

/*
 * Waits until all batches are committed, CLOCK_MONOTONIC reaches deadline_ms, or
 * the publisher breaks. True: all batches are committed; also when it is stopped.
 */
bool publisher_drain(struct publisher *p, int64_t deadline_ms);

#endif
