#ifndef SB_CONSUMER_COURIER_H
#define SB_CONSUMER_COURIER_H

/*
 * Puts the consumer's own commands on sharing.commands, each once, with an
 * idempotent producer that tries until the brokers have them. Only
 * courier_flush() blocks. The loop's thread.
 */

#include "cache/mark.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"
#include "schemas/codec.h"
#include "schemas/signing.h"

struct courier;

/* All of it is borrowed and must outlive the courier. */
struct courier_options {
	const struct config *config; /* "brokers" */
	const struct deployment *deployment;
	struct codec *codec;
	const struct waker *waker; /* woken when receipts arrive */
	struct signing *signing;   /* NULL: nothing is signed */
};

/* ERROR_USAGE names a setting that is wrong; ERROR_UNAVAILABLE. */
MUST_USE int courier_open(struct courier **out, const struct courier_options *o, struct error *err);

/*
 * Commands without a receipt may or may not be on the log, now or later. Sets *c
 * to NULL; accepts NULL.
 */
void courier_close(struct courier **c);

/*
 * Queues a copy of a command for that partition, which must be that of its
 * workspace. ERROR_UNAVAILABLE when the queue is full; ERROR_INPUT when the
 * producer has broken: open another courier.
 */
MUST_USE int courier_send(struct courier *c, int partition, const struct record *r,
			  struct error *err);

/* What became of one queued command. */
struct receipt {
	int partition;
	bool failed;    /* it may be on the log all the same: open another courier */
	int64_t offset; /* on the log; of no use if it failed */
	int64_t time;   /* the broker's timestamp, ms since 1970; negative: not known */
};

/* The next receipt, if one has arrived. *out is untouched otherwise. */
bool courier_next(struct courier *c, struct receipt *out);

/* Waits until every queued command has its receipt, for wait_ms at most. */
void courier_flush(struct courier *c, int wait_ms);

#endif
