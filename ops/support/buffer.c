#include "ops/support/buffer.h"

#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>

enum { BUFFER_FIRST_BYTES = 256, VARINT_MAX_BYTES = 10 };

void buffer_init(struct buffer *b)
{
	*b = (struct buffer){ 0 };
}

void buffer_done(struct buffer *b)
{
	free(b->data);
	buffer_init(b);
}

void buffer_trim(struct buffer *b, size_t keep)
{
	buffer_clear(b);
	if (b->cap > keep)
		buffer_done(b);
}

void buffer_grow(struct buffer *b, size_t cap)
{
	size_t is = b->cap ? b->cap : BUFFER_FIRST_BYTES;

	while (is < cap)
		is *= 2;
	b->data = memory_must(realloc(b->data, is));
	b->cap = is;
}

void buffer_append(struct buffer *b, const void *data, size_t len)
{
	if (!len)
		return;
	assert(data);
	memcpy(buffer_reserve(b, len), data, len);
	b->len += len;
}

void buffer_append_varint(struct buffer *b, uint64_t value)
{
	uint8_t *p = buffer_reserve(b, VARINT_MAX_BYTES);
	size_t n = 0;

	while (value >= 0x80) {
		p[n++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	p[n++] = (uint8_t)value;
	b->len += n;
}

void buffer_append_sized(struct buffer *b, struct bytes bytes)
{
	buffer_append_varint(b, bytes.len);
	buffer_append(b, bytes.data, bytes.len);
}

void buffer_append_optional(struct buffer *b, struct bytes bytes)
{
	buffer_append_varint(b, bytes.data ? bytes.len + 1 : 0);
	buffer_append(b, bytes.data, bytes.len);
}

bool bytes_take_varint(struct bytes *rest, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < rest->len && i < VARINT_MAX_BYTES; i++) {
		value |= (uint64_t)(rest->data[i] & 0x7f) << (7 * i);
		if (rest->data[i] & 0x80)
			continue;
		*rest = (struct bytes){ rest->data + i + 1, rest->len - i - 1 };
		*out = value;
		return true;
	}
	return false;
}

bool bytes_take(struct bytes *rest, size_t len, struct bytes *out)
{
	if (rest->len < len)
		return false;
	*out = (struct bytes){ rest->data, len };
	*rest = (struct bytes){ rest->data + len, rest->len - len };
	return true;
}

bool bytes_take_u8(struct bytes *rest, uint8_t *out)
{
	struct bytes one;

	if (!bytes_take(rest, 1, &one))
		return false;
	*out = one.data[0];
	return true;
}

bool bytes_take_sized(struct bytes *rest, struct bytes *out)
{
	struct bytes after = *rest;
	uint64_t len;

	if (!bytes_take_varint(&after, &len) || len > after.len)
		return false;
	(void)bytes_take(&after, (size_t)len, out);
	*rest = after;
	return true;
}

bool bytes_take_optional(struct bytes *rest, struct bytes *out)
{
	struct bytes after = *rest;
	uint64_t len;

	*out = (struct bytes){ 0 };
	if (!bytes_take_varint(&after, &len) || (len && !bytes_take(&after, (size_t)len - 1, out)))
		return false;
	*rest = after;
	return true;
}
