#ifndef SB_CACHE_LINK_H
#define SB_CACHE_LINK_H

/*
 * One connection to one server of Redis, which carries pipelines there and
 * replies back. hiredis parses and does no I/O: it has timeouts for each read and
 * none for an answer, so that a server which sends a byte now and then would hold
 * it for ever. Deadlines are of clock_monotonic_ms().
 *
 * Whatever fails on a link that is open closes it, because nothing that follows
 * could be understood any more.
 */

#include "cache/address.h"
#include "cache/replies.h"
#include "cache/resp.h"
#include "cache/stream.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct link;

/*
 * Makes a link that is not open. *losses rises each time it is closed after the server has
 * answered on it: nothing can rest on one that has never said anything. It must outlive the link. The name is how messages call the server, and is copied. *out
 * is the caller's, for link_free(). ERROR_NOMEM.
 */
MUST_USE int link_new(struct link **out, const char *name, unsigned *losses, struct error *err);

/* Closes and frees it, and sets *l NULL. *l may be NULL. */
void link_free(struct link **l);

/*
 * Connects to a host, or with port 0 to the path of a socket; with tls, over TLS.
 * ERROR_UNAVAILABLE, ERROR_NOMEM; it is then closed.
 */
MUST_USE int link_open(struct link *l, const struct address_host *at, const struct stream_tls *tls,
		       int64_t deadline_ms, struct error *err);

/* Closes it; accepts a closed one. */
void link_close(struct link *l);

bool link_is_open(const struct link *l);

/* How messages call the server; borrowed. */
const char *link_name(const struct link *l);

/* Sends the pipeline. ERROR_UNAVAILABLE. */
MUST_USE int link_send(struct link *l, const struct pipeline *p, int64_t deadline_ms,
		       struct error *err);

/*
 * Reads a reply to each command of the pipeline that was sent last into *out, which
 * is empty and has room for them. ERROR_UNAVAILABLE also when it sends what cannot
 * be an answer (shape.h) or is larger than any; ERROR_NOMEM. *out is then empty.
 */
MUST_USE int link_receive(struct link *l, const struct pipeline *p, int64_t deadline_ms,
			  struct replies *out, struct error *err);

/* Sends the pipeline and reads its replies into *out, whose earlier replies are freed first. */
MUST_USE int link_exchange(struct link *l, const struct pipeline *p, int64_t deadline_ms,
			   struct replies *out, struct error *err);

#endif
