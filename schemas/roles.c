#include "schemas/roles.h"

#include <string.h>

static const struct {
	const char *name;
	enum role least; /* the least role that allows it */
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

const char *const role_symbols[] = { "use", "admin", NULL };

bool role_allows(enum role role, enum action action)
{
	return role >= actions[action].least;
}

const char *role_name(enum role role)
{
	if (role == ROLE_NONE)
		return "none";
	return role == ROLE_OWNER ? "owner" : role_symbols[role - 1];
}

enum role role_parse(const char *name)
{
	for (int i = 0; role_symbols[i]; i++)
		if (strcmp(role_symbols[i], name) == 0)
			return (enum role)(i + 1);
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
