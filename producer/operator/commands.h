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
 * What the notifier owes. -o json, with all keys in any case:
 *   list    [{"endpoint", "id", "state": waiting | dead, "what", "attempts", "since", "last_at",
 *           "next_at", "last_error"}], by endpoint and id
 *   show    the same object with "content": the notification or the handoff, as watch shows it
 *   retry   the same object as list, as it is now
 * null means none. retry refuses what is waiting: exit 1, the code on_its_way.
 */
enum exit_code run_deliveries_list(struct session *s, const struct arguments *a);
enum exit_code run_deliveries_show(struct session *s, const struct arguments *a);
enum exit_code run_deliveries_retry(struct session *s, const struct arguments *a);

/*
 * Whom the notifier tells: the endpoints of the configuration, and those that the
 * ledger still knows. -o json, with all keys in any case:
 *   list    [{"endpoint", "type", "profile", "state", "since", "until", "reason",
 *           "by_operator", "waiting", "dead"}]; "type" is null if the configuration lacks it,
 *           "state" is open, disabled, or, by what notifiers say, left_alone or paused "until" then
 *   enable  {"endpoint", "state"}
 *   test    {"endpoint", "arrived", "last_error"}: exit 1 when it has not arrived, 3, with
 *           "error", when no notifier has tried it in time
 */
enum exit_code run_endpoints_list(struct session *s, const struct arguments *a);
enum exit_code run_endpoints_enable(struct session *s, const struct arguments *a);
enum exit_code run_endpoints_test(struct session *s, const struct arguments *a);

/*
 * Shows which process owns which partition, and how far it is. -o json, with all keys in any case:
 *   {"group", "group_state", "partitions": [{"partition", "owner", "epoch", "applied",
 *   "committed", "end", "lag", "state", "loaded", "goal"}], "directory": {the same without
 *   "partition"}, "notifiers": {"group", "group_state", "lag", "running": [{"instance", "group",
 *   "partitions": [number], "uptime_ms", "owed", "oldest", "records", "delivered", "failed", "dead",
 *   "trouble", "trouble_since"}], "endpoints": [{"endpoint", "state", "until", "owed", "moving",
 *   "oldest", "failed_at", "problem"}]}, "problems": [sentence]}
 * null means unknown or absent. "state" is ready, unwatched (it was ready when somebody looked
 * last, and nobody does now), rebuilding ("loaded" of "goal" offsets of the
 * changelog have been read), missing, foreign (it belongs to another Kafka cluster or layout), or
 * unknown (its node of a Redis Cluster does not answer).
 * "lag" is end - committed; of the directory, end - applied; of notifiers, the records that they
 * have yet to settle. Of an endpoint "state" is open, paused (it asked for that), left_alone (it
 * has failed in a row) or disabled, "owed" counts deliveries and "oldest" says since when the
 * first of them is owed. "running" has notifiers of other groups under the prefix, too, of whose
 * partitions nothing is known; a notifier's "records" and the next three are counted from its start.
 *
 * Exit 0: all is well. 1: something is not, in sentences. 3: some
 * server gave no answer, and what it knows is null.
 *
 * --stages shows how consumers and notifiers spend their time instead. -o json, times in microseconds:
 *   [{"instance", "program": consumer | notifier, "uptime_ms", "stages": [{"stage", "turns", "us", "max_us"}]}]
 * Exit 1 when no consumer works.
 */
enum exit_code run_status(struct session *s, const struct arguments *a);

/*
 * Make a key to sign records with, and list those of a keys file, without their
 * secrets. -o json:
 *   create  {"id", "may": [right], "file", "line"}: where it was appended, or its line
 *   list    [{"id", "may": [right]}], in the order of the file
 */
enum exit_code run_keys_create(struct session *s, const struct arguments *a);
enum exit_code run_keys_list(struct session *s, const struct arguments *a);

/*
 * What the person who asks was told: list it, newest first, mark it as read, and show
 * what comes. -o json, with all keys in any case:
 *   list   {"unread", "notifications": [{"id", "unread", "told"}]}; "unread" counts the
 *          whole inbox, and "told" is the body of the webhook profile standard
 *   read   {"read"}: how many
 *   watch  an object as in the list for each that comes, one after another
 * Exit 4: an id is not in the inbox.
 */
enum exit_code run_inbox_list(struct session *s, const struct arguments *a);
enum exit_code run_inbox_read(struct session *s, const struct arguments *a);
enum exit_code run_inbox_watch(struct session *s, const struct arguments *a);

/*
 * Shows or sets what the person who asks wants to be told. -o json:
 *   {"user_id", "rules": [{"channel", "kind", "category", "on"}], "muted_workspaces": [id]}
 * as it is afterwards; null limits nothing.
 */
enum exit_code run_preferences(struct session *s, const struct arguments *a);

/* The flags' tables: see arguments.h. */
extern const struct flag topics_flags[];
extern const struct flag status_flags[];
extern const struct flag watch_flags[];
extern const struct flag inbox_list_flags[];
extern const struct flag inbox_read_flags[];
extern const struct flag inbox_watch_flags[];
extern const struct flag preferences_flags[];
extern const struct flag deliveries_list_flags[];
extern const struct flag deliveries_retry_flags[];
extern const struct flag keys_create_flags[];
extern const struct flag keys_list_flags[];
extern const struct flag deadletter_list_flags[];
extern const struct flag deadletter_show_flags[];
extern const struct flag deadletter_replay_flags[];

#endif
