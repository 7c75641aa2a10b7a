#ifndef SB_CACHE_STALE_H
#define SB_CACHE_STALE_H

/*
 * Grants that must go though nobody asks for it: their time is over, or their
 * subject is gone. What the owner of a partition reads of the index to find
 * them. Nothing is written, and what a run has watched stays watched.
 *
 * All of it, unless said otherwise: one round trip; ERROR_FENCED when the
 * partition's mark is not `ours`, ERROR_UNAVAILABLE. Results live in the arena
 * that the caller has put into the list.
 */

#include "cache/index.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"

struct stale {
	struct uuid workspace_id;
	struct subject subject;
	int64_t expires_at; /* ABSENT: found by its subject */
};

struct stale_list {
	struct arena *arena;
	struct stale *list;
	size_t count;
};

struct stale_question {
	int64_t now;                    /* what expires until then, ms since 1970 */
	const struct subject *subjects; /* and what these have */
	size_t subject_count;
	size_t max; /* of what expires, and of what each subject has */
};

/* First what expires, the oldest first; then, in the order of the question, what the subjects have. */
MUST_USE int stale_read(struct index *ix, int partition, const struct mark *ours,
			const struct stale_question *q, struct stale_list *out, struct error *err);

/* A workspace, and the commands that were decided on it lately. */
struct stale_memory {
	struct uuid workspace_id;
	struct uuid recent[RECENT_COMMANDS]; /* in no order; nil: none */
};

/* Fills the memory of each. */
MUST_USE int stale_read_memory(struct index *ix, int partition, const struct mark *ours,
			       struct stale_memory *list, size_t count, struct error *err);

/* A subject with whom something is shared. */
struct holder {
	int partition;
	struct subject subject;
};

struct holder_list {
	struct arena *arena;
	struct holder *list;
	size_t count;
};

/*
 * The subjects of all partitions, in steps: call it until *cursor, 0 at first,
 * is 0 again. Who is there all the while is listed at least once. Looks at
 * every key of this Redis, some thousands a step, and at no mark.
 */
MUST_USE int stale_scan(struct index *ix, uint64_t *cursor, struct holder_list *out,
			struct error *err);

#endif
