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
 * gets one derived from its name (UUIDv5). Entries may refer to organizations and
 * users that only the index knows, and may do so by id: for those who are deleted
 * and no longer have a name, or whose name no file can say (label.h).
 *
 * An entry with an id may have any name that others have announced; what apply
 * itself announces has a name that commands can type (claims.h), and no new
 * reference to what is of another kind (reference.h).
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

struct json_t;

/*
 * Reads the file, or standard input if the path is "-"; a byte order mark before
 * it is no part of it. *out is then the caller's, to be released with
 * json_decref(). ERROR_INPUT names the file with the line and column of what is
 * not JSON, or with the key that is unknown. A file has at most 512 MB.
 */
MUST_USE int directory_file_read(struct json_t **out, const char *path, struct error *err);

/* What messages call the file of that path. */
const char *directory_file_name(const char *path);

/* Reads a text in memory; messages call it by that name. */
MUST_USE int directory_file_parse(struct json_t **out, struct bytes text, const char *name,
				  struct error *err);

#endif
