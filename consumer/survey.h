#ifndef SB_CONSUMER_SURVEY_H
#define SB_CONSUMER_SURVEY_H

/*
 * Finds out which subjects are gone, so that the reaper can look for their
 * grants. Those that are deleted while we follow the directory are reported by
 * the follower. For those that were deleted before, a survey looks up all
 * subjects of the index, once after partitions have become ours; it also logs how
 * many of them the directory has never heard of, because their grants stay. The
 * loop's thread.
 */

#include "cache/stale.h"
#include "consumer/follower.h"
#include "consumer/reaping.h"
#include "ops/support/attributes.h"
#include "ops/support/buffer.h"
#include "ops/support/clock.h"

/* The pointers are borrowed and must outlive it. All other fields start at 0. */
struct survey {
	struct reapings *reapings;
	struct index *index;
	struct follower *follower;
	bool running;
	uint64_t cursor;       /* of Redis' SCAN */
	unsigned connection;   /* to Redis, on which the survey began */
	int64_t retry_ms;      /* when a survey may begin; monotonic */
	struct buffer missing; /* the ids of subjects that the directory has never heard of */
	struct arena arena;    /* for one step */
};

void survey_done(struct survey *s);

/* Collects from the follower which subjects were deleted since the last call. */
void survey_collect_gone(struct survey *s);

/*
 * Begins a survey if one is wanted, or does a bounded piece of the one that is
 * running. ERROR_UNAVAILABLE: Redis cannot be reached; ERROR_REFUSED: stop.
 */
MUST_USE int survey_step(struct survey *s, const struct now *now, struct error *err);

/* When the next step has work even if nothing arrives; monotonic, INT64_MAX: never. */
int64_t survey_due_ms(const struct survey *s);

#endif
