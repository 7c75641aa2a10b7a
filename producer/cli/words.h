#ifndef SB_CLI_WORDS_H
#define SB_CLI_WORDS_H

/*
 * The words of a command line before it is known which command it names: flags
 * may stand before, between and after the words of its name.
 */

#include <stdbool.h>
#include <stddef.h>

/* Does the flag with that name, or with its beginning, want a value? A letter is the flag -x. */
typedef bool words_fn(const void *context, const char *name, size_t len);

/*
 * Returns the index of the first word from `at` on that is neither a flag nor
 * the value of one; argc if there is none before the end or before "--".
 */
int words_next(int argc, char *const *argv, int at, words_fn *wants_value, const void *context);

/* Takes the word at that index out of argv, whose end stays NULL. */
void words_drop(int *argc, char **argv, int at);

/* Does the command line ask for JSON, however wrong the rest of it may be? */
bool words_want_json(int argc, char *const *argv);

#endif
