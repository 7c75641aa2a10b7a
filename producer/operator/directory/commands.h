#ifndef SB_DIRECTORY_COMMANDS_H
#define SB_DIRECTORY_COMMANDS_H

/* sharebus directory apply | show */

#include "producer/cli/arguments.h"

/*
 * What a directory file states is compared with what the index holds, and only what differs is
 * announced. What the file leaves out of an entry has its default; an entry that the file leaves
 * out stays as it is, and with --prune it is deleted if its kind has a section in the file.
 * --wait is how long one waits while nothing goes on. Exit 2, with nothing announced, when
 * something in the file is wrong. -o json, all keys always there:
 *   {"dry_run", "organizations", "sharing_enabled", "users", "groups", "workspaces": each
 *   {"created", "changed", "deleted", "unchanged"}, "changes": [{"change": created|changed|deleted,
 *   "kind": organization|deployment|user|group|workspace, "name", "id", "differs": [keys of the
 *   file], "added", "removed": [members of a group, or "organization:role" of a user]}]}
 * "name" is a group's as "organization/name", a workspace's as "owner/name", "" of the deployment,
 * whose id is null; what is renamed stands under its old name.
 */
enum exit_code run_directory_apply(struct session *s, const struct arguments *a);

/*
 * -o json: a directory file (file.h), with all ids, an entry a line, in the order of
 * their names; with --users and the like only these sections. Who is named in it and has no name
 * that is theirs (they are deleted) stands by id. Without -o json: how many there are of each
 * kind, or tables of the kinds that are asked for. Deleted users are not shown.
 */
enum exit_code run_directory_show(struct session *s, const struct arguments *a);

/* The flags' tables: see arguments.h. */
extern const struct flag directory_apply_flags[];
extern const struct flag directory_show_flags[];

#endif
