#ifndef SB_CONSUMER_PARTITION_H
#define SB_CONSUMER_PARTITION_H

/*
 * The partitions of sharing.commands as this process has them: who owns them,
 * how far they are applied, and what was fetched of them. The loop's thread.
 *
 * A state says what is true of the partition. partition_become() is the only
 * function that changes one, and whoever must react to a change is told by it.
 */

#include "cache/mark.h"
#include "consumer/staged.h"

enum partition_state {
	PARTITION_FOREIGN,    /* another member of the group owns it, or nobody does */
	PARTITION_CLAIMING,   /* the group gave it to us; recovery has yet to look at it */
	PARTITION_REBUILDING, /* mark is ours and says so; its keys are being loaded */
	PARTITION_READY,      /* mark is ours and says where the next run begins */
};

struct partitions;

struct partition {
	int id;
	enum partition_state state; /* read it; partition_become() writes it */
	struct partitions *all;
	struct mark mark;     /* true while REBUILDING or READY */
	int64_t last_epoch;   /* the last epoch that this process took for it */
	int64_t progress;     /* while REBUILDING: the highest Progress in the changelog so far */
	bool fetched;         /* while READY: something was fetched, or the log's end was met */
	int64_t end;          /* while READY: where the log ended when that was last met */
	struct staged staged; /* empty unless READY */
	int64_t *sent;        /* last offsets of runs that are committed in Kafka: */
	size_t sent_count;    /* their `unsent` entries go with the next apply; */
	size_t sent_cap;      /* none while FOREIGN or REBUILDING */
};

/* Called after each change of a state, with the state before it. */
struct partition_watcher {
	void (*changed)(void *context, struct partition *part, enum partition_state before);
	void *context;
};

struct partitions {
	struct partition *list; /* by id */
	int count;
	struct partition_watcher watcher;
};

/* All of them FOREIGN. */
void partitions_init(struct partitions *all, int count, const struct partition_watcher *watcher);
void partitions_done(struct partitions *all);

/* Is any partition in that state? */
bool partitions_any(const struct partitions *all, enum partition_state state);

/*
 * Changes the state. Going to FOREIGN or CLAIMING drops what is staged and what
 * is known to be sent; going to READY begins at mark.applied.
 *
 *   FOREIGN -> CLAIMING -> READY        CLAIMING -> REBUILDING -> READY
 *   anything -> CLAIMING (but from FOREIGN only when the group gives it)
 *   anything -> FOREIGN
 */
void partition_become(struct partition *part, enum partition_state to);

/*
 * The partition may have changed behind our back: recovery must look at it
 * before anything else happens to it. One that is FOREIGN stays so.
 */
void partition_claim_again(struct partition *part);
void partitions_claim_again(struct partitions *all);

/* The lowest offset that may be staged next. */
int64_t partition_next_offset(const struct partition *part);

/* The run that ends with this offset is committed in Kafka. */
void partition_note_sent(struct partition *part, int64_t last);

#endif
