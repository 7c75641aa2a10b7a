#ifndef SB_CONSUMER_AUDIENCE_H
#define SB_CONSUMER_AUDIENCE_H

/*
 * Whom a decision concerns, and what each of them may do before and after it as
 * a whole: by all grants that reach them, and by policy, as a check would answer
 * (cache/access.h). Pure.
 *
 * Everybody that a change names, directly or as a member of a group, is in the
 * audience, once, and so is whoever loses the workspace to another owner; but not
 * the actor, the workspace's owner, to whom grants give nothing, and users who are
 * deleted. The work is bounded by the memberships of
 * these people in the groups that have grants, not by people times grants.
 */

#include "consumer/decision.h"

/* What grants allow somebody on a workspace. */
struct entitlement {
	enum role role;       /* the greatest that reaches them; ROLE_NONE: no access */
	struct uuid group_id; /* through which they have it; nil: directly, or none */
	int64_t until;        /* when the role ends, ms since 1970; ABSENT: never, or none */
	int64_t access_until; /* when the last of their roles ends, likewise */
};

struct listener {
	struct uuid id;
	struct entitlement before; /* counts an expired grant that the decision removes */
	struct entitlement after;
};

struct audience {
	struct listener *list; /* by id; in the world's arena */
	size_t count;
};

/*
 * Sets *out to the audience of the decision on that record. Call it before the
 * decision is carried out on the workspace.
 */
void audience_find(const struct world *w, const struct record *r, const struct decision *d,
		   struct audience *out);

#endif
