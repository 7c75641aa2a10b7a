#ifndef SB_DIRECTORY_CLAIMS_H
#define SB_DIRECTORY_CLAIMS_H

/*
 * Names that changes give: to what is created, renamed, moved to another owner or
 * organization, or no longer deleted. What the index has already is left alone,
 * whatever it is called: others may have announced it. Pure.
 */

#include "cache/alike.h"
#include "ops/support/attributes.h"
#include "producer/operator/directory/diff.h"
#include "producer/operator/directory/finder.h"

/* Does the change give a name? */
bool claim_is_made(const struct directory_change *c);

/* Where the name of a fact is unique: a group's organization, a workspace's owner; else nil. */
struct uuid claim_parent(const struct record *r);

/* Those who have, in the index, names that may be the same as those given. */
struct claim_rivals {
	struct name_bearers of[DIRECTORY_KINDS];
};

/*
 * Checks the names that are given. ERROR_INPUT names the entry of the file whose
 * name no command could address: it does not follow Coder's rule (name.h), looks
 * like an id, or means something else (a user called me, a group called Everyone),
 * when it is given anew; or it is that of another, in the index or the file, after
 * all changes. Upper and lower case are the same, as in Coder, but in the names of
 * groups.
 */
MUST_USE int claims_check(const struct directory_diff *diff, const struct directory_facts *wanted,
			  const struct claim_rivals *rivals, struct arena *arena,
			  struct error *err);

#endif
