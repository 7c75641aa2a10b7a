#ifndef SB_SUPPORT_UTF8_H
#define SB_SUPPORT_UTF8_H

/* UTF-8 (RFC 3629) in untrusted bytes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The length of the character at p, 1 to 4 bytes, where len bytes (at least
 * one) may be read. 0 if it is not a valid one: cut short, overlong, a
 * surrogate, or past U+10FFFF. Follows the table of RFC 3629 section 4, in
 * which only the second byte has ranges of its own.
 */
static inline size_t utf8_len(const uint8_t *p, size_t len)
{
	uint8_t min = 0x80;
	uint8_t max = 0xbf;
	size_t need;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	need = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		min = 0xa0; /* below: overlong */
	else if (p[0] == 0xed)
		max = 0x9f; /* above: surrogates */
	else if (p[0] == 0xf0)
		min = 0x90; /* below: overlong */
	else if (p[0] == 0xf4)
		max = 0x8f; /* above: past U+10FFFF */
	if (len < need || p[1] < min || p[1] > max)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return need;
}

/* The code point of the valid character at p, whose length utf8_len() has told. */
static inline uint32_t utf8_code_point(const uint8_t *p, size_t len)
{
	static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = p[0] & first_bits[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* Is all of it UTF-8? */
static inline bool utf8_is_valid(const uint8_t *p, size_t len)
{
	const uint64_t high_bits = 0x8080808080808080;

	while (len) {
		uint64_t word;
		size_t n = sizeof(word);

		if (len >= sizeof(word))
			memcpy(&word, p, sizeof(word));
		/* Eight ASCII characters at a time, one by one where there are others. */
		if (len < sizeof(word) || word & high_bits)
			n = utf8_len(p, len);
		if (!n)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

#endif
