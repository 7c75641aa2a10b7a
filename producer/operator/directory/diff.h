#ifndef SB_DIRECTORY_DIFF_H
#define SB_DIRECTORY_DIFF_H

/*
 * Decides what must be announced so that the index becomes what a file states.
 * Pure: a function of the two. Facts with the same kind and id are about the same
 * entity.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "producer/operator/directory/facts.h"

enum directory_verb { DIRECTORY_CREATE = 1, DIRECTORY_CHANGE, DIRECTORY_DELETE };

/* One entity that differs. */
struct directory_change {
	enum directory_verb verb;
	enum directory_kind kind;
	const struct record *old; /* the fact of the index; NULL: it is created */
	const struct record *new; /* the record to announce; NULL: its tombstone */
};

struct directory_counts {
	size_t created;
	size_t changed;
	size_t deleted;
	size_t unchanged; /* the index has it as the file states it */
};

struct directory_diff {
	struct directory_change *list; /* in the order in which they must be announced */
	size_t count;
	struct directory_counts counts[DIRECTORY_KINDS];
};

/*
 * Compares the facts of a file, `wanted`, with those of the index, `have`. The
 * latter must include all that the index has under the ids of `wanted`.
 *
 * What the index has as the file states it, but shadowed, is a change without a
 * difference. Workspaces are never shadowed.
 *
 * With prune, `have` must be all of the index. What it has of a kind for which the
 * file has a section, and the file does not state, is deleted: a user gets the
 * status deleted, a workspace is announced as WorkspaceDeleted, the rest gets a
 * tombstone. A deleted user whom only one side knows makes no difference.
 *
 * Memory is the arena's; the changes borrow from wanted and have. ERROR_INPUT
 * when the changes must not be made: an organization is deleted that is still
 * used, a user is deleted whom the file mentions, or a derived id belongs to
 * somebody else by now.
 */
MUST_USE int directory_diff(const struct directory_facts *wanted,
			    const struct directory_facts *have, bool prune, struct arena *arena,
			    struct directory_diff *out, struct error *err);

#endif
