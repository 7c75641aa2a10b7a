#ifndef SB_CACHE_SCAN_H
#define SB_CACHE_SCAN_H

/*
 * All there is in the index: the ids of its workspaces, users, groups and
 * organizations, found by walking through the keys of this Redis in bounded
 * steps (SCAN). For whoever wants everything; who knows a name or an owner
 * asks lookup.h.
 *
 * The marks of all partitions concerned are read with every step, and an owner
 * that changes meanwhile may have rebuilt them, so the walk then begins anew:
 * what was there all the time is found, or the answer is ERROR_UNAVAILABLE.
 * What came or went meanwhile may be found or not.
 */

#include "cache/lookup.h"
#include "ops/support/attributes.h"

enum scan_kinds {
	SCAN_ORGANIZATIONS = 1 << 0,
	SCAN_USERS = 1 << 1, /* the deleted ones, too */
	SCAN_GROUPS = 1 << 2,
	SCAN_WORKSPACES = 1 << 3,
};

/* Ids of each kind, sorted by their bytes, each once. Kinds not asked for are empty. */
struct scanned {
	struct uuid_list organizations;
	struct uuid_list users;
	struct uuid_list groups;
	struct uuid_list workspaces;
};

/*
 * Finds all ids of these kinds, in one walk; the lists live in the arena. Takes
 * about a second for each million keys that this Redis holds, of whatever kind.
 * ERROR_UNAVAILABLE, ERROR_REFUSED when Redis cannot SCAN.
 */
MUST_USE int scan_ids(struct reader *r, unsigned kinds, struct arena *arena, struct scanned *out,
		      struct error *err);

/* The same for the workspaces alone. */
MUST_USE int scan_workspaces(struct reader *r, struct arena *arena, struct uuid_list *out,
			     struct error *err);

#endif
