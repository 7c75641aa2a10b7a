#ifndef SB_PRODUCER_VISIBLE_H
#define SB_PRODUCER_VISIBLE_H

/* Which workspaces a user sees: in which ones to look, and whether she sees one. */

#include "cache/access.h"
#include "cache/lookup.h"
#include "ops/support/attributes.h"

/*
 * All workspaces that are shared with the user, with her groups, or with everyone in
 * her organizations. *out may have duplicates, and some that she may not read now;
 * it lives in the arena. Fails as lookup.h says.
 */
MUST_USE int visible_find_shared(struct reader *r, const struct user_changed *user,
				 struct arena *arena, struct uuid_list *out, struct error *err);

/* The same, with those that she owns. */
MUST_USE int visible_find(struct reader *r, const struct user_changed *user, struct arena *arena,
			  struct uuid_list *out, struct error *err);

/* Does she see the workspace? Admins see all of their organization, others what they may read now. */
bool visible_is(const struct access_facts *f);

/* Appends ids to a list of the arena. */
void visible_add(struct uuid_list *out, const struct uuid_list *more, struct arena *arena);

#endif
