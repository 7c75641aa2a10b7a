#ifndef SB_DIRECTORY_NAMES_H
#define SB_DIRECTORY_NAMES_H

/* The names in a directory file, and the ids that they stand for. */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct json_t;

/*
 * The names that a file defines or mentions: JSON objects with the names as keys;
 * for groups and workspaces with the organization or owner, as the file calls
 * them: see entry_pair(). A value is the id, as text, that the file gives to the
 * name (one of them, if several entries have it), or null. lookup.h then fills in
 * the ids that the index has; unknown names stay null. What has a zero byte is no
 * name here: its entry has an id, and nothing refers to it by name.
 */
struct directory_names {
	struct json_t *organizations;
	struct json_t *users;
	struct json_t *groups;
	struct json_t *workspaces;
};

/* Lists the names in *out, which is then the caller's. ERROR_INPUT names the entry that is wrong. */
MUST_USE int directory_names(const struct json_t *file, struct directory_names *out,
			     struct error *err);
void directory_names_done(struct directory_names *n);

#endif
