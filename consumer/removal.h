#ifndef SB_CONSUMER_REMOVAL_H
#define SB_CONSUMER_REMOVAL_H

/*
 * The removals that the system itself asks for, from what is stale to the
 * command on the log. Pure functions.
 */

#include "cache/stale.h"

struct removal {
	struct uuid workspace_id;
	enum reason reason;
	int64_t expires_at;       /* ABSENT unless REASON_EXPIRED */
	struct subject *subjects; /* in the arena */
	size_t subject_count;
};

/*
 * What removes the grants of the list: one removal for those of a workspace
 * that expire at one time, one for each other; none twice. An array in the
 * list's arena; returns how many.
 */
size_t removal_list(const struct stale_list *stale, struct removal **out);

/*
 * The id of its command: a function of what is removed, why, and of the
 * workspace's memory. Whoever knows the same of the workspace gives it the same
 * id, so that of two that were sent for one cause the second is a duplicate.
 *
 * But a removal may come out `unchanged` and be needed again: the broker's
 * clock, by which expiry is decided, may be behind ours, or the subject was
 * created again and then deleted again. A workspace remembers what came to
 * nothing, too, and would take the same id for a duplicate. So ids are counted
 * by attempts, and the first one is taken that the workspace does not remember.
 *
 * ERROR_REFUSED, ERROR_NOMEM: see uuid_v5().
 */
int removal_id(const struct removal *r, const struct stale_memory *memory, struct uuid *out);

/* The command; borrows the subjects. */
struct record removal_record(const struct removal *r, const struct uuid *command_id, int64_t now,
			     int64_t directory_offset);

#endif
