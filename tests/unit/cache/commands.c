#include "tests/unit/cache/commands.h"

#include "tests/unit/unit.h"

/* Takes "<type><number>\r\n". */
static size_t take_number(struct bytes *rest, char type)
{
	size_t value = 0;
	uint8_t byte = 0;

	assert_true(bytes_take_u8(rest, &byte));
	assert_int_equal(byte, type);
	assert_true(bytes_take_u8(rest, &byte));
	for (; byte != '\r'; assert_true(bytes_take_u8(rest, &byte))) {
		assert_in_range(byte, '0', '9');
		value = value * 10 + (size_t)(byte - '0');
	}
	assert_true(bytes_take_u8(rest, &byte));
	assert_int_equal(byte, '\n');
	return value;
}

static void take_command(struct bytes *rest, struct command_line *out)
{
	struct bytes end;

	out->count = take_number(rest, '*');
	assert_in_range(out->count, 1, ARGUMENTS_MAX);
	for (size_t i = 0; i < out->count; i++) {
		size_t len = take_number(rest, '$');

		assert_true(bytes_take(rest, len, &out->arguments[i]));
		assert_true(bytes_take(rest, 2, &end));
		assert_true(bytes_equal_text(end, "\r\n"));
	}
}

void commands_parse(struct commands *out, const struct pipeline *p)
{
	struct bytes rest = buffer_bytes(&p->bytes);

	for (out->count = 0; rest.len; out->count++) {
		assert_in_range(out->count, 0, COMMANDS_MAX - 1);
		take_command(&rest, &out->list[out->count]);
	}
	assert_int_equal(out->count, p->commands);
}

void assert_command(const struct commands *c, size_t i, ...)
{
	const struct command_line *line = &c->list[i];
	const char *wanted;
	size_t at = 0;
	va_list args;

	assert_in_range(i, 0, c->count - 1);
	va_start(args, i);
	for (wanted = va_arg(args, const char *); wanted; wanted = va_arg(args, const char *)) {
		struct bytes got = line->arguments[at];

		if (at >= line->count)
			fail_msg("command %zu ends before \"%s\"", i, wanted);
		if (!bytes_equal_text(got, wanted))
			fail_msg("command %zu has \"%.*s\" in place of \"%s\"", i, (int)got.len,
				 (const char *)got.data, wanted);
		at++;
	}
	va_end(args);
	if (at != line->count)
		fail_msg("command %zu has %zu arguments, not %zu", i, line->count, at);
}

struct uuid letters(const char *text)
{
	struct uuid id;

	assert_int_equal(strlen(text), sizeof(id.bytes));
	memcpy(id.bytes, text, sizeof(id.bytes));
	return id;
}

struct uuid made_at(int64_t unix_ms, unsigned n)
{
	struct uuid id = { { 0 } };

	for (unsigned i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
	id.bytes[6] = 0x70;
	id.bytes[8] = 0x80;
	id.bytes[14] = (uint8_t)(n >> 8);
	id.bytes[15] = (uint8_t)n;
	return id;
}
