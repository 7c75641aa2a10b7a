#include "cache/resp.h"

#include <assert.h>

enum { DECIMAL_MAX = 20 };

void pipeline_init(struct pipeline *p)
{
	*p = (struct pipeline){ 0 };
}

void pipeline_done(struct pipeline *p)
{
	buffer_done(&p->bytes);
	p->commands = 0;
}

void pipeline_clear(struct pipeline *p)
{
	buffer_clear(&p->bytes);
	p->commands = 0;
}

/* Writes the value in decimal, its last digit just before end; returns where it begins. */
static uint8_t *write_decimal(uint8_t *end, uint64_t value)
{
	do {
		*--end = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value);
	return end;
}

/* Appends the head of an argument, "$12\r\n", or of a command, "*3\r\n". */
static void append_head(struct buffer *b, uint8_t type, uint64_t value)
{
	uint8_t text[DECIMAL_MAX + 3];
	uint8_t *end = text + sizeof(text);
	uint8_t *p;

	end[-1] = '\n';
	end[-2] = '\r';
	p = write_decimal(end - 2, value);
	*--p = type;
	buffer_append(b, p, (size_t)(end - p));
}

void pipeline_trim(struct pipeline *p)
{
	pipeline_clear(p);
	if (p->bytes.cap > PIPELINE_KEEP_BYTES)
		buffer_done(&p->bytes);
}

void pipeline_command(struct pipeline *p, size_t arguments)
{
	append_head(&p->bytes, '*', arguments);
	p->commands++;
}

void pipeline_parts(struct pipeline *p, const struct bytes *parts, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	append_head(&p->bytes, '$', len);
	for (size_t i = 0; i < count; i++)
		buffer_append(&p->bytes, parts[i].data, parts[i].len);
	buffer_append(&p->bytes, "\r\n", 2);
}

void pipeline_bytes(struct pipeline *p, struct bytes argument)
{
	pipeline_parts(p, &argument, 1);
}

void pipeline_text(struct pipeline *p, const char *argument)
{
	pipeline_bytes(p, bytes_of(argument));
}

void pipeline_number(struct pipeline *p, int64_t argument)
{
	uint8_t text[DECIMAL_MAX];
	uint8_t *end = text + sizeof(text);
	uint64_t magnitude = argument < 0 ? 0 - (uint64_t)argument : (uint64_t)argument;
	uint8_t *at = write_decimal(end, magnitude);

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
