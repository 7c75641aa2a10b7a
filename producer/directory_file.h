#ifndef SB_PRODUCER_DIRECTORY_FILE_H
#define SB_PRODUCER_DIRECTORY_FILE_H

/*
 * A directory file: organizations, users, groups and workspaces as JSON, to
 * be announced on the bus. Reading it is pure: what the index already knows
 * of the names in it is given.
 *
 *   {"organizations": [{"name", "id"?, "sharing"?}],
 *    "users": [{"username", "id"?, "name"?, "email"?, "status"?, "kind"?, "site_role"?,
 *               "organizations"?: ["acme" or {"name", "role"?}]}],
 *    "groups": [{"name", "organization", "id"?, "members"?: [usernames]}],
 *    "workspaces": [{"name", "owner", "organization", "id"?, "status"?}],
 *    "sharing_enabled"?: true}
 *
 * An entry without an id keeps the one that the index has under its name, or
 * gets one derived from its name (UUIDv5). Organizations and users may be
 * named that only the index knows.
 */

#include "ops/support/arena.h"
#include "ops/support/error.h"
#include "schemas/records.h"

#include <jansson.h>

enum { NAME_MAX_BYTES = 255 };

/*
 * Reads the file; *out is the caller's, to be released with json_decref().
 * ERROR_INPUT names file, line and column of what is not JSON, or the key
 * that is not known; *out is then as it was.
 */
int directory_file_read(json_t **out, const char *path, struct error *err);

/* The same for a text in memory; name stands for the path in messages. */
int directory_file_parse(json_t **out, struct bytes text, const char *name, struct error *err);

/*
 * The names that the file defines or mentions: objects whose keys are the
 * names; groups as "organization/name", workspaces as "owner/name". Looked up
 * in the index, each value becomes the id as text; unknown ones stay null.
 */
struct directory_names {
	json_t *organizations;
	json_t *users;
	json_t *groups;
	json_t *workspaces;
};

/* Fills *out, which is the caller's: directory_names_done(). */
int directory_file_names(const json_t *file, struct directory_names *out, struct error *err);
void directory_names_done(struct directory_names *n);

/* The facts that the file states, in the order in which they must be sent. */
struct directory_facts {
	struct record *list; /* organizations, the switch, users, groups; then workspaces */
	size_t count;
	size_t workspaces; /* so many of them, at the end */
};

/*
 * Builds the facts, in the arena. ERROR_INPUT names the entry, as in
 * `users[2] "bob"`, and what is wrong with it.
 */
int directory_file_facts(const json_t *file, const struct directory_names *names, int64_t now_ms,
			 struct arena *arena, struct directory_facts *out, struct error *err);

#endif
