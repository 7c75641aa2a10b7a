#ifndef SB_CACHE_COMPARE_H
#define SB_CACHE_COMPARE_H

/*
 * Compares what Redis holds with what a projection would write: so the owner of
 * the directory finds out whether its keys are still there and as it left them.
 * Nothing is written. What Redis holds beyond that is not looked for.
 */

#include "cache/index.h"

/*
 * `commands` write fields of hashes (HSET) and members of sets (SADD) and of
 * sorted sets (ZADD); others are passed over. The mark must be as *ours, or
 * ERROR_FENCED. ERROR_DAMAGED names a key that lacks something or has it with
 * another value. Otherwise blocks and fails as index.h says.
 */
MUST_USE int compare_written(struct index *ix, int partition, const struct mark *ours,
			     const struct pipeline *commands, struct error *err);

#endif
