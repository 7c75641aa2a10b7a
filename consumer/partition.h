#ifndef SB_CONSUMER_PARTITION_H
#define SB_CONSUMER_PARTITION_H

/*
 * The partitions of sharing.commands as this process sees them: who owns each,
 * how far it is applied, and the messages that were fetched from it. The loop's
 * thread.
 *
 * A partition's state says what is true of it. Only partition_become() changes
 * the state, and then it calls the watcher, so that others can react.
 *
 * A partition that cannot go on until a person has acted, or until time has
 * mended something, is set ASIDE: nothing is fetched, applied or published for
 * it, and the others go on. Every ASIDE_RETRY_MS recovery looks at it again, or
 * every second if a node of Redis keeps it from going on.
 */

#include "cache/mark.h"
#include "consumer/staged.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/records.h"

enum partition_state {
	PARTITION_FOREIGN,    /* another member of the group owns it, or nobody does */
	PARTITION_CLAIMING,   /* the group assigned it to us; recovery has yet to look at it */
	PARTITION_ASIDE,      /* it is ours, but `trouble` keeps it from going on; see below */
	PARTITION_REBUILDING, /* mark is ours and says `rebuilding`; its keys are being loaded */
	PARTITION_READY,      /* mark is ours and says where the next run begins */
};

/* How long a partition stays ASIDE before recovery looks at it again; one that waits for a node. */
enum { ASIDE_RETRY_MS = 30000, NODE_RETRY_MS = 1000 };

struct partitions;

/* How often something was found damaged, and when last. All zero at first. */
struct damages {
	unsigned count;
	int64_t last_ms; /* monotonic */
};

struct partition {
	int id;
	enum partition_state state; /* only partition_become() writes it */
	struct partitions *all;
	struct mark mark;         /* true while REBUILDING or READY */
	int64_t last_epoch;       /* the highest epoch that this process has taken for it */
	struct progress progress; /* the changelog's last; while REBUILDING, the last so far */
	struct error trouble; /* while ASIDE: why, as a sentence; else the last reason, or none */
	int64_t retry_ms;     /* while ASIDE: when recovery looks at it again; monotonic */
	bool damaged;         /* what Redis holds of it is not believed: recovery rebuilds it */
	struct damages damages;
	bool doubted;       /* a topic refused outputs that may be its own; see probation.h */
	int64_t vouched_ms; /* while READY: when its log was last known to be the same; monotonic */
	unsigned doubts;    /* while READY: intake_doubts() at that time */
	bool accepting;     /* another log is being accepted: see recovery.c; not while READY */
	bool fetched;       /* while READY: a message was fetched, or the log's end reached */
	int64_t end;        /* while READY: where the log ended when it was last reached */
	bool probing;       /* while READY: not fetched until holes.h knows where a hole ends */
	struct staged staged; /* empty unless READY */
	/*
	 * The last offsets of runs that are committed in Kafka, whose `unsent`
	 * entries the next apply deletes. None while FOREIGN or REBUILDING.
	 */
	int64_t *committed_runs;
	size_t committed_runs_count;
	size_t committed_runs_cap;
};

/* changed() is called after each change of a state, with the state before it. */
struct partition_watcher {
	void (*changed)(void *context, struct partition *part, enum partition_state before);
	void *context;
};

struct partitions {
	struct partition *list; /* by id */
	int count;
	struct partition_watcher watcher;
};

/* Makes `count` partitions, all of them FOREIGN. The watcher is copied. */
void partitions_init(struct partitions *all, int count, const struct partition_watcher *watcher);
void partitions_done(struct partitions *all);

/* The partition with that id, which must be less than all->count. */
struct partition *partitions_get(const struct partitions *all, int id);

/* Is any partition in that state? */
bool partitions_any(const struct partitions *all, enum partition_state state);

/*
 * Changes the state and calls the watcher. All but READY drop the staged
 * messages and `committed_runs`. READY requires that part->mark is ours and
 * that fetching begins at mark.applied. No other changes are allowed than
 * these:
 *
 *   CLAIMING -> READY        CLAIMING -> REBUILDING -> READY
 *   any state but FOREIGN -> ASIDE, by partition_set_aside() and the like alone
 *   any state -> CLAIMING (from FOREIGN only when the group assigns it to us)
 *   any state -> FOREIGN
 *
 * READY and FOREIGN clear `trouble`, `accepting` and `damaged`; FOREIGN also `doubted`.
 */
void partition_become(struct partition *part, enum partition_state to);

/*
 * Makes the partition ASIDE because of `why`, whose sentence is logged if it is
 * another one than before. now_ms is monotonic. A FOREIGN partition stays
 * FOREIGN.
 */
void partition_set_aside(struct partition *part, const struct error *why, int64_t now_ms);

/* The same, for as long as is said: until retry_ms, monotonic. */
void partition_set_aside_until(struct partition *part, const struct error *why, int64_t retry_ms);

/*
 * Takes the result of what was done for the partition in Redis. After ERROR_NODE, of which
 * `why` tells, it is set aside for NODE_RETRY_MS, and 0 is returned, for other partitions can
 * go on. Any other result is returned as it is.
 */
MUST_USE int partition_await_node(struct partition *part, int rc, const struct error *why,
				  int64_t now_ms);

/* Makes CLAIMING each ASIDE partition that is due to be looked at again. */
void partitions_retry_aside(struct partitions *all, int64_t now_ms);

/* When the next ASIDE partition is due to be looked at again; INT64_MAX: none is ASIDE. */
int64_t partitions_aside_due_ms(const struct partitions *all);

/*
 * Makes the partition CLAIMING because others may have changed it: nothing else
 * happens to it until recovery has looked at it. A FOREIGN one stays FOREIGN,
 * and one that is ASIDE stays ASIDE until its time has come.
 */
void partition_claim_again(struct partition *part);
void partitions_claim_again(struct partitions *all);

/* The lowest offset that may be staged next. */
int64_t partition_next_offset(const struct partition *part);

/* Notes that the run which ends with this offset is committed in Kafka. CLAIMING or READY. */
void partition_note_committed(struct partition *part, int64_t last);

#endif
