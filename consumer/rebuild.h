#ifndef SB_CONSUMER_REBUILD_H
#define SB_CONSUMER_REBUILD_H

/*
 * Fills partitions of the index anew from sharing.grants after Redis has lost
 * data. Nothing is decided, and no outputs are emitted. It works in bounded
 * steps, so that other partitions and the group go on meanwhile; readers of these
 * partitions see from the marks that they must wait. After any failure it starts
 * again from the beginning. The loop's thread.
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
	bool accept_lost_grants; /* a person has decided to go on without what is gone */
};

/* Makes an idle rebuild. */
struct rebuild *rebuild_new(const struct rebuild_options *o);
void rebuild_free(struct rebuild **r); /* sets *r to NULL; accepts NULL */

/*
 * Adds a CLAIMING partition whose mark is ours and MARK_REBUILDING, and makes it
 * REBUILDING. Partitions can be added only before the first step.
 */
void rebuild_add(struct rebuild *r, struct partition *part);

/* Are partitions being rebuilt? */
bool rebuild_is_active(const struct rebuild *r);

/* How much of it is done, 0 to 100; -1 when none is. */
int rebuild_percent(const struct rebuild *r);

/* Notes that a partition has left the rebuild: the next step makes the others CLAIMING again. */
void rebuild_break(struct rebuild *r);

/*
 * Does a piece of the work, without waiting for more of the changelog. After the
 * last one the partitions are READY. ERROR_UNAVAILABLE, ERROR_FENCED: they are
 * CLAIMING again. What is damaged while it is being rebuilt is no error: see
 * damage_found(). ERROR_REFUSED: stop.
 */
MUST_USE int rebuild_step(struct rebuild *r, const struct now *now, struct error *err);

/* When the next step has work even if nothing arrives: 0 is at once, INT64_MAX never. */
int64_t rebuild_due_ms(const struct rebuild *r);

#endif
