#ifndef SB_CACHE_SWEEP_H
#define SB_CACHE_SWEEP_H

/*
 * A walk over all keys of the index in bounded steps of SCAN: over those of the one
 * server, or of the nodes of a cluster that serve partitions, one after another.
 *
 * SCAN promises to find what is there all the time, on one node. A key that moves to
 * another node during the walk could be missed. So each step on a cluster also asks each
 * partition for a key that is never there: while keys of its slot are being moved, its
 * node does not say "no" but sends us to the other one, and the step fails. When a
 * slot has moved altogether, redis_connection() has changed, and the walk must begin
 * again.
 *
 * The cursor is 0 before the first step and again after the last. Nothing here
 * blocks.
 *
 * Whoever needs the keys of some partitions only walks over the nodes of those, so that no
 * other node can keep the walk from its end. Keys of other partitions are found there, too.
 */

#include "cache/keys.h"
#include "cache/redis.h"
#include "ops/support/attributes.h"

/* What is walked over. Borrowed. */
struct sweep {
	const struct redis *redis;
	const struct keys *keys; /* of each partition, and of the directory */
	size_t count;
	const bool *wanted;  /* of each; NULL: all. May get fewer during a walk. */
	bool is_cluster;     /* when the step was begun */
	unsigned connection; /* as well */
};

struct sweep sweep_of(const struct redis *redis, const struct keys *keys, size_t count);

/*
 * Appends a question about a key of the partition that is never there. The reply is an
 * error while keys of its slot are being moved.
 */
void sweep_append_absent(struct pipeline *p, const struct keys *k);

/* Appends the commands of one step, for keys that match: the prefix, then the pattern. */
void sweep_append(const struct sweep *s, struct pipeline *p, const char *pattern, uint64_t cursor);

/* How many replies there will be to them. */
size_t sweep_replies(const struct sweep *s);

/*
 * Sets *keys to the keys found, an array borrowed from the replies, and moves the
 * cursor on. ERROR_UNAVAILABLE when the walk must begin again, or the reply to SCAN
 * cannot be one; both are then untouched. None of the replies is an error.
 */
MUST_USE int sweep_take(const struct sweep *s, const struct redisReply *scan, uint64_t *cursor,
			const struct redisReply **keys, struct error *err);

/*
 * Has Redis changed since the step was begun, or turned out to be a cluster? Then its reply
 * and its error say nothing, and the walk must begin again.
 */
bool sweep_is_over(const struct sweep *s);

/* Which of the replies is that to SCAN. */
size_t sweep_scan_reply(const struct sweep *s);

/*
 * The next wanted partition, from `from` on, whose node serves no wanted one before it; the
 * count if there is none. By going from one to the next, each node is met once.
 */
size_t sweep_next_node(const struct sweep *s, size_t from);

/*
 * Appends a command that says nothing of interest and changes nothing, about the mark: one
 * without a key after it goes to the node of that (route.h).
 */
void sweep_append_lead(struct pipeline *p, const struct keys *k);

#endif
