#include "ops/support/config_place.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SYSTEM_PLACE "/etc/sharebus/sharebus.conf"

/* One that we may not even look for counts as not there: HOME may be that of somebody else. */
static bool is_there(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0;
}

static bool is_in(char buffer[PATH_MAX], const char *folder, const char *below)
{
	int len;

	if (!folder || folder[0] != '/')
		return false;
	len = snprintf(buffer, PATH_MAX, "%s%s/sharebus/sharebus.conf", folder, below);
	return len > 0 && len < PATH_MAX && is_there(buffer);
}

const char *config_place(char buffer[PATH_MAX])
{
	const char *named = getenv("SHAREBUS_CONFIG");
	const char *folder = getenv("XDG_CONFIG_HOME");

	if (named && named[0])
		return named;
	if (folder && folder[0] == '/' ? is_in(buffer, folder, "")
				       : is_in(buffer, getenv("HOME"), "/.config"))
		return buffer;
	return is_there(SYSTEM_PLACE) ? SYSTEM_PLACE : NULL;
}
