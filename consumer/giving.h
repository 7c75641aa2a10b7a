#ifndef SB_CONSUMER_GIVING_H
#define SB_CONSUMER_GIVING_H

/*
 * The rules on giving access, for commands that do: a share, and an answer to a
 * handoff that gives a grant to somebody. Each adds its problems to the decision.
 * Pure.
 */

#include "consumer/deciding.h"

/* Rule 2: every policy that keeps the workspace from being shared is a problem. */
void require_sharing(struct deciding *d);

/* Rules 5, 6 and 7: the subject exists, is of the organization, and neither owner nor actor. */
void check_recipient(struct deciding *d, const struct subject *s);

/* Rule 4. */
void check_ceiling(struct deciding *d, const struct grant_wish *wish);

/* Rule 9. */
void check_expiry(struct deciding *d, const struct grant_wish *wish);

/* Rules 14 and 15, for a grant that would end then; ABSENT: never. */
void check_end(struct deciding *d, const struct subject *s, int64_t end);

/* Rule 15 alone. */
void check_lifetime(struct deciding *d, const struct subject *s, int64_t end);

/* Rule 10, for what the workspace would have. */
void check_count(struct deciding *d);

/* What the command makes known must fit into the topics, and all of it into Redis. */
void check_outputs(struct deciding *d);

#endif
