#ifndef SB_CONSUMER_SCRUB_H
#define SB_CONSUMER_SCRUB_H

/*
 * The scrub looks through all keys of our partitions in Redis, slowly and over
 * and over again, and compares them with each other and with the counts in the
 * marks. An index that has lost a key looks like one that never had it, and a
 * check would answer a wrong "no": so a partition of which something is missing
 * or broken is rebuilt.
 *
 * A pass over a small index takes a second and begins every 10 s; one over
 * a million keys takes some 15 minutes. The directory is compared with the
 * follower's view in the same manner. The loop's thread.
 */

#include "cache/inspect.h"
#include "consumer/follower.h"
#include "consumer/partition.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

struct scrub;

/* Makes an idle scrub. The arguments are borrowed and must outlive it. */
struct scrub *scrub_new(struct partitions *partitions, struct index *index,
			struct follower *follower);
void scrub_free(struct scrub **s); /* sets *s to NULL; accepts NULL */

/*
 * Looks at some keys, if it is time to. What is damaged is taken care of, see
 * damage_found(), and is no error. Blocks for Redis; ERROR_UNAVAILABLE.
 */
MUST_USE int scrub_step(struct scrub *s, const struct now *now, struct error *err);

/* When the next step is due, in ms of CLOCK_MONOTONIC. */
int64_t scrub_due_ms(const struct scrub *s);

#endif
