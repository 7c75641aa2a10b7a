#ifndef SB_CONSUMER_HERALD_H
#define SB_CONSUMER_HERALD_H

/*
 * Tells whoever runs this consumer what it does: in the log, a line for each
 * change that matters to them, and to the supervisor the same as its status, and
 * that it is ready. It is ready when each partition that the group has given to
 * it is READY, or set aside because only a person can help; also when the group
 * has given it none, because others have them. The loop's thread.
 */

#include "consumer/partition.h"
#include "ops/support/clock.h"
#include "ops/support/supervisor.h"

enum { HERALD_TEXT_SIZE = 600 };

/* The pointers are borrowed. The rest starts as all zero. */
struct herald {
	const struct partitions *partitions;
	struct supervisor *supervisor;
	bool given;        /* the group has said what is ours, and has not taken it back */
	bool directory;    /* that of the directory is ours */
	bool stale;        /* something has changed since herald_tell() looked */
	int64_t looked_ms; /* when it did; monotonic */
	bool changed;      /* since the log told what is ours and ready */
	int64_t since_ms;  /* when it changed first; monotonic */
	char told[HERALD_TEXT_SIZE]; /* what the log told then */
	int64_t waiting_ms;          /* since when a turn has not succeeded; 0: it has; monotonic */
	int64_t warned_ms;           /* when the log last said so; monotonic */
	char waiting[ERROR_TEXT_SIZE]; /* for what */
};

/* The group has given us partitions, or none. */
void herald_note_given(struct herald *h, bool directory, int64_t now_ms);

/* It has taken all of them back. */
void herald_note_taken(struct herald *h);

/* The state of a partition has changed. */
void herald_note_partition(struct herald *h, const struct partition *part,
			   enum partition_state before, int64_t now_ms);

/* Tells what has changed. `rebuilt` is how much of the rebuild that is active is done, 0 to 100, or -1. */
void herald_tell(struct herald *h, int rebuilt, int64_t now_ms);

/* When it is due again, in ms of CLOCK_MONOTONIC. */
int64_t herald_due_ms(const struct herald *h);

/*
 * Something is waited for: says so when it is something else than before, and once
 * a minute. Vouches to the supervisor: waiting is no hanging.
 */
void herald_wait(struct herald *h, const struct error *why, int64_t now_ms);

/* What was waited for has come. */
void herald_go_on(struct herald *h, int64_t now_ms);

#endif
