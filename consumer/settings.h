#ifndef SB_CONSUMER_SETTINGS_H
#define SB_CONSUMER_SETTINGS_H

#include "ops/support/attributes.h"
#include "ops/support/config.h"

/*
 * The consumer's settings, from its command line, the environment and the
 * configuration file; see `sharebus-consumer --help` for all of them. Sets the
 * log level. 0, and *out is the caller's; 1 when help was asked for, and
 * printed; ERROR_INPUT or ERROR_USAGE with a sentence.
 */
MUST_USE int settings_read(struct config **out, int argc, char **argv, struct error *err);

#endif
