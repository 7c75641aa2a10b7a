#ifndef SB_CACHE_MARKS_H
#define SB_CACHE_MARKS_H

/*
 * All marks of an index as they are, good or not, for people who look at a
 * deployment that may be broken. They say nothing about grants; reader.h
 * answers questions.
 */

#include "cache/mark.h"
#include "cache/server.h"
#include "cache/target.h"
#include "cache/trouble.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"

/* One mark, how far the rebuild of its partition is, and what its owner is troubled by. */
struct seen_mark {
	struct mark mark;
	int64_t loaded; /* offsets of the changelog loaded so far; ABSENT when not rebuilding */
	int64_t goal;   /* offsets to load in all; ABSENT when not rebuilding */
	struct trouble trouble;
	const char *node;  /* of a cluster, that has it: "host:port"; NULL: Redis is alone */
	const char *why;   /* it could not be read: why, as a sentence; NULL: it could */
	int64_t unseen_ms; /* since its owner last looked, by the clock of Redis; ABSENT: unknown */
};

struct marks {
	const char *address; /* of Redis, for messages */
	struct seen_mark *partitions;
	size_t count;
	struct seen_mark directory;
	struct error evicting; /* a server may evict keys: that sentence; code 0: none says so */
};

/* Where the index is. Borrowed for the call. */
struct marks_source {
	struct redis_target redis;
	const char *prefix;
	int timeout_ms; /* of each round trip to Redis */
};

/*
 * Reads the marks of that many partitions and of the directory; the list lives
 * in the arena. With 0 partitions the index is asked how many it has, and none
 * are read when it does not say. Of a cluster, what is on nodes that do not answer is
 * missing, unless none does. Connects and blocks. ERROR_UNAVAILABLE when
 * Redis does not answer, ERROR_REFUSED when it refuses, ERROR_USAGE for a bad
 * address, ERROR_NOMEM.
 */
MUST_USE int marks_read(struct marks *out, const struct marks_source *from, int partitions,
			struct arena *arena, struct error *err);

/* The percentage of a rebuild that is done, or -1 when the mark does not say. */
int seen_mark_percent(const struct seen_mark *m);

/* ---- for marks_read() and its test ---- */

/* Appends the three commands that read a mark, its progress and its trouble. */
void seen_mark_append_read(struct pipeline *p, const struct keys *k);

enum { SEEN_MARK_REPLIES = 3 };

/* Sets *out from the replies to them; its texts live in the arena. */
void seen_mark_parse(struct seen_mark *out, struct redisReply *const *replies, struct arena *arena);

#endif
