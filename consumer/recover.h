#ifndef SB_CONSUMER_RECOVER_H
#define SB_CONSUMER_RECOVER_H

/*
 * What happens when a partition becomes ours, or may have changed behind us:
 * compare what Kafka has committed with what Redis has applied, take the
 * epoch, and go on from there.
 */

#include "cache/unsent.h"
#include "consumer/processor.h"
#include "ops/support/attributes.h"

/* What the two say together. */
enum recovery {
	RECOVERY_FRESH,   /* neither knows the partition: begin at the log's start */
	RECOVERY_GO_ON,   /* they agree */
	RECOVERY_PUBLISH, /* Redis is ahead: publish what it keeps unsent, deciding nothing again */
	RECOVERY_REBUILD, /* Redis is behind, or does not know what Kafka has: it lost data */
};

/* Pure. committed is where Kafka stands, or COMMITTED_NONE. */
enum recovery recovery_case(const struct mark *mark, int64_t committed);

/*
 * Pure. Do the runs that Redis keeps unsent lead from what is committed to
 * what is applied, one behind the other? When nothing was ever committed, all
 * of them are unsent. A run that begins before `committed` and ends behind it
 * is of another history: Redis has lost data, the commands were decided again
 * since, in other runs, and then Redis came back with what it had lost. To
 * publish it would tell people twice: then it is RECOVERY_REBUILD.
 */
bool recovery_continues(const struct unsent_list *unsent, int64_t committed, int64_t applied);

/*
 * Recovers all CLAIMING partitions. Nothing of theirs may be on its way to
 * Kafka meanwhile: drain the publisher before, or replace it. On success they
 * are READY, and what was unsent is on its way; or REBUILDING. On
 * ERROR_UNAVAILABLE and ERROR_FENCED those that are not stay CLAIMING: try
 * again. ERROR_REFUSED: stop, with a sentence.
 */
MUST_USE int recover_partitions(struct processor *p, struct error *err);

/* Raises *progress to what the changelog's record says, if that is a Progress. */
void recover_take_progress(struct processor *p, const struct message *m, int64_t *progress);

/*
 * READY, what was rebuilt or recovered; past commands that are lost, if that
 * is accepted. ERROR_UNAVAILABLE, ERROR_FENCED: claim them again.
 */
MUST_USE int recover_make_ready(struct processor *p, struct partition *const *parts, size_t count,
				struct error *err);

#endif
