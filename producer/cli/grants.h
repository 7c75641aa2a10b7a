#ifndef SB_CLI_GRANTS_H
#define SB_CLI_GRANTS_H

/* Shows who a workspace is shared with: as a table with Coder's columns, or as JSON. */

#include "producer/cli/session.h"

struct json_t;

/* Prints the table, or a sentence on stderr if it is shared with nobody. */
void grants_print(struct session *s, const struct sharebus_workspace *w);

/*
 * {"workspace": {…}, "version": n, "users": [{id, username, name, role, granted_by, granted_at,
 * expires_at}], "group": [{id, name, role, …}]}. The keys are those of Coder's API.
 */
struct json_t *grants_json(const struct sharebus_workspace *w);

/* {"id", "name", "owner_id", "owner_name", "organization_id", "organization_name", "status"} */
struct json_t *workspace_json(const struct sharebus_workspace *w);

/* A time for the cell of a table, in the session's arena; absent if it is 0. */
struct bytes time_cell(struct session *s, int64_t ms);

#endif
