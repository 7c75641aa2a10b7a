#ifndef SB_OPERATOR_VERDICT_H
#define SB_OPERATOR_VERDICT_H

/*
 * What is wrong with a deployment, in sentences for whoever runs it. A pure
 * function of what was asked.
 */

#include "ops/support/arena.h"
#include "producer/operator/survey.h"

struct verdict {
	struct bytes *list; /* sentences, without "sharebus: " before them; live in the arena */
	size_t count;       /* 0: all is well */
};

/*
 * What a mark says is so as long as somebody looks at it: makes "unwatched" of
 * "ready" where nobody has for some seconds. For verdict_give() and for people.
 */
void verdict_watch(struct survey_row *rows, int count);

/*
 * Judges `partitions` rows of partitions, and the directory's after them. What
 * could not be asked is not judged. `group` is the consumer group's name;
 * `evicting` is a sentence about a Redis that may evict keys, or empty.
 */
void verdict_give(struct verdict *out, const struct survey_row *rows, int partitions,
		  const char *group, struct bytes evicting, struct arena *arena);

/* Adds sentences of others, which must live as long as the verdict. */
void verdict_add(struct verdict *v, const struct bytes *list, size_t count, struct arena *arena);

#endif
