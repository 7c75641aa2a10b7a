#ifndef SB_CONSUMER_RESTORE_H
#define SB_CONSUMER_RESTORE_H

/*
 * Writes the states of workspaces from the changelog to the index, each batch in
 * one transaction of Redis. Nothing is decided, and no outputs are emitted. The
 * loop's thread.
 */

#include "cache/index.h"
#include "consumer/changelog.h"
#include "consumer/latest.h"
#include "consumer/partition.h"
#include "consumer/workspaces.h"
#include "ops/support/attributes.h"
#include "schemas/codec.h"

struct restorer {
	struct codec *codec;
	struct index *index;
	struct workspaces *workspaces;
	struct arena arena; /* of one batch */
	struct apply apply;
};

/* The arguments are borrowed and must outlive the restorer. */
void restorer_init(struct restorer *r, struct codec *codec, struct index *index,
		   struct workspaces *workspaces);
void restorer_done(struct restorer *r);

/*
 * Writes the entries, which are all of this partition, and into the mark, which
 * must be ours, how much of the changelog has been loaded. ERROR_FENCED,
 * ERROR_UNAVAILABLE: start the rebuild again. ERROR_REFUSED: an entry cannot be
 * read, and a partition without that workspace would say that nobody has a right
 * to it.
 */
MUST_USE int restore_batch(struct restorer *r, struct partition *part,
			   const struct latest_entry *const *entries, size_t count,
			   struct changelog_reach reach, struct error *err);

/* Logs that a record of the changelog is passed over. */
void restore_pass_over(int partition, int64_t offset, const char *why);

#endif
