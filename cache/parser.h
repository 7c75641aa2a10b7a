#ifndef SB_CACHE_PARSER_H
#define SB_CACHE_PARSER_H

/*
 * Replies out of the bytes that Redis sends: hiredis' parser, which puts what it
 * finds into the arena of the replies that it is for. So a reply of twenty
 * elements costs no calls of malloc() and free(), where hiredis alone makes forty
 * of each. Whether a reply can be one to its command, shape.h says. Nothing here
 * blocks.
 */

#include "cache/replies.h"
#include "ops/support/attributes.h"
#include "ops/support/bytes.h"

#include <stdbool.h>
#include <stddef.h>

struct redisReader;

/* Starts without any bytes. The caller's, for parser_free(); NULL: out of memory. */
struct redisReader *parser_new(void);

/* Frees it and sets *p NULL. *p may be NULL. */
void parser_free(struct redisReader **p);

/*
 * Gives it what has arrived, which is copied, and appends to *out, which has room, the
 * replies that are now complete, up to `count` in all. What has arrived of another lives
 * there, too, so the next call must be for the same replies, unless parser_is_empty().
 * False when the bytes are no replies, or an array is larger than any can be; then it
 * fails for ever: see parser_trouble().
 */
MUST_USE bool parser_read(struct redisReader *p, struct bytes bytes, struct replies *out,
			  size_t count);

/* Has all that it was given been taken? */
bool parser_is_empty(const struct redisReader *p);

/* Why it failed: a phrase; borrowed. */
const char *parser_trouble(const struct redisReader *p);

#endif
