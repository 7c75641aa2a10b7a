#ifndef SB_CONSUMER_REBUILD_H
#define SB_CONSUMER_REBUILD_H

/*
 * Fills partitions of the index anew from sharing.grants, after Redis has lost
 * data. Nothing is decided and nothing is emitted. Works in bounded steps, so
 * that other partitions and the group go on meanwhile; readers of these
 * partitions are told to wait, by their marks. Whatever goes wrong, it begins
 * anew. The loop's thread.
 */

#include "consumer/progress.h"
#include "consumer/ready.h"
#include "consumer/restore.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

struct rebuild;

/* All of it is borrowed and must outlive the rebuild. */
struct rebuild_options {
	struct codec *codec;
	struct index *index;
	struct changelog *changelog;
	struct progress_reader *progress;
	struct workspaces *workspaces;
	struct partitions *partitions;
	const struct ready_maker *ready;
};

/* No partition is being rebuilt. */
struct rebuild *rebuild_new(const struct rebuild_options *o);
void rebuild_free(struct rebuild **r);

/*
 * Adds a CLAIMING partition, whose mark is ours and says MARK_REBUILDING: it is
 * REBUILDING from then on. Not after the first step has been done.
 */
void rebuild_add(struct rebuild *r, struct partition *part);

/* Are partitions being rebuilt? */
bool rebuild_is_active(const struct rebuild *r);

/* One of the partitions has changed hands: the next step claims all of them again. */
void rebuild_break(struct rebuild *r);

/*
 * Does a piece of the work; never waits for the changelog. In the end the
 * partitions are READY. ERROR_UNAVAILABLE, ERROR_FENCED: they are CLAIMING
 * again. ERROR_REFUSED: stop.
 */
MUST_USE int rebuild_step(struct rebuild *r, const struct now *now, struct error *err);

/* When the next step has something to do, if nothing arrives: 0, at once, or INT64_MAX. */
int64_t rebuild_due_ms(const struct rebuild *r);

#endif
