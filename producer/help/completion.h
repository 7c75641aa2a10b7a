#ifndef SB_HELP_COMPLETION_H
#define SB_HELP_COMPLETION_H

#include "producer/help/offers.h"

/*
 * The three scripts do the same: they find the first words that are neither flags
 * nor their values, which name the command, and offer what can follow.
 */
void completion_bash(const struct offers *o);
void completion_zsh(const struct offers *o);
void completion_fish(const struct offers *o);

/*
 * Prints a script that completes the commands of `sharebus`, their flags and, where
 * these are words or files, the values, in bash, zsh or fish. All of it follows from
 * the table of commands.
 */
enum exit_code run_completion(struct session *s, const struct arguments *a);

#endif
