#ifndef SB_CONSUMER_FINDING_H
#define SB_CONSUMER_FINDING_H

/* What recovery finds of a partition, and what follows from it. Pure. */

#include "cache/unsent.h"
#include "consumer/output.h"
#include "consumer/progress.h"
#include "consumer/verifier.h"
#include "ops/support/attributes.h"

/* What is to be done, by what Kafka and Redis say of a partition. */
enum recovery_case {
	RECOVERY_FRESH,   /* neither knows the partition: begin at the log's start */
	RECOVERY_GO_ON,   /* they agree: go on */
	RECOVERY_PUBLISH, /* Redis is ahead: publish what it keeps unsent, deciding nothing again */
	RECOVERY_REBUILD, /* Redis lags behind Kafka, or has another history: it has lost data */
	RECOVERY_UNCLEAR, /* the group has committed more than the changelog tells: a person decides */
};

/*
 * What Kafka says is committed. A transaction commits the group's offset and a
 * Progress together, and the Progress counts: a group's offsets expire, and
 * people reset them.
 */
struct committed {
	int64_t group;            /* the group's offset, or COMMITTED_NONE */
	struct progress progress; /* the changelog's last; applied is COMMITTED_NONE: it has none */
};

/* A pure function. */
enum recovery_case recovery_case_of(const struct mark *mark, const struct committed *committed);

/*
 * A pure function. Do the runs in `unsent` lead from the progress to the mark
 * without a gap, and can all be read? If nothing was ever committed, any first
 * run will do; the runs must only reach the mark.
 *
 * A run that begins before `committed` and ends after it is of another history:
 * Redis had lost data, the commands were decided again in other runs, and then
 * Redis came back with what it had lost. Publishing that would notify people
 * twice, so the case is RECOVERY_REBUILD then.
 */
bool recovery_continues(const struct unsent_list *unsent, const struct progress *progress,
			const struct mark *mark);

/*
 * The first run in `unsent` that is still to be published after the progress but is
 * not trusted; NULL: none. Then recovery_continues() is false. Pure.
 */
const struct unsent *recovery_forged(const struct unsent_list *unsent,
				     const struct progress *progress);

/*
 * A pure function. Does what is unsent agree with the case? A partition that
 * nobody knows has nothing unsent; if there is something, only its mark is gone.
 * For the others see recovery_continues().
 */
bool recovery_agrees(enum recovery_case is, const struct unsent_list *unsent,
		     const struct progress *progress, const struct mark *mark);

/* Does the run end where that log was committed already, or before? */
bool run_is_over(const struct run_range *run, int64_t log, int64_t committed);

/* A partition as recovery finds it. The claim fails if its mark has changed since. */
struct finding {
	struct committed committed;
	struct mark mark;
	struct unsent_list unsent;
	enum recovery_case is;
	struct log_view view;
	unsigned doubts; /* intake_doubts() before that look */
};

/* Is the index at least as far as the changelog? */
bool finding_index_counts(const struct finding *f);

/* What was applied, by the mark or the progress, whichever is further. */
struct applied_log finding_applied(const struct finding *f);

/* Sets the mark to where the partition's next run will begin. */
void finding_set_reached(const struct finding *f, struct mark *mark);

#endif
