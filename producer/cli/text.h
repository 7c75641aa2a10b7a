#ifndef SB_CLI_TEXT_H
#define SB_CLI_TEXT_H

/* Texts fit to be printed. Names come from elsewhere: what a terminal would obey is made harmless. */

#include "ops/support/arena.h"
#include "ops/support/bytes.h"

/* A copy in the arena, with "?" for what a terminal obeys or hides and for broken UTF-8. */
struct bytes printable(struct bytes text, struct arena *arena);

/* A NUL-terminated text, quoted if need be, so that a shell takes it for one word. */
struct bytes shell_word(struct bytes text, struct arena *arena);

/* The bytes in base64 (RFC 4648, with padding), in the arena. Absent stays absent. */
struct bytes base64(struct bytes b, struct arena *arena);

#endif
