#ifndef SB_CACHE_SERVER_H
#define SB_CACHE_SERVER_H

/*
 * What the Redis server says of itself: may it evict keys, and has it? An
 * evicted key would look like a missing grant, so that an index is only safe
 * where nothing is evicted. Commands and replies only; nothing here blocks.
 */

#include "cache/resp.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct redisReply;

enum { POLICY_SIZE = 32, SERVER_REPLIES = 2 };

struct server {
	char policy[POLICY_SIZE]; /* maxmemory-policy; empty when the server does not say */
	int64_t evicted; /* keys evicted since the server was started; 0 when it does not say */
};

/* Appends the commands that ask for it: there will be SERVER_REPLIES replies. */
void server_append_read(struct pipeline *p);

/* Sets *out from these replies. */
void server_parse(struct server *out, struct redisReply *const *replies);

/* Returns 0 when it evicts nothing, else ERROR_REFUSED with a sentence that names `address`. */
MUST_USE int server_check(const struct server *s, const char *address, struct error *err);

/*
 * A pure function. Has the server evicted keys since it said `before`? A count
 * that has gone down began anew, when the server was started or its statistics
 * were reset.
 */
bool server_has_evicted(const struct server *before, const struct server *now);

#endif
