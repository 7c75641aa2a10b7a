#ifndef SB_CACHE_REPLIES_H
#define SB_CACHE_REPLIES_H

/*
 * What Redis has answered to a pipeline, and how the sources of cache/ read it.
 * Nothing here blocks.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply;

/* The replies to one pipeline, in the order of its commands. Starts as all zero. */
struct replies {
	struct redisReply **list;
	size_t count;
	size_t cap;
	struct arena arena; /* where they live, with all that hangs at them */
};

/* Makes room for so many replies in all. ERROR_NOMEM. */
MUST_USE int replies_reserve(struct replies *r, size_t count, struct error *err);

/* Ends the life of the replies and keeps the room for new ones, unless it is large. */
void replies_clear(struct replies *r);

/* Frees the replies and their list. */
void replies_done(struct replies *r);

/*
 * Puts `count` errors where no replies came, which were to be that many: reply_check()
 * returns the code of `why`, ERROR_UNAVAILABLE or ERROR_REFUSED, with its text. Earlier
 * replies are freed. ERROR_NOMEM.
 */
MUST_USE int replies_fail(struct replies *r, size_t count, const struct error *why,
			  struct error *err);

/* Is the reply an error that begins with that word, such as "MOVED"? */
bool reply_is_error(const struct redisReply *r, const char *word);

/*
 * Fails with the sentence that Redis refuses what the reply, an error, is about; where a
 * user lacks a right, with where to find those that are needed. Returns ERROR_REFUSED.
 */
MUST_USE int reply_refuse(const struct redisReply *r, const char *address, struct error *err);

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
