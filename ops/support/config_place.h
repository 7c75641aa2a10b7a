#ifndef SB_SUPPORT_CONFIG_PLACE_H
#define SB_SUPPORT_CONFIG_PLACE_H

/* Where the configuration file is if no flag names it. */

#include <limits.h>

/*
 * The file that SHAREBUS_CONFIG names, there or not; else the first that is there of
 * sharebus/sharebus.conf in the user's folder of configurations (XDG_CONFIG_HOME, or
 * .config in HOME) and /etc/sharebus/sharebus.conf; else NULL. Empty variables count
 * as not set, and so do folders that are no path from the root. The result is valid as
 * long as the buffer and the environment.
 */
const char *config_place(char buffer[PATH_MAX]);

#endif
