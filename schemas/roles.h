#ifndef SB_SCHEMAS_ROLES_H
#define SB_SCHEMAS_ROLES_H

/*
 * What each role allows: the one table that deciding and checking share. It
 * follows the product document: `use` may connect, start, stop, and read logs
 * and stats; `admin` may also rename, update at any time and invite others with
 * `use`; neither may delete.
 */

#include <stdbool.h>

/* Ordered: a greater role allows all that a lesser one does. */
enum role {
	ROLE_NONE = 0,
	ROLE_USE,
	ROLE_ADMIN,
	ROLE_OWNER, /* not grantable: whoever owns the workspace */
};

enum action {
	ACTION_READ,
	ACTION_SSH,
	ACTION_APP,
	ACTION_START,
	ACTION_STOP,
	ACTION_LOGS,
	ACTION_STATS,
	ACTION_UPDATE_ON_START,
	ACTION_RENAME,
	ACTION_UPDATE,
	ACTION_SHARE_USE,
	ACTION_SHARE_ADMIN,
	ACTION_DELETE,
	ACTION_COUNT
};

/* The names of the grantable roles from ROLE_USE on, as records have them; ends with NULL. */
extern const char *const role_symbols[];

/* Does the role allow the action? */
bool role_allows(enum role role, enum action action);

/* "none", "use", "admin" or "owner"; a constant. */
const char *role_name(enum role role);

/* The grantable role with that name (`use` or `admin`), or ROLE_NONE. */
enum role role_parse(const char *name);

/* "read", "update_on_start", …; a constant. */
const char *action_name(enum action action);

/* The action with that name, or ACTION_COUNT. */
enum action action_parse(const char *name);

#endif
