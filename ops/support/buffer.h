#ifndef SB_SUPPORT_BUFFER_H
#define SB_SUPPORT_BUFFER_H

/*
 * A growing byte buffer. It keeps its memory when cleared, so that a buffer
 * in a loop stops calling malloc once it has held its largest content. Callers
 * never see growth fail: whoever fills a buffer bounds its content, and a
 * process without memory for that aborts with a sentence.
 */

#include "ops/support/bytes.h"

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *data;
	size_t len;
	size_t cap;
};

/* Starts empty, without memory. */
void buffer_init(struct buffer *b);

/* Gives the memory back. */
void buffer_done(struct buffer *b);

/* Forgets the content, keeps the memory. */
static inline void buffer_clear(struct buffer *b)
{
	b->len = 0;
}

/* Forgets the content, and gives the memory back if it is more than so many bytes. */
void buffer_trim(struct buffer *b, size_t keep);

/* Makes the capacity at least so large; for buffer_reserve(). */
void buffer_grow(struct buffer *b, size_t cap);

/* Makes room for more bytes and returns where they go; len does not change. */
static inline uint8_t *buffer_reserve(struct buffer *b, size_t more)
{
	if (b->cap - b->len < more)
		buffer_grow(b, b->len + more);
	return b->data + b->len;
}

/* Appends. The source must not lie inside the buffer. */
void buffer_append(struct buffer *b, const void *data, size_t len);

/* Appends a C string without its NUL. */
static inline void buffer_append_text(struct buffer *b, const char *text)
{
	buffer_append(b, text, strlen(text));
}

/* Appends one byte. */
static inline void buffer_append_u8(struct buffer *b, uint8_t value)
{
	*buffer_reserve(b, 1) = value;
	b->len++;
}

/* Appends an unsigned LEB128 varint: 1 to 10 bytes. */
void buffer_append_varint(struct buffer *b, uint64_t value);

/* Appends a varint length and the bytes. */
void buffer_append_sized(struct buffer *b, struct bytes bytes);

/* The same, where absent and empty differ: the length is stored plus one. */
void buffer_append_optional(struct buffer *b, struct bytes bytes);

/* The content, valid until the buffer changes. */
static inline struct bytes buffer_bytes(const struct buffer *b)
{
	return (struct bytes){ b->data, b->len };
}

/*
 * These read back what the functions above have appended. Each takes from the
 * front of *rest; it returns false and leaves *rest untouched when the bytes
 * end too early or a varint is longer than 10 bytes.
 */
bool bytes_take_varint(struct bytes *rest, uint64_t *out);
bool bytes_take_sized(struct bytes *rest, struct bytes *out);
bool bytes_take_optional(struct bytes *rest, struct bytes *out);
bool bytes_take(struct bytes *rest, size_t len, struct bytes *out);
bool bytes_take_u8(struct bytes *rest, uint8_t *out);

#endif
