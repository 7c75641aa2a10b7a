#ifndef SB_PRODUCER_GRANTS_H
#define SB_PRODUCER_GRANTS_H

/* Shows who a workspace is shared with: Coder's columns USER GROUP ROLE, or JSON. */

#include "producer/session.h"

#include <jansson.h>

/*
 * The names that go with a workspace's ids, looked up together. Grants are
 * sorted as they are shown: users by name, then groups by name.
 */
struct grants_view {
	const struct workspace *workspace;
	struct user_changed owner;
	struct organization_changed organization;
	struct shown_grant {
		struct grant grant;
		struct bytes name;
		struct bytes display_name; /* of a user */
		struct bytes granted_by;
	} * grants;
	size_t count;
};

/* Views several workspaces with one set of questions. views has count elements. */
int grants_view(struct session *s, const struct workspace *workspaces, size_t count,
		struct grants_view *views, struct error *err);

/* Prints the table; a sentence on stderr when it is shared with nobody. */
void grants_print(struct session *s, const struct grants_view *v);

/*
 * {"workspace": {…}, "version": n, "users": [{id, username, name, role, …}],
 * "group": [{id, name, role, …}]}: names as in Coder's API.
 */
json_t *grants_json(const struct grants_view *v);

/* {"id", "name", "owner_id", "owner_name", "organization_id", "organization_name", "status"} */
json_t *workspace_json(const struct grants_view *v);

#endif
