#ifndef SB_CONSUMER_NOTIFIER_CARRIER_H
#define SB_CONSUMER_NOTIFIER_CARRIER_H

/*
 * Makes attempts: what an endpoint is sent is made anew for each, and goes out as its
 * kind wants it. Each attempt ends once, with a reply. The loop's thread.
 */

#include "consumer/notifier/lane.h"
#include "consumer/notifier/reply.h"
#include "consumer/notifier/telling.h"
#include "ops/support/clock.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"
#include "schemas/codec.h"

struct carrier;

enum { CARRIER_WHY_SIZE = 384 };

/* How an attempt ended. */
struct carried {
	enum reply reply;
	int64_t asked_ms;           /* how long the endpoint asked to wait; -1: it did not say */
	char why[CARRIER_WHY_SIZE]; /* a clause; "" if it was delivered; fit for a log */
};

/* Called from carrier_step(), never from carrier_start(). */
typedef void carried_fn(void *context, struct parcel *p, const struct carried *c);

struct carrier_options {
	const struct config *config; /* "access-url", "ca-file", and where Redis is */
	struct codec *codec;
	const struct directory *directory;
	const char *source; /* ce_source of what is told */
	int partitions;     /* of the deployment */
	bool inbox;         /* there is an endpoint for inboxes */
	const struct waker *waker;
	carried_fn *done;
	void *context;
};

/* The options are copied, what they point to must stay. ERROR_USAGE; ERROR_NOMEM. */
MUST_USE int carrier_open(struct carrier **out, const struct carrier_options *o, struct error *err);

/* The attempts that are under way end without a word. Sets *c to NULL; accepts NULL. */
void carrier_close(struct carrier **c);
void carrier_abort(struct carrier *c);

/* Begins an attempt with a MOVING parcel, which must stay until it has ended, or was aborted. */
void carrier_start(struct carrier *c, struct parcel *p);

/* Moves all attempts as far as they come without waiting. */
void carrier_step(struct carrier *c, const struct now *now);

/* How many are under way. */
size_t carrier_moving(const struct carrier *c);

/* Waits until an attempt can move, the waker is woken, or CLOCK_MONOTONIC reaches deadline_ms. */
void carrier_wait(struct carrier *c, int64_t deadline_ms);

#endif
