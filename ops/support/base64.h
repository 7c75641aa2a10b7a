#ifndef SB_SUPPORT_BASE64_H
#define SB_SUPPORT_BASE64_H

/* Base64 (RFC 4648 section 4): the alphabet with "+" and "/", padded, without line breaks. */

#include "ops/support/arena.h"

#include <stdbool.h>

/* The length of the text for that many bytes. */
static inline size_t base64_len(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

/* How many bytes a text of that length may have, at most. */
static inline size_t base64_room(size_t text_len)
{
	return text_len / 4 * 3;
}

/* Writes the text, base64_len() characters and no NUL. */
void base64_write(char *out, struct bytes bytes);

/*
 * Writes the bytes of the text, for which out has base64_room(), and sets *len. False,
 * with *len untouched and out of no use, for anything but what base64_write() writes:
 * other characters, missing padding, or bits after the last byte that are not zero.
 */
bool base64_read(uint8_t *out, size_t *len, struct bytes text);

/* The text, in the arena, followed by a NUL that is not counted. */
struct bytes base64_encode(struct bytes bytes, struct arena *arena);

/* Sets *out to the bytes, in the arena. False, with *out untouched, where base64_read() is. */
bool base64_decode(struct bytes text, struct arena *arena, struct bytes *out);

#endif
