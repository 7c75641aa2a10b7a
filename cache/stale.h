#ifndef SB_CACHE_STALE_H
#define SB_CACHE_STALE_H

/*
 * Stale grants have expired, or their subject was deleted; they are to be
 * revoked although no command asks for it. Handoffs whose time is over are as
 * stale. This is what the owner of a
 * partition reads of the index to find them. Nothing is written, and a watch
 * that index_read() or index_apply() has set stays.
 *
 * Each function is one round trip, blocks and fails as index.h says. Lists grow
 * in the arena that the caller has put into them.
 */

#include "cache/index.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"

struct stale {
	struct uuid workspace_id;
	struct subject subject;
	struct uuid handoff_id; /* nil: it is a grant; else it has no subject */
	int64_t expires_at;     /* ms since 1970; ABSENT when found by its subject */
};

struct stale_list {
	struct arena *arena;
	struct stale *list;
	size_t count;
};

struct stale_question {
	int64_t now;                    /* find what expires by then, ms since 1970 */
	const struct subject *subjects; /* and the grants of these subjects */
	size_t subject_count;
	size_t max; /* at most so many by expiry, and so many for each subject */
};

/*
 * Finds stale grants of the partition. *out has first what has expired,
 * the oldest first, then those of the subjects, in the order of the question.
 * ERROR_FENCED when the partition's mark is not as *ours.
 */
MUST_USE int stale_read(struct index *ix, int partition, const struct mark *ours,
			const struct stale_question *q, struct stale_list *out, struct error *err);

/* A subject that something is shared with in a partition. */
struct holder {
	int partition; /* as the key says; a foreign key may name one that does not exist */
	struct subject subject;
};

struct holder_list {
	struct arena *arena;
	struct holder *list;
	size_t count;
};

/*
 * Finds the subjects of partitions in steps, index_scan(), over some thousands of the
 * keys of this Redis each. A subject that is there from first to last is listed at least once.
 * Marks are neither read nor compared.
 */
MUST_USE int stale_scan(struct index *ix, const struct index_part *of, uint64_t *cursor,
			struct holder_list *out, struct error *err);

#endif
