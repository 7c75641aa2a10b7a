#ifndef SB_SUPPORT_HARMLESS_H
#define SB_SUPPORT_HARMLESS_H

/*
 * Makes text of others fit for a terminal and for a line of a log: what a
 * terminal obeys or hides, and what is not UTF-8, becomes "?".
 */

#include <stddef.h>
#include <stdint.h>

/*
 * Copies the character at p, where len bytes (at least one) may be read, or "?"
 * in its place, to out, which has room for four. Returns how many bytes it has
 * written; *taken is how many of p they stand for.
 */
size_t harmless_copy(uint8_t *out, const uint8_t *p, size_t len, size_t *taken);

#endif
