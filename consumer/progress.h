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
#include "schemas/tip.h"

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
 * Sets *progress to what the message says, which must be a Progress record
 * (changelog_is_progress()). They are read in order, so the last one counts. One
 * that cannot be read is passed over with a warning.
 */
void progress_note(struct progress_reader *r, const struct message *m, struct progress *progress);

/*
 * Sets out[i] to the last Progress of partitions[i], with applied =
 * COMMITTED_NONE where the changelog has none. What progress_trouble() then names
 * must not be relied on. Ends any other reading of the changelog. Blocks.
 * ERROR_UNAVAILABLE.
 */
MUST_USE int progress_read(struct progress_reader *r, const int *partitions, size_t count,
			   struct progress *out, struct error *err);

/* The tip of the log as of that progress. */
struct tip progress_tip(const struct progress *p);

/* Why the Progress of a partition could not be read by progress_read(); NULL: it could. */
const struct error *progress_trouble(const struct progress_reader *r, int partition);

#endif
