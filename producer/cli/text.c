#include "producer/cli/text.h"

#include "ops/support/utf8.h"

#include <string.h>

static uint32_t code_point(const uint8_t *p, size_t len)
{
	static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = p[0] & first_bits[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/*
 * True of control characters and of what leaves no trace: marks of writing
 * direction, spaces and hyphens without width, fillers, tags. The joiners U+200C
 * and U+200D and the variation selectors up to U+FE0F are not among them: words
 * and emoji need them.
 */
static bool is_obeyed(uint32_t c)
{
	static const struct {
		uint32_t from;
		uint32_t to;
	} ranges[] = {
		{ 0x00, 0x1f },     { 0x7f, 0x9f },       { 0xad, 0xad },     { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x180e, 0x180e },   { 0x200b, 0x200b }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f },   { 0x3164, 0x3164 }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

struct bytes printable(struct bytes text, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len;) {
		size_t len = utf8_len(text.data + i, text.len - i);

		if (!len || is_obeyed(code_point(text.data + i, len))) {
			out[n++] = '?';
			i += len ? len : 1;
			continue;
		}
		memcpy(out + n, text.data + i, len);
		n += len;
		i += len;
	}
	out[n] = 0;
	return (struct bytes){ out, n };
}

struct bytes shell_word(struct bytes text, struct arena *arena)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_./@%+=:,";
	uint8_t *out = arena_alloc(arena, text.len * 4 + 3);
	size_t n = 0;

	if (text.len && strspn((const char *)text.data, plain) == text.len)
		return text;
	out[n++] = '\'';
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'') {
			memcpy(out + n, "'\\''", 4);
			n += 4;
		} else {
			out[n++] = text.data[i];
		}
	}
	out[n++] = '\'';
	out[n] = 0;
	return (struct bytes){ out, n };
}

struct bytes base64(struct bytes b, struct arena *arena)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = (b.len + 2) / 3 * 4;
	uint8_t *out;

	if (!b.data)
		return b;
	out = arena_alloc(arena, len + 1);
	for (size_t i = 0, n = 0; i < b.len; i += 3, n += 4) {
		size_t left = b.len - i;
		unsigned group = (unsigned)b.data[i] << 16;

		group |= left > 1 ? (unsigned)b.data[i + 1] << 8 : 0;
		group |= left > 2 ? b.data[i + 2] : 0;
		out[n] = (uint8_t)digits[group >> 18];
		out[n + 1] = (uint8_t)digits[group >> 12 & 63];
		out[n + 2] = (uint8_t)(left > 1 ? digits[group >> 6 & 63] : '=');
		out[n + 3] = (uint8_t)(left > 2 ? digits[group & 63] : '=');
	}
	out[len] = 0;
	return (struct bytes){ out, len };
}
