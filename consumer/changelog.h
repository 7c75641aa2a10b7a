#ifndef SB_CONSUMER_CHANGELOG_H
#define SB_CONSUMER_CHANGELOG_H

/*
 * sharing.grants as recovery reads it: how far a partition has got, and every
 * workspace with its grants.
 *
 * "To its end" means to the high watermark, open transactions included, as it
 * was when reading began, and only what is committed is seen: commit markers
 * reach the partitions one after another, so the end that a read_committed
 * reader is told may still lack the last transaction, though its offsets are
 * already committed.
 */

#include "consumer/message.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"

struct changelog;

/* Settings from config: "brokers". The waker is woken when there is something to read. */
MUST_USE int changelog_open(struct changelog **out, const struct config *config,
			    const struct waker *waker, struct error *err);
void changelog_close(struct changelog **c);

enum changelog_from {
	CHANGELOG_WHOLE, /* from its beginning */
	CHANGELOG_TAIL,  /* from a few records before its end, which hold the last Progress */
};

/*
 * Begins reading these partitions, in place of what was read before.
 * ERROR_UNAVAILABLE.
 */
MUST_USE int changelog_begin(struct changelog *c, const int *partitions, size_t count,
			     enum changelog_from from, struct error *err);

enum changelog_step {
	CHANGELOG_LATER = 0, /* nothing more has come within wait_ms */
	CHANGELOG_RECORD,    /* *out is the caller's: message_done() */
	CHANGELOG_END,       /* all partitions are read to their ends */
};

/* The next record of any of the partitions, or a negative error: ERROR_UNAVAILABLE. */
MUST_USE int changelog_next(struct changelog *c, int wait_ms, struct message *out,
			    struct error *err);

/* How much has been read, and is to be read, of a partition: offsets. */
struct changelog_reach {
	int64_t loaded;
	int64_t goal;
};
struct changelog_reach changelog_reach(const struct changelog *c, int partition);

/* Is this the partition's record of its progress, not a workspace? */
bool changelog_is_progress(const struct message *m);

#endif
