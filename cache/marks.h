#ifndef SB_CACHE_MARKS_H
#define SB_CACHE_MARKS_H

/*
 * All marks of an index as they stand, good or not: for people who look at a
 * deployment that may be broken. Nothing about grants may be concluded from
 * them; reader.h answers questions.
 */

#include "cache/mark.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"

/* One mark, and how far its rebuild is. */
struct seen_mark {
	struct mark mark;
	int64_t loaded; /* while rebuilding: records of the changelog read; else ABSENT */
	int64_t goal;   /* and to read */
};

struct marks {
	struct seen_mark *partitions;
	size_t count;
	struct seen_mark directory;
};

/* Where the index is. */
struct marks_source {
	const char *address;
	const char *prefix;
	int timeout_ms;
};

/*
 * Reads the marks of that many partitions and of the directory into the arena.
 * partitions 0: nobody else knows how many there are, so as many as the index
 * says, none if it is silent. ERROR_UNAVAILABLE when Redis does not answer,
 * ERROR_REFUSED when it refuses, ERROR_USAGE for a bad address.
 */
MUST_USE int marks_read(struct marks *out, const struct marks_source *from, int partitions,
			struct arena *arena, struct error *err);

/* How much of a rebuild is done, 0 to 100, or -1 when the mark does not say. */
int seen_mark_percent(const struct seen_mark *m);

/* For marks_read() and its test: the two commands that read a mark, and what their replies say. */
void seen_mark_append_read(struct pipeline *p, const struct keys *k);
void seen_mark_parse(struct seen_mark *out, const struct redisReply *mark,
		     const struct redisReply *progress);

#endif
