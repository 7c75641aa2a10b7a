#ifndef SB_CONSUMER_RUNNER_H
#define SB_CONSUMER_RUNNER_H

/*
 * Carries out runs. A run takes consecutive records of one partition from the
 * log into the index: it reads what they need, decides, applies in one step of
 * Redis, and hands the outputs to the publisher. The loop's thread.
 */

#include "consumer/decision.h"
#include "consumer/follower.h"
#include "consumer/partition.h"
#include "consumer/publisher.h"
#include "consumer/workspaces.h"
#include "ops/support/attributes.h"

struct runner;

/* What a run needs. All of it is borrowed and must outlive the runner. */
struct runner_options {
	struct codec *codec;
	struct index *index;
	struct follower *follower;
	struct workspaces *workspaces;
	struct publisher *publisher;
	const char *access_url;      /* of the deployment, for links in notifications */
	int partitions;              /* of sharing.commands */
	const struct limits *limits; /* may change between runs */
	struct signing *signing;     /* NULL: no keys are configured */
};

struct runner *runner_new(const struct runner_options *o);
void runner_free(struct runner **r); /* sets *r to NULL; accepts NULL */

/*
 * From now on a run ends with the record at which its outputs reach `bytes`
 * bytes; by default 16 MB. The outputs of one record are never split.
 */
void runner_limit_outputs(struct runner *r, size_t bytes);

/*
 * Carries out the first `count` staged messages of a READY partition and drops
 * them; fewer if their outputs are large. `next` is the partition of the run
 * that will follow, whose mark is read ahead in the same round trip, or -1.
 * Blocks for Redis, and until the view is as far as the commands' authors had
 * seen the directory.
 *
 * Any failure leaves the partition CLAIMING: either nothing of the run has
 * happened or all of it, which recovery will find out. ERROR_FENCED: others have
 * changed the partition; ERROR_UNAVAILABLE: Redis or the directory cannot be
 * reached; ERROR_REFUSED: stop.
 */
MUST_USE int runner_run(struct runner *r, struct partition *part, size_t count, int next,
			struct error *err);

/*
 * Moves the partition on to the offset `to` without the commands before it, which
 * are gone from the log, and publishes the Progress like that of a run, with the
 * timestamp unix_ms. part->mark must be ours. ERROR_FENCED, ERROR_UNAVAILABLE,
 * ERROR_REFUSED.
 */
MUST_USE int runner_skip(struct runner *r, struct partition *part, int64_t to, int64_t unix_ms,
			 struct error *err);

/*
 * Moves the partition on to the offset `from` of another log, which a person has
 * accepted in place of the one that was applied; `tip` is the record before, if
 * that is known. What the index keeps of positions in the old log goes: all its
 * outputs must be committed. Otherwise as runner_skip().
 */
MUST_USE int runner_begin_log(struct runner *r, struct partition *part, int64_t from,
			      const struct tip *tip, int64_t unix_ms, struct error *err);

/* What was done since runner_new(). */
struct runner_counts {
	uint64_t records;
	uint64_t runs;
	uint64_t dead_letters;
};
struct runner_counts runner_counts(const struct runner *r);

#endif
