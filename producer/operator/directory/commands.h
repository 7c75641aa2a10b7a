#ifndef SB_DIRECTORY_COMMANDS_H
#define SB_DIRECTORY_COMMANDS_H

/* sharebus directory apply | show */

#include "producer/cli/arguments.h"

/*
 * Compares what a directory file states with what the index holds, and announces what differs. A
 * key that is missing in an entry has its default. An entry that is missing in the file is left
 * alone or, with --prune, deleted if the file has a section for its kind. --wait is how long it
 * may make no progress. The file "-" is standard input. Exit 2, with nothing announced, when
 * something in the file is wrong, a new name is none that a command could address (claims.h), or a
 * new reference is to something of another kind (kinds.h).
 * -o json, with all keys in any case:
 *   {"dry_run", "organizations", "sharing_enabled", "users", "groups", "workspaces": each
 *   {"created", "changed", "deleted", "unchanged"}, "changes": [{"change": created|changed|deleted,
 *   "kind": organization|deployment|user|group|workspace, "name", "id", "differs": [keys of the
 *   file], "added", "removed": [members of a group, or "organization:role" of a user]}]}
 * "name" is "organization/name" of a group, "owner/name" of a workspace, and "" of the deployment,
 * whose id is null. Something renamed is listed under its old name.
 */
enum exit_code run_directory_apply(struct session *s, const struct arguments *a);

/*
 * Shows how many entries of each kind the index holds, or tables of the kinds that are asked for.
 * -o json: a directory file (file.h) with all ids, one entry a line, sorted by name; with --users
 * and the like only these sections. Deleted users are not shown; where another entry mentions
 * one, it does so by id, since the name is free again. So it does where no file could say a name
 * (label.h): applying the file changes nothing.
 */
enum exit_code run_directory_show(struct session *s, const struct arguments *a);

/* The flags' tables: see arguments.h. */
extern const struct flag directory_apply_flags[];
extern const struct flag directory_show_flags[];

#endif
