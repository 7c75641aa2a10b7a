#ifndef SB_CACHE_GREETING_H
#define SB_CACHE_GREETING_H

/*
 * A connection to a server on which we have said who we are. It may be any of
 * those that an address stands for: Redis itself, or a node of a cluster.
 */

#include "cache/link.h"
#include "cache/login.h"

/* Who we are, how servers are reached, and where lost connections are counted. All borrowed. */
struct greeting {
	const struct address *address;
	const struct login *login;
	unsigned *losses;
};

/*
 * Opens the link and logs in. slots[0] is the reply to CLUSTER SLOTS, or of a server
 * that is alone that to HELLO, for login_take_slots(). ERROR_UNAVAILABLE when it
 * does not answer or cannot serve now, ERROR_REFUSED when it does not accept who we
 * are; ERROR_NOMEM. The link is then closed.
 */
MUST_USE int greeting_open(const struct greeting *g, struct link *l, const struct address_host *at,
			   int64_t deadline_ms, struct replies *slots, struct error *err);

/* Asks an open link for the slots again; *slots is as above. */
MUST_USE int greeting_ask_slots(struct link *l, int64_t deadline_ms, struct replies *slots,
				struct error *err);

#endif
