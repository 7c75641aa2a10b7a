#ifndef SB_SUPPORT_BYTES_H
#define SB_SUPPORT_BYTES_H

/*
 * Borrowed bytes, passed by value. Whoever hands them out says how long they
 * stay valid. data may be NULL, which is "absent" and differs from empty.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data;
	size_t len;
};

/* The bytes of a C string without its NUL, valid as long as the string; NULL gives absent. */
static inline struct bytes bytes_of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

/* The text of bytes that are NUL-terminated; "" when they are absent. */
static inline const char *text_of(struct bytes b)
{
	return b.data ? (const char *)b.data : "";
}

/* The two arguments of a "%.*s" that prints the bytes. */
#define BYTES_ARG(b) (int)(b).len, (const char *)(b).data

/* Equal length and content; absent equals empty. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Equal to a C string. */
static inline bool bytes_equal_text(struct bytes a, const char *text)
{
	return bytes_equal(a, bytes_of(text));
}

#endif
