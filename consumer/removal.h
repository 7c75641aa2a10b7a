#ifndef SB_CONSUMER_REMOVAL_H
#define SB_CONSUMER_REMOVAL_H

/*
 * The removals that the system itself sends: which removals a list of stale
 * grants needs, and their ids and commands. Pure functions.
 */

#include "cache/stale.h"

struct removal {
	struct uuid workspace_id;
	enum reason reason;
	int64_t expires_at;       /* ABSENT unless REASON_EXPIRED */
	struct subject *subjects; /* in the list's arena */
	size_t subject_count;
};

/*
 * Sets *out to the removals of the grants in the list, an array in the list's
 * arena, and returns their number. Neighbours in the list that expire at the same
 * time and are of one workspace share a removal; a grant that is in the list
 * twice is removed once. The expired grants must come first, as in stale_read().
 */
size_t removal_list(const struct stale_list *stale, struct removal **out);

/*
 * The id of the removal's command: a function of what is removed and why, and of
 * the commands that the workspace remembers. Two processes that know the same
 * give it the same id, so that the second of their commands is a duplicate.
 *
 * But a removal may be `unchanged` and needed again: the broker's clock, by which
 * expiry is decided, may lag behind ours, or the subject was created again and
 * then deleted again. The workspace remembers unchanged commands, too, and would
 * take the same id for a duplicate. So attempts are counted in the id, and the
 * first id that the workspace does not remember is used.
 *
 * ERROR_REFUSED, ERROR_NOMEM: see uuid_v5().
 */
int removal_id(const struct removal *r, const struct stale_memory *memory, struct uuid *out);

/* The removal's command, sent at `now`; borrows the subjects. */
struct record removal_record(const struct removal *r, const struct uuid *command_id, int64_t now,
			     int64_t directory_offset);

#endif
