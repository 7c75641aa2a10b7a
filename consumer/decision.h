#ifndef SB_CONSUMER_DECISION_H
#define SB_CONSUMER_DECISION_H

/*
 * What a decision may depend on, what it says, and how it is carried out on the
 * workspace. decide() makes decisions. No I/O, no clock.
 */

#include "cache/outcomes.h"
#include "cache/workspace.h"
#include "consumer/directory.h"

struct limits {
	size_t grants_per_workspace;
};

enum {
	GRANTS_PER_WORKSPACE_DEFAULT = 1000,
	MESSAGES_MAX = 64 << 20, /* bytes of a command's message in all its notifications */
};

/* All that a decision may depend on besides the record. */
struct world {
	const struct workspace *workspace;
	const struct directory *directory;
	int64_t directory_position; /* the view has everything before this offset */
	struct limits limits;
	int64_t now; /* the record's timestamp, ms since 1970 */
	struct arena *arena;
};

struct decision {
	enum outcome outcome;
	enum reject_code code;  /* of the first problem */
	struct bytes rejection; /* all problems, for people; absent unless rejected */
	struct bytes *details;  /* the same, one text for each problem */
	size_t detail_count;
	struct actor actor;
	struct uuid command_id; /* nil: a fact */
	enum reason reason;
	struct bytes message; /* from the actor to those who are notified; may be absent */
	struct change *changes;
	size_t change_count;
};

/*
 * Is it about a removal of the system that must prove itself: that the grant has
 * expired, or that the directory holds the subject as deleted? Such a command
 * does no harm however often and late it comes. So its id is derived from what
 * it removes, says no time, and is not remembered.
 */
bool decision_proves_itself(const struct decision *d);

/*
 * Carries the decision out on the workspace: its grants, its version, the fields
 * that a fact sets, and the memory of recent commands. Returns whether it changed
 * anything that the index must hold.
 *
 * A rejected command is not remembered. So it is decided anew when it is
 * repeated, and nobody without rights can push other commands out of the memory.
 */
bool decision_fold(const struct decision *d, const struct record *r, int64_t now,
		   struct workspace *w);

#endif
