#ifndef SB_CONSUMER_RECOVERY_H
#define SB_CONSUMER_RECOVERY_H

/*
 * What happens when a partition becomes ours, or may have changed behind our
 * back: compare what Kafka has committed with what Redis has applied, take the
 * epoch, and go on from there. The loop's thread.
 */

#include "cache/unsent.h"
#include "consumer/follower.h"
#include "consumer/progress.h"
#include "consumer/publisher.h"
#include "consumer/ready.h"
#include "consumer/rebuild.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

/* What Kafka and Redis say together of a partition. */
enum recovery_case {
	RECOVERY_FRESH,   /* neither knows the partition: begin at the log's start */
	RECOVERY_GO_ON,   /* they agree */
	RECOVERY_PUBLISH, /* Redis is ahead: publish what it keeps unsent, deciding nothing again */
	RECOVERY_REBUILD, /* Redis lags, or does not know what Kafka has: it lost data */
};

/* Pure. committed is where Kafka stands, or COMMITTED_NONE. */
enum recovery_case recovery_case_of(const struct mark *mark, int64_t committed);

/*
 * Pure. Do the runs that Redis keeps unsent lead from what is committed to
 * what is applied, one after the other? When nothing was ever committed, all
 * of them are unsent. A run that begins before `committed` and ends after it
 * is of another history: Redis has lost data, the commands were decided again
 * since, in other runs, and then Redis came back with what it had lost. To
 * publish it would tell people twice: then it is RECOVERY_REBUILD.
 */
bool recovery_continues(const struct unsent_list *unsent, int64_t committed, int64_t applied);

/* All but the last two are borrowed and must outlive it; begin with zeros there. */
struct recovery {
	struct partitions *partitions;
	struct intake *intake;
	struct index *index;
	struct follower *follower;
	struct publisher *publisher;
	struct progress_reader *progress;
	struct rebuild *rebuild;
	const struct ready_maker *ready;
	int64_t unsettled_since_ms; /* since when Kafka does not say what is committed; 0: it does */
	bool orphans_suspected;     /* that has lasted too long: see recovery_suspects_orphans() */
};

/*
 * Recovers all CLAIMING partitions, if there are any, the directory has been
 * read, and no rebuild is going on. Waits for the publisher first: recovery
 * compares what is committed with what Redis keeps unsent, so nothing may be on
 * its way meanwhile. A publisher that does not finish is stopped.
 *
 * On success they are READY, and what was unsent is on its way; or REBUILDING.
 * On ERROR_UNAVAILABLE and ERROR_FENCED those that are not stay CLAIMING: try
 * again. ERROR_REFUSED: stop, with a sentence.
 */
MUST_USE int recovery_step(struct recovery *r, const struct now *now, struct error *err);

/*
 * True once after Kafka has not said for long what is committed although its
 * brokers answer: it never will by itself. See publisher_guard_abort_orphans().
 */
bool recovery_suspects_orphans(struct recovery *r);

#endif
