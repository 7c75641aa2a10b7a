#ifndef SB_PRODUCER_COMMANDS_H
#define SB_PRODUCER_COMMANDS_H

/* The table of all commands of `sharebus`, and the help that follows from it. */

#include "producer/cli/arguments.h"

/*
 * The command that argv[1], and perhaps argv[2], name; NULL if there is none.
 * *words says how many of them did.
 */
const struct command_def *commands_find(int argc, char **argv, int *words);

/*
 * Answers a command line that names no command: prints the help if that is what
 * is wanted, else a sentence on stderr that says what is wrong.
 */
enum exit_code commands_explain(int argc, char **argv);

#endif
