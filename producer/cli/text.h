#ifndef SB_CLI_TEXT_H
#define SB_CLI_TEXT_H

/* Texts fit to be printed. Names come from elsewhere: what a terminal would obey is made harmless. */

#include "ops/support/arena.h"
#include "ops/support/bytes.h"

/* A copy in the arena, with "?" for what a terminal obeys or hides and for broken UTF-8. */
struct bytes printable(struct bytes text, struct arena *arena);

/* A NUL-terminated text, quoted if need be, so that a shell takes it for one word. */
struct bytes shell_word(struct bytes text, struct arena *arena);

/*
 * The columns that a text takes on a terminal: two for wide characters, none for
 * combining ones. The text is one that printable() has returned. It does not matter
 * which locale the process has.
 */
size_t text_width(struct bytes text);

#endif
