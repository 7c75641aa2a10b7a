#ifndef SB_CONSUMER_SETTINGS_H
#define SB_CONSUMER_SETTINGS_H

/* How the programs that run on and on read their settings. */

#include "ops/support/attributes.h"
#include "ops/support/config.h"

/* Such a program; its settings include those of settings_daemon. */
struct program {
	const char *name;    /* "sharebus-consumer" */
	const char *purpose; /* a sentence or two for its help, with their line ends */
	const struct config_setting *const *tables; /* its settings; ends with NULL */
	/* Of the group in which its processes have names, the setting "instance": what follows consumer-group. */
	const char *group_suffix;
};

/*
 * Reads the program's settings from its command line, the environment and the
 * configuration file (see `sharebus-consumer --help`), and sets the log level.
 * Returns 0, and *out is the caller's; 1 when --help was given, and printed;
 * ERROR_INPUT or ERROR_USAGE with a sentence.
 */
MUST_USE int settings_read(struct config **out, const struct program *p, int argc, char **argv,
			   struct error *err);

#endif
