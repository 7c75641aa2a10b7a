#ifndef SB_DIRECTORY_DIFF_H
#define SB_DIRECTORY_DIFF_H

/*
 * What must be announced so that the index becomes what a file states: a
 * function of the two, which knows neither Kafka nor Redis. Facts correspond
 * by kind and id.
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
	const struct record *old; /* as the index has it; NULL: created */
	const struct record *new; /* to be announced; NULL: its tombstone */
};

struct directory_counts {
	size_t created;
	size_t changed;
	size_t deleted;
	size_t unchanged; /* stated by the file, and so in the index */
};

struct directory_diff {
	struct directory_change *list; /* in the order in which they must be announced */
	size_t count;
	struct directory_counts counts[DIRECTORY_KINDS];
};

/*
 * Compares. `have` must hold what the index has under the ids of `wanted`; more
 * does no harm. With prune, `have` is all of the index, and what it holds of a
 * kind that the file has a section for is deleted unless the file states it: a
 * user becomes one with status deleted, a workspace WorkspaceDeleted, the rest
 * a tombstone. Who is deleted already is no difference, neither missing in the
 * file nor stated by it without the index knowing them.
 *
 * Memory is the arena's; the changes borrow from wanted and have. ERROR_INPUT with a
 * sentence when it must not be done: an organization that is still used, a user that the
 * file names elsewhere, or a derived id that is somebody else's by now.
 */
MUST_USE int directory_diff(const struct directory_facts *wanted,
			    const struct directory_facts *have, bool prune, struct arena *arena,
			    struct directory_diff *out, struct error *err);

#endif
