#ifndef SB_PRODUCER_COMMANDS_H
#define SB_PRODUCER_COMMANDS_H

/* The table of all commands of `sharebus`, and the help that follows from it. */

#include "producer/cli/arguments.h"

/*
 * The command that the first words of argv name, between which flags may stand;
 * NULL if there is none. Takes these words out of argv. `help X` becomes
 * `--help X`. The config has the settings, which are flags, too.
 */
const struct command_def *commands_take(int *argc, char **argv, const struct config *config);

/* All commands; a NULL name ends the table. */
const struct command_def *commands_all(void);

/*
 * Answers a command line that names no command: prints the help or the version if
 * that is what is wanted, else says what is wrong.
 */
enum exit_code commands_explain(const struct session *s, int argc, char **argv);

#endif
