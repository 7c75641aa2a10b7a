#ifndef SB_CONSUMER_CHANGELOG_H
#define SB_CONSUMER_CHANGELOG_H

/*
 * Reads sharing.grants for recovery and rebuilds: each partition's Progress, and
 * the last state of every workspace. Only committed records are seen. The loop's
 * thread.
 *
 * A partition is read up to the high watermark that it had when reading began,
 * open transactions included. The end that Kafka tells a read_committed reader
 * is not enough: commit markers reach the partitions one after another, so that
 * end may still lack the last transaction although its offsets are committed.
 */

#include "consumer/message.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"

struct changelog;

/*
 * Settings from config: "brokers". The waker is woken when there is something to
 * read. ERROR_USAGE names a setting that is wrong.
 */
MUST_USE int changelog_open(struct changelog **out, const struct config *config,
			    const struct waker *waker, struct error *err);
void changelog_close(struct changelog **c); /* sets *c to NULL; accepts NULL */

enum changelog_from {
	CHANGELOG_WHOLE, /* from its beginning */
	CHANGELOG_TAIL,  /* from 256 offsets before its end: they usually hold a Progress */
};

/*
 * Begins reading these partitions instead of those that were read before. Blocks
 * while it asks where they begin and end. ERROR_UNAVAILABLE.
 */
MUST_USE int changelog_begin(struct changelog *c, const int *partitions, size_t count,
			     enum changelog_from from, struct error *err);

/*
 * Refuses a partition that has lost its beginning: grants that only stood there
 * would be lost by a rebuild. Compaction never moves the beginning of a log;
 * deletion by age does, and so does a person. Blocks. ERROR_REFUSED,
 * ERROR_UNAVAILABLE.
 */
MUST_USE int changelog_check_begin(struct changelog *c, int partition, struct error *err);

enum changelog_step {
	CHANGELOG_LATER = 0, /* nothing has come within wait_ms */
	CHANGELOG_RECORD,    /* *out is the caller's: message_done() */
	CHANGELOG_END,       /* all partitions are read to their ends, or have a trouble */
};

/*
 * The next record of any of the partitions; waits for it up to wait_ms. Sets
 * *out with CHANGELOG_RECORD only. Negative: ERROR_UNAVAILABLE.
 */
MUST_USE int changelog_next(struct changelog *c, int wait_ms, struct message *out,
			    struct error *err);

/*
 * Why a partition could not be read to its end: a batch that the client cannot
 * unpack, which only a stranger can have written. No more of the partition is
 * read then, and CHANGELOG_END comes all the same. NULL: nothing is wrong.
 * Borrowed until the partition is read again.
 */
const struct error *changelog_trouble(const struct changelog *c, int partition);

/* How many offsets of a partition have been read, and how many are to be read in all. */
struct changelog_reach {
	int64_t loaded;
	int64_t goal;
};

/* Both are 0 for a partition that is not being read. */
struct changelog_reach changelog_reach(const struct changelog *c, int partition);

/* Is this a Progress record? If not, it is a workspace's. */
bool changelog_is_progress(const struct message *m);

#endif
