#ifndef SB_CONSUMER_NOTIFIER_DISPATCH_H
#define SB_CONSUMER_NOTIFIER_DISPATCH_H

/*
 * Decides what is sent when: makes parcels of records and of what is owed, has them
 * carried, and acts on the replies. The loop's thread.
 */

#include "consumer/follower.h"
#include "consumer/message.h"
#include "consumer/notifier/carrier.h"
#include "consumer/notifier/endpoints.h"
#include "consumer/notifier/ledger.h"

struct dispatch;

/*
 * How much is kept in memory; beyond it nothing is fetched. What waits for endpoints that
 * are down takes three quarters of it at most (LANES_STORED_MAX, and half as many), so
 * that others always have room for 5,000 parcels and 16 MB.
 */
enum { DISPATCH_PARCELS_MAX = 20000, DISPATCH_BYTES_MAX = 64 * 1024 * 1024 };

struct dispatch_options {
	const struct endpoints *endpoints;
	struct codec *codec;
	const struct follower *follower;
	struct carrier *carrier;
	struct ledger *ledger;
};

/* What has been done so far. */
struct dispatch_counts {
	uint64_t records;
	uint64_t delivered;
	uint64_t failed; /* attempts */
	uint64_t dead;
};

struct dispatch *dispatch_new(const struct dispatch_options *o);
void dispatch_free(struct dispatch **d); /* no attempt may be under way */

/*
 * Writes what has not arrived into the ledger, as far as there is room, so that whoever
 * is given the partitions next begins after it, and nobody else is told once more.
 */
void dispatch_keep(struct dispatch *d);

/* Forgets all parcels. No attempt may be under way. */
void dispatch_forget(struct dispatch *d);

/*
 * Takes a record of the log: a parcel for each endpoint that is told of it, and that
 * does not have it already, keeps the debt open. What cannot be read is passed over,
 * with a line in the log. ERROR_UNAVAILABLE, ERROR_REFUSED: the ledger cannot be written.
 */
MUST_USE int dispatch_take(struct dispatch *d, const struct message *m, struct debt *debt,
			   const struct now *now, struct error *err);

/* What ledger_owner is told. */
void dispatch_owe(struct dispatch *d, int partition, struct bytes key, const struct delivery *is);
void dispatch_change(struct dispatch *d, const struct endpoint_changed *c);

/* Acts on a reply: the carrier's callback. */
void dispatch_settle(struct dispatch *d, struct parcel *p, const struct carried *c);

/* Starts what is due. The errors are those of what was written since the last step. */
MUST_USE int dispatch_step(struct dispatch *d, const struct now *now, struct error *err);

/* When it is due again, in ms of CLOCK_MONOTONIC. */
int64_t dispatch_due_ms(const struct dispatch *d, int64_t now_ms);

/* Is there no room for more? */
bool dispatch_is_full(const struct dispatch *d);

struct dispatch_counts dispatch_counts(const struct dispatch *d);

/* The lane of an endpoint, by its place in the configuration; the dispatch's. */
const struct lane *dispatch_lane(const struct dispatch *d, size_t at);

#endif
