#ifndef SB_CLI_COMMANDS_H
#define SB_CLI_COMMANDS_H

/*
 * The commands that people and scripts use to share. They are built on
 * sharebus.h and ops/support alone; those of operators, which look inside, are
 * in producer/operator.
 */

#include "producer/cli/arguments.h"

enum exit_code run_share(struct session *s, const struct arguments *a);
enum exit_code run_remove(struct session *s, const struct arguments *a);
enum exit_code run_show(struct session *s, const struct arguments *a);
enum exit_code run_list(struct session *s, const struct arguments *a);

/*
 * Open handoffs, and answers to them. -o json: list prints an array and show one of
 * what handoff_view.h says; the answers print what sending.h says, with "state" and
 * "handoff": the open handoff, or null if it is none, or none that the asker sees.
 */
enum exit_code run_handoff_list(struct session *s, const struct arguments *a);
enum exit_code run_handoff_show(struct session *s, const struct arguments *a);
enum exit_code run_handoff_accept(struct session *s, const struct arguments *a);
enum exit_code run_handoff_decline(struct session *s, const struct arguments *a);
enum exit_code run_handoff_return(struct session *s, const struct arguments *a);
enum exit_code run_handoff_complete(struct session *s, const struct arguments *a);
enum exit_code run_handoff_reassign(struct session *s, const struct arguments *a);
enum exit_code run_handoff_withdraw(struct session *s, const struct arguments *a);

/*
 * May this user do that? Exit 0 yes, 1 no. -o json, with all keys in any case; null means none:
 *   {"allowed", "reason": owner | direct | group | organization_admin | site_owner | no_grant |
 *   expired | suspended | policy | unknown_user | unknown_workspace, "role": none | use | admin |
 *   owner, "group_id", "expires_at"}
 */
enum exit_code run_check(struct session *s, const struct arguments *a);

/* " Actions: read ssh …", for the help of check. */
void print_actions(void);

/*
 * Why may this user do what? -o json:
 *   {"actions": [names of what is allowed], "paths": [{"through": a reason, "role",
 *   "group": {"id", "name"} or null, "granted_by", "granted_at", "expires_at", "expired"}],
 *   "denials": [sentences]}
 */
enum exit_code run_explain(struct session *s, const struct arguments *a);

/* The flags' tables: see arguments.h. */
extern const struct flag share_flags[];
extern const struct flag remove_flags[];
extern const struct flag list_flags[];
extern const struct flag check_flags[];
extern const struct flag handoff_list_flags[];
extern const struct flag handoff_answer_flags[];
extern const struct flag handoff_finish_flags[]; /* with artifacts */
extern const struct flag handoff_reassign_flags[];

#endif
