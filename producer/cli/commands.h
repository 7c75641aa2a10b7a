#ifndef SB_CLI_COMMANDS_H
#define SB_CLI_COMMANDS_H

/*
 * What people and scripts do with sharing. These commands are built on
 * sharebus.h and nothing else of ours but ops/support; those of operators, who
 * look inside, are in producer/operator.
 */

#include "producer/cli/arguments.h"

enum exit_code run_share(struct session *s, const struct arguments *a);
enum exit_code run_remove(struct session *s, const struct arguments *a);
enum exit_code run_show(struct session *s, const struct arguments *a);
enum exit_code run_list(struct session *s, const struct arguments *a);

/*
 * May she do that? Exit 0 yes, 1 no. -o json: {"allowed", "reason": owner, direct, group,
 * organization_admin, site_owner; no_grant, expired, suspended, policy, "role": none, use, admin,
 * owner, "group_id", "expires_at"}, all keys always there; null: none.
 */
enum exit_code run_check(struct session *s, const struct arguments *a);

/* " Actions: read ssh …", for the help of check. */
void print_actions(void);

/*
 * Why. -o json: {"actions": [names of what is allowed], "paths": [{"through": a reason, "role",
 * "group": {"id", "name"} or null, "granted_by", "granted_at", "expires_at", "expired"}],
 * "denials": [sentences]}.
 */
enum exit_code run_explain(struct session *s, const struct arguments *a);

/* The flags' tables: see arguments.h. */
extern const struct flag share_flags[];
extern const struct flag remove_flags[];
extern const struct flag list_flags[];
extern const struct flag check_flags[];

#endif
