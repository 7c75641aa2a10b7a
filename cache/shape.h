#ifndef SB_CACHE_SHAPE_H
#define SB_CACHE_SHAPE_H

/*
 * What Redis may answer to each command. Redis is another process, and its line
 * has no protection, so nothing that it says is believed before it was looked
 * at. Here every reply is checked once, before anybody reads it: it has the type
 * that its command gives, its elements have theirs, and there are as many as
 * were asked for. What the texts say is for those to check who read them.
 */

#include "cache/resp.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct redisReply;

/*
 * Checks the replies to the commands of p, one to each, in their order. An error is a possible
 * reply to every command. ERROR_UNAVAILABLE when one cannot be the reply to its
 * command; then no reply after it can be trusted either, and the connection must
 * be closed. `address` is the Redis that the message names. The commands that
 * sharebus sends are known here; any other is a mistake.
 */
MUST_USE int shape_check(const struct pipeline *p, struct redisReply *const *replies,
			 const char *address, struct error *err);

#endif
