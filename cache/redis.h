#ifndef SB_CACHE_REDIS_H
#define SB_CACHE_REDIS_H

/*
 * A connection to one Redis server that carries out pipelines and comes back
 * after trouble. Only the sources of cache/ use it; hiredis stays in them.
 *
 * After any I/O error the connection is closed, and the next round trip opens
 * a new one. After a pipeline has failed it is not known whether Redis carried
 * it out. One thread at a time.
 */

#include "cache/resp.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct redisReply;
struct redis;

/*
 * Makes a connection that opens at its first round trip. The address is
 * host:port, [v6]:port or the path of a socket, which begins with '/'; it is
 * copied. A round trip, with the connecting if that is needed, the sending and
 * all replies, lasts timeout_ms at most, however slowly Redis goes on; only the
 * resolution of a host's name comes on top. *out is the caller's, for
 * redis_free(). ERROR_USAGE when the address cannot be understood, ERROR_NOMEM.
 * Does not block.
 */
MUST_USE int redis_new(struct redis **out, const char *address, int timeout_ms, struct error *err);

/* Closes and frees the connection, and sets *r NULL. *r may be NULL. */
void redis_free(struct redis **r);

/* The address as it was given, for messages. */
const char *redis_address(const struct redis *r);

/*
 * A number that rises each time a connection is lost or cannot be opened, as
 * soon as that is known. Code that relies on a WATCH, or on what Redis held,
 * remembers this number, to notice that it has changed.
 */
unsigned redis_connection(const struct redis *r);

/* Is there a connection now? The next round trip makes one if there is none. */
bool redis_is_connected(const struct redis *r);

/* The replies to one pipeline, in the order of its commands. Starts as all zero. */
struct replies {
	struct redisReply **list;
	size_t count;
	size_t cap;
};

/*
 * Sends the pipeline and reads a reply to each of its commands into *out, whose
 * earlier replies are freed first. Blocks until the timeout at most.
 * ERROR_UNAVAILABLE when Redis cannot be reached, does not answer in time, sends
 * what cannot be an answer (shape.h) or is larger than any, or the connection
 * broke; ERROR_NOMEM; *out is
 * then empty. A reply that is an error does not make the round trip fail: see
 * replies_check().
 */
MUST_USE int redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
			     struct error *err);

/* The same, but may last wait_ms longer: for a command that blocks in Redis so long. */
MUST_USE int redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
				      struct replies *out, struct error *err);

/* Frees the replies and keeps the room for new ones. */
void replies_clear(struct replies *r);

/* Frees the replies and their list. */
void replies_done(struct replies *r);

/*
 * Returns 0 when the reply, and each element of an array, is not an error.
 * ERROR_DAMAGED for a key of another type than ours; ERROR_REFUSED when Redis
 * denies us the command: no permission, no password, an unknown command;
 * ERROR_UNAVAILABLE for any other error, such as loading, out of memory,
 * read-only or a moved slot. `address` is the Redis that the message names.
 */
MUST_USE int reply_check(const struct redisReply *r, const char *address, struct error *err);

/* The same for all replies of a pipeline: the first error counts. */
MUST_USE int replies_check(const struct replies *r, const char *address, struct error *err);

/* The text of a reply, NUL-terminated and borrowed from it; absent when it is not a string. */
struct bytes reply_bytes(const struct redisReply *r);

/* The reply as a number, whether an integer or decimal text; the fallback for anything else. */
int64_t reply_number(const struct redisReply *r, int64_t fallback);

/* Sets *out to what TIME has answered, in ms since 1970. False if the reply says no time. */
bool reply_time(const struct redisReply *r, int64_t *out);

#endif
