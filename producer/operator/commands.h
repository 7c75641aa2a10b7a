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
extern const struct flag topics_flags[];
extern const struct flag status_flags[];
extern const struct flag watch_flags[];
extern const struct flag deadletter_list_flags[];
extern const struct flag deadletter_show_flags[];
extern const struct flag deadletter_replay_flags[];

#endif
