#ifndef SB_OPERATOR_GROUP_H
#define SB_OPERATOR_GROUP_H

/* A consumer group as the brokers know it: who is in it, what they have, and how far it is. */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/topics.h"

struct rd_kafka_s;

/* Whom to ask about which group. Borrowed for the call. */
struct group_asked {
	struct rd_kafka_s *asker;
	const char *group;
	int wait_ms;
};

/* What a member has; a member without partitions is told once, with topic NULL. Borrowed. */
struct group_share {
	int member; /* its number, from 0 */
	const char *instance;
	const char *topic;
	int partition;
};

typedef void group_share_fn(void *context, const struct group_share *s);

/*
 * Tells what the members have, and sets *state to the group's, which lives as long as
 * the program; both untouched for a group that is not known. Blocks. ERROR_UNAVAILABLE.
 */
MUST_USE int group_describe(const struct group_asked *g, group_share_fn *told, void *context,
			    const char **state, struct error *err);

/*
 * Sets committed[i] to the offset that the group has committed of the topic's partition
 * i, ABSENT where it has none. Blocks. ERROR_UNAVAILABLE.
 */
MUST_USE int group_committed(const struct group_asked *g, enum topic topic, int64_t *committed,
			     int partitions, struct error *err);

#endif
