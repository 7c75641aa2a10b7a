#ifndef SB_CONSUMER_REAPING_H
#define SB_CONSUMER_REAPING_H

/*
 * What is known of each partition for removing what is over: for reaper.c,
 * which looks for it, and survey.c, which finds out whose subjects are gone.
 */

#include "consumer/partition.h"
#include "schemas/records.h"

enum {
	LOOK_EVERY_MS = 1000,
	GONE_MAX = 1000, /* subjects of a partition that wait; if more go, all are looked at */
};

enum reaping_state {
	REAPING_UNKNOWN, /* others may have sent removals; where the log ends has yet to be asked */
	REAPING_LAGGING, /* removals before `until` may be on the log and not applied */
	REAPING_CLEAR,   /* none is on its way: what is stale in Redis needs one */
	REAPING_SENDING, /* the brokers have not said yet where all of them are */
};

enum survey_state {
	SURVEY_WANTED,  /* subjects may be gone without our having heard of it */
	SURVEY_RUNNING, /* all subjects of the index are being looked at */
	SURVEY_DONE,    /* from then on the directory has told who goes */
};

/* Subjects that are gone, and whose grants have yet to be looked for. */
struct gone {
	struct subject list[GONE_MAX];
	size_t count;
};

struct reaping {
	const struct partition *part;
	enum reaping_state state;
	int64_t epoch;      /* of the mark that all of this goes with */
	bool caught_up;     /* it has been CLEAR */
	int64_t until;      /* while LAGGING or SENDING */
	size_t outstanding; /* removals without a receipt, also of earlier epochs */
	int64_t sent_ms;    /* when the last ones were sent, by our clock; unix */
	int64_t ahead_ms;   /* how far our clock is ahead of the broker's, at least */
	int64_t look_ms;    /* when to look again; monotonic */
	enum survey_state survey;
	struct gone *gone; /* NULL: none yet */
};

struct reapings {
	struct reaping *list; /* by partition */
	int count;
};

void reapings_init(struct reapings *all, const struct partitions *partitions);
void reapings_done(struct reapings *all);

/* Is the partition READY, and what is known about its present epoch? */
bool reaping_is_current(const struct reaping *r);

/*
 * Subjects that are gone and whose grants have yet to be looked for. When there
 * is no room for one more, another survey is wanted instead.
 */
size_t reaping_gone_count(const struct reaping *r);
void reaping_add_gone(struct reaping *r, const struct subject *s);
void reaping_drop_gone(struct reaping *r, size_t i);

#endif
