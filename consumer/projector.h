#ifndef SB_CONSUMER_PROJECTOR_H
#define SB_CONSUMER_PROJECTOR_H

/*
 * Projects the directory into Redis for readers while this process owns the
 * partition of sharing.directory: at first all of it, then change by change,
 * under a mark of its own like a partition's. The loop's thread.
 */

#include "cache/directory.h"
#include "cache/index.h"
#include "consumer/directory.h"
#include "consumer/partition.h"
#include "ops/support/attributes.h"

enum projecting {
	PROJECTING_NOT,     /* another process projects, or nobody does */
	PROJECTING_UNKNOWN, /* we project; what Redis holds has yet to be found out */
	PROJECTING_HELD, /* we project; the mark in Redis says that readers must not rely on it */
	PROJECTING_CHANGES, /* Redis is as far as `mark`; `changes` has what changed since */
	PROJECTING_UNSURE,  /* the last write may have been made: Redis is as far as `mark`, or as
			      `tried`, and `changes` has what changed since `mark` */
};

struct projector {
	struct index *index; /* borrowed; must outlive it; NULL where nobody projects */
	enum projecting state;
	int64_t epoch;     /* the lowest that the mark may get */
	struct mark mark;  /* while PROJECTING_CHANGES or _HELD: as we left it in Redis */
	struct mark tried; /* while PROJECTING_UNSURE */
	struct projection changes;
	bool damaged; /* what Redis holds is not believed: everything is projected anew */
	struct damages damages;
	int64_t retry_ms;      /* while PROJECTING_UNKNOWN: not before this time; monotonic */
	struct error node_why; /* why its node of Redis could not be asked; code 0: it could */
	struct {
		bool running;
		const struct entity *at; /* the next entity; valid while the position is this */
		int64_t position;
		int64_t begin_ms; /* when the next pass may begin; monotonic */
	} comparing;
};

/* Begins with PROJECTING_NOT. */
void projector_init(struct projector *p, struct index *index);
void projector_done(struct projector *p);

/* Begins or ends projecting, see follower_own(). */
void projector_own(struct projector *p, bool own, int64_t epoch);

/*
 * Where changes of the view are to be gathered; NULL unless Redis is known to
 * have all that was before them.
 */
struct projection *projector_changes(struct projector *p);

/* Does Redis lack changes that are in the view as of `position`? */
bool projector_lags(const struct projector *p, int64_t position);

/* How many bytes of changes are gathered. */
size_t projector_size(const struct projector *p);

/*
 * Brings Redis up to date with d, which is the directory as of `position`. Blocks.
 * 0 also when another process has the mark now: the group will say who owns the
 * partition. 0 also while it waits, with a line in the log: because what Redis
 * holds is damaged again and again, because the mark belongs to another
 * deployment, or for a second because the node of a cluster that has the directory
 * does not answer: partitions on others go on. ERROR_UNAVAILABLE: try again later.
 */
MUST_USE int projector_write(struct projector *p, const struct directory *d, int64_t position,
			     struct error *err);

/*
 * Marks the directory in Redis as not ready, so that readers answer
 * `unavailable`, until the next projector_write() projects everything anew.
 * Errors as projector_write().
 */
MUST_USE int projector_hold(struct projector *p, struct error *err);

/*
 * Checks that the mark in Redis is as we left it, and stamps it if it is ready; if
 * it is another one, the next projector_write() projects everything anew, or
 * projector_hold() holds it again. ERROR_UNAVAILABLE.
 */
MUST_USE int projector_check(struct projector *p, struct error *err);

/*
 * Compares a piece of d, which is the directory as of `position`, with what Redis
 * holds, and distrusts that if they differ. Sets *more: the pass has not come to
 * its end. Blocks for Redis; ERROR_UNAVAILABLE.
 */
MUST_USE int projector_compare(struct projector *p, const struct directory *d, int64_t position,
			       bool *more, struct error *err);

/*
 * Takes note that what Redis holds of the directory is damaged, as `why` says:
 * readers are told at once, and the next projector_write() projects everything
 * anew, after a pause that grows if damage is found again and again. Blocks for
 * Redis.
 */
void projector_distrust(struct projector *p, const struct error *why);

#endif
