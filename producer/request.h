#ifndef SB_PRODUCER_REQUEST_H
#define SB_PRODUCER_REQUEST_H

/*
 * What all that a client asks for has in common, from a request to its outcome:
 * sharebus_share(), sharebus_remove() and the functions for handoffs. A public call
 * has begun (client.h); what these functions allocate lives until the next one.
 */

#include "ops/support/attributes.h"
#include "producer/client.h"

/*
 * Is the text UTF-8, of at most `max` bytes? `what` begins the sentence, as "the
 * message". ERROR_USAGE; absent is fine.
 */
MUST_USE int request_check_text(const char *what, struct bytes text, size_t max, struct error *err);

/* Is a time for something to expire one from 1970 to 9999, or 0? ERROR_USAGE. */
MUST_USE int request_check_expiry(int64_t expires_at, struct error *err);

/*
 * Checks a request that is wrong whatever the index says; `shares`: its roles, times
 * and message count. ERROR_USAGE.
 */
MUST_USE int request_check(const struct sharebus_request *q, bool shares, struct error *err);

/*
 * Fills what all commands have, the id first, so that it is there whatever fails
 * next, and sets the ids of `subjects`, a copy of the request's. Opens c->reader.
 * ERROR_INPUT says what the index does not know; others as lookup.h says.
 */
MUST_USE int request_fill(struct sharebus *c, const struct sharebus_request *q,
			  struct sharebus_subject *subjects, struct command *out,
			  struct error *err);

/*
 * Sends the command and waits wait_ms for its outcome, as sharebus_share() says: 0, a
 * negative code, or SHAREBUS_REJECTED.
 */
MUST_USE int request_send(struct sharebus *c, const struct record *r, int wait_ms,
			  struct sharebus_outcome *out, struct error *err);

/*
 * All of sharebus_share() but for its beginning, with a handoff unless `offer` is
 * NULL; a handoff without an id gets that of the command.
 */
MUST_USE int request_share(struct sharebus *c, const struct sharebus_request *q,
			   struct handoff_offer *offer, struct sharebus_outcome *out,
			   struct error *err);

#endif
