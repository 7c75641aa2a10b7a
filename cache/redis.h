#ifndef SB_CACHE_REDIS_H
#define SB_CACHE_REDIS_H

/*
 * A connection to Redis that takes pipelines and comes back after trouble.
 * For use inside cache/: nobody else sees hiredis.
 *
 * After any I/O error the connection is closed; the next round trip opens it
 * again. It is never known whether a pipeline that failed was carried out.
 */

#include "cache/resp.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct redisReply;
struct redis;

/* The replies to one pipeline, in order. */
struct replies {
	struct redisReply **list;
	size_t count;
	size_t cap;
};

/*
 * address is host:port, [v6]:port, or the path of a socket (it begins with
 * '/'). Connects at the first round trip. ERROR_USAGE when the address cannot
 * be understood.
 */
MUST_USE int redis_new(struct redis **out, const char *address, int timeout_ms, struct error *err);
void redis_free(struct redis **r);

/* The address as given, for messages. */
const char *redis_address(const struct redis *r);

/*
 * Rises with every connection that is lost, at once: whoever remembers
 * something about one (a WATCH, what Redis held) can tell.
 */
unsigned redis_connection(const struct redis *r);

/*
 * Sends the pipeline and reads all its replies into *out, which replies_clear()
 * empties. ERROR_UNAVAILABLE when there is no connection or it broke; replies
 * that are errors are replies.
 */
MUST_USE int redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
			     struct error *err);

/* The same, waiting up to wait_ms longer than usual: for commands that block. */
MUST_USE int redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
				      struct replies *out, struct error *err);

void replies_clear(struct replies *r);
void replies_done(struct replies *r);

/*
 * 0 when no reply is an error. ERROR_UNAVAILABLE for what passes by itself:
 * loading, out of memory, read-only, cluster moves; ERROR_REFUSED for what
 * does not: keys of a foreign type, no permission.
 */
MUST_USE int replies_check(const struct replies *r, const char *address, struct error *err);

/* What a reply holds; absent when it is nil or not a string. Borrowed from the reply. */
struct bytes reply_bytes(const struct redisReply *r);

/* The reply as a decimal number, or fallback. */
int64_t reply_number(const struct redisReply *r, int64_t fallback);

#endif
