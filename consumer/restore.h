#ifndef SB_CONSUMER_RESTORE_H
#define SB_CONSUMER_RESTORE_H

/*
 * Brings workspaces of the index to the states that the changelog has of them,
 * one batch and one transaction at a time. Nothing is decided and nothing is
 * emitted. The loop's thread.
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

void restorer_init(struct restorer *r, struct codec *codec, struct index *index,
		   struct workspaces *workspaces);
void restorer_done(struct restorer *r);

/*
 * Writes the entries, all of the partition, whose mark is ours, and how much
 * of the changelog has been loaded. An entry that cannot be read is passed over with a
 * warning. ERROR_FENCED, ERROR_UNAVAILABLE: begin the rebuild anew.
 */
MUST_USE int restore_batch(struct restorer *r, struct partition *part,
			   const struct latest_entry *const *entries, size_t count,
			   struct changelog_reach reach, struct error *err);

/* Warns that a record of the changelog is passed over. */
void restore_pass_over(int partition, int64_t offset, const char *why);

#endif
