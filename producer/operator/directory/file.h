#ifndef SB_DIRECTORY_FILE_H
#define SB_DIRECTORY_FILE_H

/*
 * A directory file: organizations, users, groups and workspaces as JSON. This
 * reads it; names.h says which names are in it, build.h what it states, with ids
 * for names.
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
 * named that only the index knows, and wherever one is named its id may stand
 * instead of the name: for those whose name is free again.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

struct json_t;

/*
 * Reads the file; *out is the caller's, to be released with json_decref().
 * ERROR_INPUT names file, line and column of what is not JSON, or the key
 * that is not known; *out is then as it was. A file has at most 512 MB.
 */
MUST_USE int directory_file_read(struct json_t **out, const char *path, struct error *err);

/* The same for a text in memory; name stands for the path in messages. */
MUST_USE int directory_file_parse(struct json_t **out, struct bytes text, const char *name,
				  struct error *err);

#endif
