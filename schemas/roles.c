#include "schemas/roles.h"

#include <string.h>

static const struct {
	const char *name;
	enum role least; /* the least role that may */
} actions[ACTION_COUNT] = {
	[ACTION_READ] = { "read", ROLE_USE },
	[ACTION_SSH] = { "ssh", ROLE_USE },
	[ACTION_APP] = { "app", ROLE_USE },
	[ACTION_START] = { "start", ROLE_USE },
	[ACTION_STOP] = { "stop", ROLE_USE },
	[ACTION_LOGS] = { "logs", ROLE_USE },
	[ACTION_STATS] = { "stats", ROLE_USE },
	[ACTION_UPDATE_ON_START] = { "update_on_start", ROLE_USE },
	[ACTION_RENAME] = { "rename", ROLE_ADMIN },
	[ACTION_UPDATE] = { "update", ROLE_ADMIN },
	[ACTION_SHARE_USE] = { "share_use", ROLE_ADMIN },
	[ACTION_SHARE_ADMIN] = { "share_admin", ROLE_OWNER },
	[ACTION_DELETE] = { "delete", ROLE_OWNER },
};

static const char *const role_names[] = { "none", "use", "admin", "owner" };

bool role_allows(enum role role, enum action action)
{
	return role >= actions[action].least;
}

const char *role_name(enum role role)
{
	return role_names[role];
}

enum role role_parse(const char *name)
{
	if (strcmp(name, role_names[ROLE_USE]) == 0)
		return ROLE_USE;
	if (strcmp(name, role_names[ROLE_ADMIN]) == 0)
		return ROLE_ADMIN;
	return ROLE_NONE;
}

const char *action_name(enum action action)
{
	return actions[action].name;
}

enum action action_parse(const char *name)
{
	int i = 0;

	while (i < ACTION_COUNT && strcmp(name, actions[i].name) != 0)
		i++;
	return (enum action)i;
}
