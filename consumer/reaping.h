#ifndef SB_CONSUMER_REAPING_H
#define SB_CONSUMER_REAPING_H

/*
 * What the reaper knows of each partition. reaper.c sends the removals, survey.c
 * finds out which subjects are gone, that is, were said to be deleted. The loop's
 * thread.
 */

#include "cache/stale.h"
#include "consumer/partition.h"
#include "schemas/records.h"

enum {
	LOOK_EVERY_MS = 1000,
	GONE_MAX = 1000, /* subjects of a partition that wait; for more, a survey is made */
};

enum reaping_state {
	REAPING_UNKNOWN, /* others may have sent removals; where the log ends has yet to be asked */
	REAPING_LAGGING, /* removals before `until` may be on the log and not applied */
	REAPING_CLEAR,   /* no removal is on its way: each stale grant in Redis needs one */
	REAPING_SENDING, /* the brokers have yet to say where some removals are on the log */
};

enum survey_state {
	SURVEY_WANTED,  /* subjects may be gone without our knowledge */
	SURVEY_RUNNING, /* all subjects of the index are being looked up */
	SURVEY_DONE,    /* all were looked up; since then the follower reports who is gone */
};

/* Subjects that are gone and may still have grants. */
struct gone {
	struct subject list[GONE_MAX];
	size_t count;
};

struct reaping {
	const struct partition *part;
	enum reaping_state state;
	int64_t epoch;      /* of the mark; what is known is of this epoch */
	bool caught_up;     /* it has been CLEAR in this epoch */
	int64_t until;      /* while LAGGING or SENDING: the offset to be applied before CLEAR */
	size_t outstanding; /* removals without a receipt, earlier epochs included */
	int64_t sent_ms;    /* when the last removals were sent, by our clock; unix */
	int64_t ahead_ms;   /* our clock is ahead of the broker's by at least this */
	int64_t look_ms;    /* when to look for stale grants again; monotonic */
	enum survey_state survey;
	struct gone *gone; /* allocated at the first one; NULL: none yet */
};

struct reapings {
	struct reaping *list; /* by partition */
	int count;
};

/* One for each partition. They borrow the partitions. */
void reapings_init(struct reapings *all, const struct partitions *partitions);
void reapings_done(struct reapings *all);

/* Is the partition READY, in the epoch of which this is known? */
bool reaping_is_current(const struct reaping *r);

/*
 * The subjects that are gone and may still have grants. Adding one for which
 * there is no room sets SURVEY_WANTED instead. Dropping the i-th needs i to be
 * less than the count.
 */
size_t reaping_gone_count(const struct reaping *r);
void reaping_add_gone(struct reaping *r, const struct subject *s);
void reaping_drop_gone(struct reaping *r, size_t i);

/*
 * Drops those of the first `asked` gone subjects that have no grants among those
 * found: nothing is left to be done for them.
 */
void reaping_drop_done(struct reaping *r, size_t asked, const struct stale_list *found);

#endif
