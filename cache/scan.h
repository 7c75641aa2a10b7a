#ifndef SB_CACHE_SCAN_H
#define SB_CACHE_SCAN_H

/*
 * The ids of all workspaces, users, groups and organizations in the index,
 * found by walking over all keys of this Redis in bounded steps (SCAN). It is
 * for callers that want everything; lookup.h answers those that have a name or
 * an owner.
 *
 * Each step also reads the marks of the partitions concerned. When the owner of
 * one changes on the way, it may have cleared and rebuilt the partition, so the
 * walk starts again, as it does when the connection is lost or a slot of a cluster has
 * gone to another node. What is in the index all the time is therefore found; what
 * is added or removed meanwhile may be found or not.
 */

#include "cache/lookup.h"
#include "ops/support/attributes.h"

enum scan_kinds {
	SCAN_ORGANIZATIONS = 1 << 0,
	SCAN_USERS = 1 << 1, /* including deleted ones */
	SCAN_GROUPS = 1 << 2,
	SCAN_WORKSPACES = 1 << 3,
};

/* The ids of each kind, sorted by their bytes, without duplicates. */
struct scanned {
	struct uuid_list organizations;
	struct uuid_list users;
	struct uuid_list groups;
	struct uuid_list workspaces;
};

/*
 * Finds all ids of these kinds, a mask of enum scan_kinds, in one walk; the
 * other lists are empty. The lists live in the arena. Blocks for about a second
 * for each million keys that this Redis holds, of whatever kind. Fails as
 * reader_ask() does, with ERROR_UNAVAILABLE also when these keep changing, and
 * with ERROR_REFUSED when Redis does not SCAN.
 */
MUST_USE int scan_ids(struct reader *r, unsigned kinds, struct arena *arena, struct scanned *out,
		      struct error *err);

/* The same for the workspaces alone. */
MUST_USE int scan_workspaces(struct reader *r, struct arena *arena, struct uuid_list *out,
			     struct error *err);

#endif
