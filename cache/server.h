#ifndef SB_CACHE_SERVER_H
#define SB_CACHE_SERVER_H

/*
 * What the Redis server says of itself: may it evict keys, and has it? An
 * evicted key would look like a missing grant, so that an index is only safe
 * where nothing is evicted. Commands and replies only; nothing here blocks.
 */

#include "cache/resp.h"
#include "cache/sweep.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct redisReply;

enum { POLICY_SIZE = 32, SERVER_REPLIES = 2 };

struct server {
	char policy[POLICY_SIZE];   /* maxmemory-policy; empty when it does not say */
	char node[REDIS_NODE_SIZE]; /* "host:port"; empty for a server that is alone */
	int64_t evicted; /* keys evicted since the server was started; 0 when it does not say */
};

/* Of a cluster the nodes that serve partitions; else the one server. Starts as all zero. */
struct servers {
	struct server *list;
	size_t count;
	size_t cap;
};

/* Frees what it has. */
void servers_done(struct servers *s);

/* Appends the commands that ask for it: there will be SERVER_REPLIES replies. */
void server_append_read(struct pipeline *p);

/* Sets *out from these replies. */
void server_parse(struct server *out, struct redisReply *const *replies);

/*
 * The same for all servers that a sweep goes over. Returns how many replies there will
 * be. A server that is alone is asked as above, and so are clusters of which it is not
 * known yet that they are some; of those nothing is taken.
 */
size_t servers_append_read(struct pipeline *p, const struct sweep *s);

/* Sets *out, which is empty or was set before, to those that have answered. */
void servers_parse(struct servers *out, const struct sweep *s, struct redisReply *const *replies,
		   size_t count);

/* Returns 0 when none evicts anything, else ERROR_REFUSED with a sentence; `address` is Redis. */
MUST_USE int servers_check(const struct servers *s, const char *address, struct error *err);

/*
 * Takes what the servers say now into *known, and returns one that has evicted keys since it
 * was in *known; borrowed from it; NULL: none has. One that is new there is only noted, and
 * one that does not answer stays as it was. A count that has gone down began anew, when the
 * server was started or its statistics were reset.
 */
const struct server *servers_note(struct servers *known, const struct servers *now);

#endif
