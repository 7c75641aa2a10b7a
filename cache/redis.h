#ifndef SB_CACHE_REDIS_H
#define SB_CACHE_REDIS_H

/*
 * Redis, one server or a cluster, which carries out pipelines and comes back after
 * trouble. Only the sources of cache/ use it; hiredis stays in them.
 *
 * After any I/O error the connection is closed, and the next round trip opens
 * a new one. After a pipeline has failed it is not known whether Redis carried
 * it out. One thread at a time.
 *
 * With a cluster there is a connection to each node that is needed, and each command
 * goes to the node that serves its key (route.h says where one without a key goes).
 * Commands to one node are carried out in their order; of those to several nodes,
 * only what a barrier (resp.h) divides is. WATCH, MULTI and EXEC are about the node
 * of their key.
 */

#include "cache/replies.h"
#include "cache/resp.h"
#include "cache/target.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct redis;

/*
 * Makes a connection that opens at its first round trip, and each time says who we
 * are and which database we want. A round trip, with the connecting if that is
 * needed, the sending and all replies, lasts timeout_ms at most, however slowly
 * Redis goes on; only the resolution of a host's name comes on top. The target is
 * copied. *out is the caller's, for redis_free(). ERROR_USAGE when its address
 * cannot be understood, ERROR_NOMEM. Does not block.
 */
MUST_USE int redis_new(struct redis **out, const struct redis_target *target, int timeout_ms,
		       struct error *err);

/* Closes and frees the connection, and sets *r NULL. *r may be NULL. */
void redis_free(struct redis **r);

/* Where it is, for messages: without user and password. */
const char *redis_address(const struct redis *r);

/*
 * A number that rises each time a connection is lost on which Redis had answered, as
 * soon as that is known, and with a cluster also when a slot goes to another node: one
 * number for all nodes. It does not rise while a node stays unreachable. Code that relies on a WATCH, or on what Redis held,
 * remembers this number, to notice that it has changed.
 */
unsigned redis_connection(const struct redis *r);

/* Is it a cluster, by what it said when it was last asked? False before the first round trip. */
bool redis_is_cluster(const struct redis *r);

/*
 * A number for the node that serves the key, the same for all keys that one node
 * serves, until redis_connection() changes. Always 0 for a server that is alone.
 */
unsigned redis_node(const struct redis *r, struct bytes key);

enum { REDIS_NODE_SIZE = 272 };

/* Names that node, as "10.0.0.3:6379", for messages; writes "" for a server that is alone. */
void redis_name_node(const struct redis *r, struct bytes key, char out[static REDIS_NODE_SIZE]);

/* Is there a connection now? The next round trip makes one if there is none. */
bool redis_is_connected(const struct redis *r);

/*
 * Sends the pipeline and reads a reply to each of its commands into *out, whose
 * earlier replies are freed first. One without commands only connects, if need be. Blocks until the timeout at most.
 * ERROR_UNAVAILABLE when Redis cannot be reached, does not answer in time, sends
 * what cannot be an answer (shape.h) or is larger than any, or the connection
 * broke; ERROR_REFUSED when it does not accept who we are; ERROR_NOMEM; *out is
 * then empty. A reply that is an error does not make the round trip fail: see
 * replies_check(). Of a cluster there are such errors for what is on a node that does not
 * answer, unless none does.
 */
MUST_USE int redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
			     struct error *err);

/* The same, but may last wait_ms longer: for a command that blocks in Redis so long. */
MUST_USE int redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
				      struct replies *out, struct error *err);

#endif
