#ifndef SB_CLI_GRANTS_H
#define SB_CLI_GRANTS_H

/* Shows who a workspace is shared with: Coder's columns USER GROUP ROLE, or JSON. */

#include "producer/cli/session.h"

struct json_t;

/* Prints the table; a sentence on stderr when it is shared with nobody. */
void grants_print(struct session *s, const struct sharebus_workspace *w);

/*
 * {"workspace": {…}, "version": n, "users": [{id, username, name, role, granted_by, granted_at,
 * expires_at}], "group": [{id, name, role, …}]}: names as in Coder's API.
 */
struct json_t *grants_json(const struct sharebus_workspace *w);

/* {"id", "name", "owner_id", "owner_name", "organization_id", "organization_name", "status"} */
struct json_t *workspace_json(const struct sharebus_workspace *w);

/* An id as text; null when it is zero. */
struct json_t *id_json(const struct sharebus_id *id);

/* A time in RFC 3339; null when it is 0. */
struct json_t *time_json(int64_t ms);

/* The same for a cell; absent when it is 0. */
struct bytes time_cell(struct session *s, int64_t ms);

#endif
