#ifndef SB_CACHE_SLOTS_H
#define SB_CACHE_SLOTS_H

/*
 * The slots of a Redis Cluster: which one a key is in, and which node serves it, as
 * the Redis Cluster specification says. A node may say anything, so nothing of its
 * answer is believed before it was looked at. Nothing here blocks.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply;

enum {
	SLOT_COUNT = 16384,
	SLOT_NODES_MAX = 1024, /* the specification names 1,000 as the largest cluster */
	SLOT_HOST_SIZE = 256,
	SLOT_UNSERVED = UINT16_MAX, /* nobody's, or of somebody whose host is not known */
};

/* A master. */
struct slot_node {
	char host[SLOT_HOST_SIZE];
	int port;
};

/* Starts as all zero, and is then of no use. */
struct slot_map {
	struct slot_node *nodes;
	size_t count;
	size_t cap;
	uint16_t owner[SLOT_COUNT]; /* an index into nodes, or SLOT_UNSERVED */
};

/* The slot of a key: CRC16 (XMODEM) of its hash tag, or of all of it if it has none. */
unsigned slot_of(struct bytes key);

/*
 * Sets *out, which is for slot_map_done(), from the reply to CLUSTER SLOTS. A node
 * that says no host of its own means the one at which it was asked, `asked`; NULL:
 * that has no name. ERROR_UNAVAILABLE when it cannot be an answer; *out is then
 * untouched. `address` is the node that the message names.
 */
MUST_USE int slot_map_parse(struct slot_map *out, const struct redisReply *reply, const char *asked,
			    const char *address, struct error *err);

/* Frees what it has, and sets it to zeros; accepts zeros. */
void slot_map_done(struct slot_map *m);

/* The number of the node there, or SLOT_UNSERVED if the map has none. */
unsigned slot_map_find(const struct slot_map *m, const struct slot_node *node);

/* Are all slots served where they were before? */
bool slot_map_equal(const struct slot_map *a, const struct slot_map *b);

#endif
