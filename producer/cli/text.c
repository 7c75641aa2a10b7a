#include "producer/cli/text.h"

#include "ops/support/harmless.h"
#include "ops/support/utf8.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

struct bytes printable(struct bytes text, struct arena *arena)
{
	uint8_t *out = arena_alloc(arena, text.len + 1);
	size_t n = 0;

	for (size_t i = 0, taken; i < text.len; i += taken)
		n += harmless_copy(out + n, text.data + i, text.len - i, &taken);
	out[n] = 0;
	return (struct bytes){ out, n };
}

/* In the locale C, wcwidth() knows ASCII alone. */
static locale_t utf8_locale(void)
{
	static locale_t utf8;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return utf8;
}

static size_t character_width(const uint8_t *p, size_t len)
{
	int width = wcwidth((wchar_t)utf8_code_point(p, len));

	return width < 0 ? 1 : (size_t)width;
}

size_t text_width(struct bytes text)
{
	locale_t utf8 = utf8_locale();
	locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
	size_t width = 0;

	for (size_t i = 0; i < text.len;) {
		size_t len = utf8_len(text.data + i, text.len - i);

		width += len ? character_width(text.data + i, len) : 1;
		i += len ? len : 1;
	}
	if (utf8)
		(void)uselocale(before);
	return width;
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
