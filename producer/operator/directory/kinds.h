#ifndef SB_DIRECTORY_KINDS_H
#define SB_DIRECTORY_KINDS_H

/*
 * Ids of the wrong kind: a member that is a group, an owner that is an
 * organization, a user with the id of a group. Only what changes is looked at:
 * what the index has already is left alone, whoever announced it. Pure.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "producer/operator/directory/diff.h"
#include "producer/operator/directory/finder.h"

/* Ids, and as what to look for them. */
struct kind_candidates {
	struct directory_candidate *list;
	size_t count;
};

/*
 * What to ask the index for before kinds_check(): ids of what is created, and new
 * references to what `known` lacks, as all the kinds that they must not be.
 */
struct kind_candidates kinds_candidates(const struct directory_diff *diff,
					const struct directory_finder *known, struct arena *arena);

/*
 * ERROR_INPUT names the entry of the file that has an id which `known`, the file
 * and the index, has as another kind only, and says what it is. An id that nothing
 * has may be used: its owner may be announced later. That of all zeros may not.
 */
MUST_USE int kinds_check(const struct directory_diff *diff, const struct directory_facts *wanted,
			 const struct directory_finder *known, struct error *err);

#endif
