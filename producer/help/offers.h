#ifndef SB_HELP_OFFERS_H
#define SB_HELP_OFFERS_H

/* What a shell may offer while somebody types a command: what is in the table of commands. */

#include "producer/cli/arguments.h"

struct offers {
	const struct command_def *commands; /* ends with a NULL name */
	struct arena *arena;
};

/* The i-th command, or NULL after the last one. */
const struct command_def *offers_at(const struct offers *o, size_t i);

/* What a flag takes, or a command; value is as the help shows it, or NULL. */
enum wanted { WANTED_NOTHING, WANTED_TEXT, WANTED_WORDS, WANTED_FILE };
enum wanted offers_wanted(const char *value);

/* Called with each flag, in the order of the help. */
typedef void offers_fn(const struct offers *o, const struct flag *f);

/* Those of a table, which may be NULL; those that every command has; and all, each once. */
void offers_of(const struct offers *o, const struct flag *table, offers_fn *visit);
void offers_common(const struct offers *o, offers_fn *visit);
void offers_all(const struct offers *o, offers_fn *visit);

/* Is the command at this index the first of its group? */
bool offers_begin_group(const struct offers *o, size_t at);

/* Prints a text as a shell takes it for one word. */
void offers_quote(const struct offers *o, const char *text);

/* Prints "a|b" as "a b". */
void offers_words(const char *value);

#endif
