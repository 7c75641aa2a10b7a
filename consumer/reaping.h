#ifndef SB_CONSUMER_REAPING_H
#define SB_CONSUMER_REAPING_H

/*
 * What the reaper knows of each partition: for reaper.c, which looks for what
 * is over, and sweep.c, which finds out who is gone.
 */

#include "consumer/processor.h"

struct courier;

enum {
	LOOK_EVERY_MS = 1000,
	GONE_MAX = 1000, /* subjects of a partition that wait; if more go, all are looked at */
};

enum reaping_state {
	REAPING_STRANGE, /* others may have sent removals; where the log ends has yet to be asked */
	REAPING_BEHIND,  /* removals before `until` may be on the log and not applied */
	REAPING_CLEAR,   /* none is on its way: what is stale in Redis needs one */
	REAPING_SENDING, /* the brokers have not said yet where all of them are */
};

enum sweep_state {
	SWEEP_WANTED,  /* subjects may be gone without our having heard of it */
	SWEEP_RUNNING, /* all subjects of the index are being looked at */
	SWEEP_DONE,    /* from then on the directory has told who goes */
};

/* Subjects that are gone, and whose grants have yet to be looked for. */
struct gone {
	struct subject list[GONE_MAX];
	size_t count;
};

struct reaping {
	enum reaping_state state;
	int64_t epoch;      /* of the mark that all of this goes with */
	bool caught_up;     /* it has been CLEAR */
	int64_t until;      /* while BEHIND or SENDING */
	size_t outstanding; /* removals without a receipt, also of earlier epochs */
	int64_t sent_ms;    /* when the last ones were sent, by our clock */
	int64_t ahead_ms;   /* how far our clock is before the broker's, at least */
	int64_t look_ms;    /* when to look again; monotonic */
	enum sweep_state sweep;
	struct gone *gone; /* NULL: none yet */
};

struct reaper {
	struct reaping *partitions;
	int count;
	struct courier *courier; /* NULL: nothing was sent yet, or it broke */
	struct arena arena;      /* of one step */
	int next;                /* the partition that is looked at first */
	bool sweeping;
	uint64_t cursor;
	unsigned connection; /* on which the sweep began */
	int64_t ask_ms;      /* when to ask the brokers again for the end of a log; monotonic */
	int64_t sweep_ms;    /* when to try again; monotonic */
	bool told_empty;     /* that the directory is */
};

/* Is what we know of the partition about its present epoch? */
bool reaping_is_ours(const struct processor *p, int partition);

/*
 * Subjects that are gone and whose grants have yet to be looked for. When there
 * is no room for one more, another sweep is wanted instead.
 */
size_t reaping_gone_count(const struct reaping *r);
void reaping_add_gone(struct reaping *r, const struct subject *s);
void reaping_drop_gone(struct reaping *r, size_t i);

#endif
