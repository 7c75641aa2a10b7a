#ifndef SB_OPERATOR_COMMANDS_H
#define SB_OPERATOR_COMMANDS_H

/*
 * What operators do, who look behind sharebus.h: at the topics, at the marks in
 * Redis, at all of the directory. One source file for each noun.
 */

#include "producer/cli/arguments.h"

enum exit_code run_topics_create(struct session *s, const struct arguments *a);
enum exit_code run_watch(struct session *s, const struct arguments *a);

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
 * -o json: a directory file (directory_file.h), with all ids, an entry a line, in the order of
 * their names; with --users and the like only these sections. Who is named in it and has no name
 * that is theirs (they are deleted) stands by id. Without -o json: how many there are of each
 * kind, or tables of the kinds that are asked for. Deleted users are not shown.
 */
enum exit_code run_directory_show(struct session *s, const struct arguments *a);

/*
 * The dead letters, and sending them again. -o json, all keys always there:
 *   list    [{"position": "p:o", "from": "p:o", "topic", "at", "size", "reason"}], newest last
 *   show    the same object with "key", "value" (base64) and "headers": [{"name", "value"
 *           (base64)}]
 *   replay  [{"position": "p:o", "sent_to": "p:o", "outcome", "code", "message"}], as they went
 * null: not known or not there ("size", "key", "value": it had none). "outcome": applied,
 * unchanged, duplicate, rejected, unreadable, or refused (it could not be sent; "message" says
 * why).
 */
enum exit_code run_deadletter_list(struct session *s, const struct arguments *a);
enum exit_code run_deadletter_show(struct session *s, const struct arguments *a);
enum exit_code run_deadletter_replay(struct session *s, const struct arguments *a);

/*
 * Who works on what, and how far. -o json: {"group", "group_state", "partitions": [{"partition",
 * "owner", "epoch", "applied", "committed", "end", "lag", "state", "loaded", "goal"}],
 * "directory": {the same without "partition"}}, all keys always there. null: not known or not
 * there. "state": ready, rebuilding ("loaded" of "goal" records of the changelog are read),
 * missing, or foreign (of another Kafka cluster or layout). "lag" = end - committed, of the
 * directory end - applied. Exit 0: all are ready and have an owner; 1: not so; 3: something
 * could not be asked, and is null.
 */
enum exit_code run_status(struct session *s, const struct arguments *a);

/* The flags' tables: see arguments.h. */
extern const struct flag apply_flags[];
extern const struct flag directory_show_flags[];
extern const struct flag topics_flags[];
extern const struct flag watch_flags[];
extern const struct flag deadletter_list_flags[];
extern const struct flag deadletter_show_flags[];
extern const struct flag deadletter_replay_flags[];

#endif
