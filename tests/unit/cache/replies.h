#ifndef SB_TESTS_UNIT_CACHE_REPLIES_H
#define SB_TESTS_UNIT_CACHE_REPLIES_H

/* Replies of Redis made by hand: arrays of strings, such as those to HGETALL and HMGET. */

#include "ops/support/bytes.h"

#include <hiredis/hiredis.h>

enum { REPLY_ITEMS_MAX = 128, REPLY_BYTES_MAX = 80 };

struct array_reply {
	redisReply reply; /* the array; pass its address */
	redisReply items[REPLY_ITEMS_MAX];
	redisReply *elements[REPLY_ITEMS_MAX];
	char texts[REPLY_ITEMS_MAX][REPLY_BYTES_MAX + 1];
};

/* Starts as an empty array. It points into itself: do not copy it. */
void array_reply_init(struct array_reply *a);

/* Adds a string of at most REPLY_BYTES_MAX bytes, copied and terminated as hiredis does. */
void array_reply_add(struct array_reply *a, struct bytes value);
void array_reply_add_text(struct array_reply *a, const char *value);

/* Adds a nil. */
void array_reply_add_nil(struct array_reply *a);

#endif
