#ifndef SB_CONSUMER_REMOVAL_H
#define SB_CONSUMER_REMOVAL_H

/*
 * The removals that the system itself sends: which removals a list of stale
 * grants and handoffs needs, and their ids and commands. A handoff is removed by
 * an AnswerHandoff that says that its time is over. Pure functions.
 */

#include "cache/stale.h"
#include "ops/support/attributes.h"

struct removal {
	struct uuid workspace_id;
	enum reason reason;
	int64_t expires_at;       /* ABSENT unless REASON_EXPIRED */
	struct subject *subjects; /* in the list's arena */
	size_t subject_count;
	struct uuid handoff_id; /* nil, unless it is of a handoff, and has no subjects */
};

/*
 * Sets *out to the removals of what is in the list, an array in the list's
 * arena, and returns their number. Neighbours in the list that expire at the same
 * time and are of one workspace share a removal; a grant that is in the list
 * twice is removed once. What has expired must come first, as in stale_read().
 */
size_t removal_list(const struct stale_list *stale, struct removal **out);

/*
 * The id of the removal's command, of version 5: a function of what is removed
 * and why. A removal that is sent again has the same id, and does no harm,
 * because it proves itself anew. It may have to be sent again: the broker's
 * clock, by which expiry is decided, may lag behind ours. ERROR_REFUSED,
 * ERROR_NOMEM: see uuid_v5().
 */
MUST_USE int removal_id(const struct removal *r, struct uuid *out);

/* The removal's command, sent at `now`; borrows the subjects. */
struct record removal_record(const struct removal *r, const struct uuid *command_id, int64_t now,
			     int64_t directory_offset);

#endif
