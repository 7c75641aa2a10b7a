#ifndef SB_CACHE_CLEARING_H
#define SB_CACHE_CLEARING_H

/*
 * Clearing partitions: their owner deletes all their keys but the marks and the
 * inboxes (inbox.h), before they are rebuilt.
 */

#include "cache/index.h"

/* A partition to be cleared, or KEYS_DIRECTORY. */
struct clearing {
	int partition;
	const struct mark *ours; /* the mark as its owner left it; borrowed */
	struct pipeline body;    /* scratch; starts as all zero, ends with pipeline_done() */
};

/*
 * Makes one step: looks at some thousands of the keys of this Redis, of
 * whatever kind, and deletes those that belong to the partitions of the list.
 * *cursor is 0 before the first step and again after the last, and untouched on
 * failure. ERROR_FENCED when the mark of one of the partitions is not as
 * `ours`. Otherwise blocks and fails as index.h says.
 */
MUST_USE int clearing_step(struct index *ix, struct clearing *list, size_t count, uint64_t *cursor,
			   struct error *err);

#endif
