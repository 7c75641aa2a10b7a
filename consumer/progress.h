#ifndef SB_CONSUMER_PROGRESS_H
#define SB_CONSUMER_PROGRESS_H

/*
 * Reads how far partitions have got from the changelog: each transaction leaves
 * a Progress record in sharing.grants for each of its partitions. The offsets of
 * a consumer group may expire or be reset by hand; these records stay. The
 * loop's thread.
 */

#include "consumer/changelog.h"
#include "consumer/intake.h"
#include "ops/support/attributes.h"
#include "schemas/codec.h"

enum { COMMITTED_TEXT_SIZE = 24 };

/* Writes a committed offset for a message; COMMITTED_NONE is "nothing". */
void progress_format_committed(char out[static COMMITTED_TEXT_SIZE], int64_t committed);

struct progress_reader {
	struct changelog *changelog;
	struct codec *codec;
	struct arena arena; /* of one record */
};

/* Both arguments are borrowed and must outlive the reader. */
void progress_init(struct progress_reader *r, struct changelog *changelog, struct codec *codec);
void progress_done(struct progress_reader *r);

/*
 * Raises *progress to what the message says, which must be a Progress record
 * (changelog_is_progress()). One that cannot be read is passed over with a
 * warning.
 */
void progress_note(struct progress_reader *r, const struct message *m, int64_t *progress);

/*
 * Raises the offsets of these positions, which are what the group has
 * committed or COMMITTED_NONE, to what the changelog says where that is
 * further, and logs a warning. What progress_trouble() then names must not be
 * relied on. Ends any other reading of the changelog. Blocks. ERROR_UNAVAILABLE.
 */
MUST_USE int progress_raise(struct progress_reader *r, struct position *positions, size_t count,
			    struct error *err);

/* Why the Progress of a partition could not be read by progress_raise(); NULL: it could. */
const struct error *progress_trouble(const struct progress_reader *r, int partition);

#endif
