#include "cache/resp.h"

#include "ops/support/number.h"

#include <assert.h>

static const char LINE_END[] = { '\r', '\n' };

enum {
	LINE_END_LEN = sizeof(LINE_END),
	HEAD_MAX = 1 + NUMBER_DIGITS_MAX + LINE_END_LEN,
};

void pipeline_init(struct pipeline *p)
{
	*p = (struct pipeline){ 0 };
}

void pipeline_done(struct pipeline *p)
{
	buffer_done(&p->bytes);
	p->commands = 0;
	p->barrier_count = 0;
}

void pipeline_clear(struct pipeline *p)
{
	buffer_clear(&p->bytes);
	p->commands = 0;
	p->barrier_count = 0;
}

void pipeline_barrier(struct pipeline *p)
{
	assert(p->barrier_count < PIPELINE_BARRIERS_MAX);
	p->barriers[p->barrier_count++] = p->commands;
}

static uint8_t *put_bytes(uint8_t *at, const void *data, size_t len)
{
	if (len)
		memcpy(at, data, len);
	return at + len;
}

static uint8_t *put_number(uint8_t *at, uint64_t value)
{
	uint8_t text[NUMBER_DIGITS_MAX];
	uint8_t *end = text + sizeof(text);
	const uint8_t *from = number_write(end, value);

	return put_bytes(at, from, (size_t)(end - from));
}

/* Puts the head of an argument, "$12\r\n", or of a command, "*3\r\n". */
static inline uint8_t *put_head(uint8_t *at, uint8_t type, uint64_t value)
{
	*at++ = type;
	if (value < 10) { /* as nearly all are */
		*at++ = (uint8_t)('0' + value);
	} else if (value < 100) {
		*at++ = (uint8_t)('0' + value / 10);
		*at++ = (uint8_t)('0' + value % 10);
	} else {
		at = put_number(at, value);
	}
	return put_bytes(at, LINE_END, LINE_END_LEN);
}

void pipeline_trim(struct pipeline *p)
{
	pipeline_clear(p);
	buffer_trim(&p->bytes, PIPELINE_KEEP_BYTES);
}

void pipeline_command(struct pipeline *p, size_t arguments)
{
	uint8_t *begin = buffer_reserve(&p->bytes, HEAD_MAX);

	p->bytes.len += (size_t)(put_head(begin, '*', arguments) - begin);
	p->commands++;
}

void pipeline_append(struct pipeline *p, const struct pipeline *more)
{
	buffer_append(&p->bytes, more->bytes.data, more->bytes.len);
	p->commands += more->commands;
}

void pipeline_parts(struct pipeline *p, const struct bytes *parts, size_t count)
{
	size_t len = 0;
	uint8_t *begin;
	uint8_t *at;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	begin = buffer_reserve(&p->bytes, HEAD_MAX + len + LINE_END_LEN);
	at = put_head(begin, '$', len);
	for (size_t i = 0; i < count; i++)
		at = put_bytes(at, parts[i].data, parts[i].len);
	at = put_bytes(at, LINE_END, LINE_END_LEN);
	p->bytes.len += (size_t)(at - begin);
}

void pipeline_bytes(struct pipeline *p, struct bytes argument)
{
	uint8_t *begin = buffer_reserve(&p->bytes, HEAD_MAX + argument.len + LINE_END_LEN);
	uint8_t *at = put_head(begin, '$', argument.len);

	at = put_bytes(at, argument.data, argument.len);
	at = put_bytes(at, LINE_END, LINE_END_LEN);
	p->bytes.len += (size_t)(at - begin);
}

void pipeline_text(struct pipeline *p, const char *argument)
{
	pipeline_bytes(p, bytes_of(argument));
}

void pipeline_number(struct pipeline *p, int64_t argument)
{
	uint8_t text[1 + NUMBER_DIGITS_MAX];
	uint8_t *end = text + sizeof(text);
	uint64_t magnitude = argument < 0 ? 0 - (uint64_t)argument : (uint64_t)argument;
	uint8_t *at = number_write(end, magnitude);

	if (argument < 0)
		*--at = '-';
	pipeline_bytes(p, (struct bytes){ at, (size_t)(end - at) });
}

void pipeline_texts(struct pipeline *p, const char *const *arguments)
{
	size_t count = 0;

	while (arguments[count])
		count++;
	pipeline_command(p, count);
	for (size_t i = 0; i < count; i++)
		pipeline_text(p, arguments[i]);
}

/* Takes the number of a line such as "*3" or "$16", and the line with it. */
static size_t take_head(struct bytes *rest)
{
	size_t value = 0;
	size_t at = 1;

	while (rest->data[at] != '\r')
		value = value * 10 + (size_t)(rest->data[at++] - '0');
	assert(at + 2 <= rest->len);
	*rest = (struct bytes){ rest->data + at + 2, rest->len - at - 2 };
	return value;
}

size_t pipeline_take_command(struct bytes *rest)
{
	return take_head(rest);
}

struct bytes pipeline_take_word(struct bytes *rest)
{
	size_t len = take_head(rest);
	struct bytes word = { rest->data, len };

	*rest = (struct bytes){ rest->data + len + 2, rest->len - len - 2 };
	return word;
}
