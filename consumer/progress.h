#ifndef SB_CONSUMER_PROGRESS_H
#define SB_CONSUMER_PROGRESS_H

/*
 * How far partitions have got according to the changelog: the Progress records
 * of sharing.grants, one in each transaction. A group's offsets may expire or
 * be reset by hand; these records stay. The loop's thread.
 */

#include "consumer/changelog.h"
#include "consumer/intake.h"
#include "ops/support/attributes.h"
#include "schemas/codec.h"

struct progress_reader {
	struct changelog *changelog;
	struct codec *codec;
	struct arena arena; /* of one record */
};

void progress_init(struct progress_reader *r, struct changelog *changelog, struct codec *codec);
void progress_done(struct progress_reader *r);

/*
 * Raises *progress to what the message says. The message must be a record of
 * progress (changelog_is_progress()); one that cannot be read is passed over
 * with a warning.
 */
void progress_take(struct progress_reader *r, const struct message *m, int64_t *progress);

/*
 * Raises the offsets of these positions, which are what the group has
 * committed or COMMITTED_NONE, to what the changelog says, and warns where
 * that is further. Blocks; uses the changelog's reader. ERROR_UNAVAILABLE: the
 * offsets may have been raised in part.
 */
MUST_USE int progress_raise(struct progress_reader *r, struct position *positions, size_t count,
			    struct error *err);

#endif
