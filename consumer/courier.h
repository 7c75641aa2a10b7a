#ifndef SB_CONSUMER_COURIER_H
#define SB_CONSUMER_COURIER_H

/*
 * Puts the consumer's own commands on sharing.commands, each once: an
 * idempotent producer that tries until the brokers have them. Nothing here
 * blocks, but for courier_flush(). One thread: the loop's.
 */

#include "cache/mark.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"
#include "schemas/codec.h"

struct courier;

/* All of it is borrowed and must outlive the courier. */
struct courier_options {
	const struct config *config; /* "brokers" */
	const struct deployment *deployment;
	struct codec *codec;
	const struct waker *waker; /* woken when receipts arrive */
};

/* ERROR_USAGE: a setting is wrong; ERROR_UNAVAILABLE. */
MUST_USE int courier_open(struct courier **out, const struct courier_options *o, struct error *err);

/* What is not delivered by then may or may not come onto the log. */
void courier_close(struct courier **c);

/*
 * Queues a command for that partition; copies it. ERROR_UNAVAILABLE when the
 * queue is full, ERROR_INPUT when the producer has broken: open another.
 */
MUST_USE int courier_send(struct courier *c, int partition, const struct record *r,
			  struct error *err);

/* What became of one that was queued. */
struct receipt {
	int partition;
	bool failed;    /* it may be on the log all the same: open another courier */
	int64_t offset; /* where it stands, unless it failed */
	int64_t time;   /* the broker's when it came, ms since 1970; negative: not known */
};

/* The next receipt, if one has come. */
bool courier_next(struct courier *c, struct receipt *out);

/* Waits until all that is queued has come onto the log, for so long at most. */
void courier_flush(struct courier *c, int wait_ms);

#endif
