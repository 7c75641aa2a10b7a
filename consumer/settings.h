#ifndef SB_CONSUMER_SETTINGS_H
#define SB_CONSUMER_SETTINGS_H

#include "ops/support/attributes.h"
#include "ops/support/config.h"

/*
 * Reads the consumer's settings from its command line, the environment and the
 * configuration file (see `sharebus-consumer --help`), and sets the log level.
 * Returns 0, and *out is the caller's; 1 when --help was given, and printed;
 * ERROR_INPUT or ERROR_USAGE with a sentence.
 */
MUST_USE int settings_read(struct config **out, int argc, char **argv, struct error *err);

#endif
