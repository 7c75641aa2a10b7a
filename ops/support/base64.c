#include "ops/support/base64.h"

/* The digits, and what stands for none. */
static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

enum { GROUP = 3, TEXT_GROUP = 4, PADDING_MAX = 2, DIGIT_BITS = 6, PADDING = 64 };

void base64_write(char *out, struct bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i += GROUP) {
		size_t left = bytes.len - i;
		uint32_t group = (uint32_t)bytes.data[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes.data[i + 1] << 8;
		if (left > 2)
			group |= bytes.data[i + 2];
		*out++ = ALPHABET[group >> 18];
		*out++ = ALPHABET[group >> 12 & 63];
		*out++ = ALPHABET[left > 1 ? group >> 6 & 63 : PADDING];
		*out++ = ALPHABET[left > 2 ? group & 63 : PADDING];
	}
}

struct bytes base64_encode(struct bytes bytes, struct arena *arena)
{
	size_t len = base64_len(bytes.len);
	char *text = arena_alloc(arena, len + 1);

	base64_write(text, bytes);
	text[len] = 0;
	return (struct bytes){ (const uint8_t *)text, len };
}

/* PADDING for what is no digit. */
static uint32_t digit_value(uint8_t c)
{
	const char *at = c ? strchr(ALPHABET, c) : NULL;

	return at ? (uint32_t)(at - ALPHABET) : PADDING;
}

/* How many "=" stand at the end of the text, up to two. */
static size_t count_padding(struct bytes text)
{
	size_t count = 0;

	while (count < PADDING_MAX && count < text.len && text.data[text.len - 1 - count] == '=')
		count++;
	return count;
}

bool base64_read(uint8_t *out, size_t *len, struct bytes text)
{
	size_t padding = count_padding(text);
	size_t count = 0;
	uint32_t bits = 0;
	unsigned held = 0;

	if (text.len % TEXT_GROUP)
		return false;
	for (size_t i = 0; i < text.len - padding; i++) {
		uint32_t value = digit_value(text.data[i]);

		if (value == PADDING)
			return false;
		bits = (bits << DIGIT_BITS | value) & 0xffff;
		held += DIGIT_BITS;
		if (held >= 8) {
			held -= 8;
			out[count++] = (uint8_t)(bits >> held);
		}
	}
	if (bits & ((1U << held) - 1))
		return false;
	*len = count;
	return true;
}

bool base64_decode(struct bytes text, struct arena *arena, struct bytes *out)
{
	uint8_t *data = arena_alloc(arena, base64_room(text.len) + 1);
	size_t len = 0;

	if (!base64_read(data, &len, text))
		return false;
	data[len] = 0;
	*out = (struct bytes){ data, len };
	return true;
}
