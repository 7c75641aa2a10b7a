#ifndef SB_CONSUMER_SURVEY_H
#define SB_CONSUMER_SURVEY_H

/*
 * Finds out which subjects are gone, so that the reaper can look for their
 * grants: by what the directory tells; and, once after partitions have become
 * ours, by a look at all subjects of the index, for those who went while
 * nobody followed the directory. The loop's thread.
 */

#include "cache/stale.h"
#include "consumer/follower.h"
#include "consumer/reaping.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

/* The first three are borrowed and must outlive it; begin with zeros after them. */
struct survey {
	struct reapings *reapings;
	struct index *index;
	struct follower *follower;
	bool running;
	uint64_t cursor;
	unsigned connection; /* of Redis, on which the survey began */
	int64_t retry_ms;    /* when to try again to begin; monotonic */
	bool told_empty;     /* a person has been told that the directory is empty */
	struct arena arena;  /* of one step */
};

void survey_done(struct survey *s);

/* Takes from the follower who was deleted since the last time. */
void survey_take_gone(struct survey *s);

/* Begins to look at all subjects, if that is wanted, or goes on. ERROR_UNAVAILABLE: Redis. */
MUST_USE int survey_step(struct survey *s, const struct now *now, struct error *err);

/* When the next step has something to do, if nothing arrives: monotonic, or INT64_MAX. */
int64_t survey_due_ms(const struct survey *s);

#endif
