#include "ops/support/harmless.h"

#include "ops/support/utf8.h"

#include <stdbool.h>
#include <string.h>

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

size_t harmless_copy(uint8_t *out, const uint8_t *p, size_t len, size_t *taken)
{
	size_t n = utf8_len(p, len);

	*taken = n ? n : 1;
	if (!n || is_obeyed(utf8_code_point(p, n))) {
		out[0] = '?';
		return 1;
	}
	memcpy(out, p, n);
	return n;
}
