#ifndef SB_OPERATOR_COMMANDS_H
#define SB_OPERATOR_COMMANDS_H

/*
 * The commands of operators. They look past sharebus.h: at the topics and at
 * the marks in Redis. Those for the directory are in directory/commands.h.
 */

#include "producer/cli/arguments.h"

enum exit_code run_topics_create(struct session *s, const struct arguments *a);
enum exit_code run_watch(struct session *s, const struct arguments *a);

/*
 * List, show, and resend dead letters. -o json, with all keys in any case:
 *   list    [{"position": "p:o", "from": "p:o", "topic", "at", "size", "abridged",
 *             "reason"}], newest last
 *   show    the same object with "key", "value" (base64) and "headers": [{"name", "value"
 *           (base64)}]
 *   replay  [{"position": "p:o", "sent_to": "p:o", "outcome", "code", "message"}], in the order
 *           in which they were sent
 * "abridged" is true when the record was too large to be kept: "size" is what its
 * value had, and "value" its beginning. null means unknown or absent; for "size",
 * "key" and "value", that the record has none. "outcome" is applied, unchanged,
 * duplicate, rejected, unreadable, or refused (it could not be sent; "message"
 * says why).
 */
enum exit_code run_deadletter_list(struct session *s, const struct arguments *a);
enum exit_code run_deadletter_show(struct session *s, const struct arguments *a);
enum exit_code run_deadletter_replay(struct session *s, const struct arguments *a);

/*
 * Shows which process owns which partition, and how far it is. -o json, with all keys in any case:
 *   {"group", "group_state", "partitions": [{"partition", "owner", "epoch", "applied",
 *   "committed", "end", "lag", "state", "loaded", "goal"}], "directory": {the same without
 *   "partition"}}
 * null means unknown or absent. "state" is ready, rebuilding ("loaded" of "goal" offsets of the
 * changelog have been read), missing, or foreign (it belongs to another Kafka cluster or layout).
 * "lag" is end - committed; of the directory, end - applied.
 *
 * Exit 0: all partitions are ready and have an owner. 1: some are not or have none. 3: some
 * server gave no answer, and what it knows is null.
 *
 * --stages shows how the consumers spend their time instead. -o json, times in microseconds:
 *   [{"instance", "uptime_ms", "stages": [{"stage", "turns", "us", "max_us"}]}]
 * Exit 1 when no consumer works.
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
