/*
 * What is appended is taken back the same; what was cut short is not taken at
 * all, and nothing is consumed by the attempt.
 */

#include "ops/support/buffer.h"

#include "tests/unit/unit.h"

enum { LONGEST = 300 };

/* A value and its LEB128 form. */
static const struct {
	uint64_t value;
	size_t len;
	const char *form;
} VARINTS[] = {
	{ 0, 1, "\x00" },
	{ 1, 1, "\x01" },
	{ 127, 1, "\x7f" },
	{ 128, 2, "\x80\x01" },
	{ 300, 2, "\xac\x02" },
	{ 16383, 2, "\xff\x7f" },
	{ 16384, 3, "\x80\x80\x01" },
	{ UINT32_MAX, 5, "\xff\xff\xff\xff\x0f" },
	{ INT64_MAX, 9, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f" },
	{ UINT64_MAX, 10, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" },
};

static void varints_have_the_form_of_leb128(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b);
	for (size_t i = 0; i < sizeof(VARINTS) / sizeof(*VARINTS); i++) {
		buffer_clear(&b);
		buffer_append_varint(&b, VARINTS[i].value);
		assert_int_equal(b.len, VARINTS[i].len);
		assert_memory_equal(b.data, VARINTS[i].form, b.len);
	}
	buffer_done(&b);
}

static void varints_come_back_and_leave_what_follows(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b);
	for (size_t i = 0; i < sizeof(VARINTS) / sizeof(*VARINTS); i++) {
		struct bytes rest;
		uint64_t value = 7;

		buffer_clear(&b);
		buffer_append_varint(&b, VARINTS[i].value);
		buffer_append_u8(&b, 0xee);
		rest = buffer_bytes(&b);
		assert_true(bytes_take_varint(&rest, &value));
		assert_true(value == VARINTS[i].value);
		assert_int_equal(rest.len, 1);
		assert_int_equal(rest.data[0], 0xee);
	}
	buffer_done(&b);
}

static void cut_varint_is_not_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(VARINTS) / sizeof(*VARINTS); i++)
		for (size_t len = 0; len < VARINTS[i].len; len++) {
			const uint8_t *form = (const uint8_t *)VARINTS[i].form;
			struct bytes rest = { form, len };
			uint64_t value = 7;

			assert_false(bytes_take_varint(&rest, &value));
			assert_int_equal(value, 7);
			assert_ptr_equal(rest.data, form);
			assert_int_equal(rest.len, len);
		}
}

static void varint_of_eleven_bytes_is_not_taken(void **state)
{
	static const uint8_t form[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
					0x80, 0x80, 0x80, 0x80, 0x00 };
	struct bytes rest = { form, sizeof(form) };
	uint64_t value = 7;

	(void)state;
	assert_false(bytes_take_varint(&rest, &value));
	assert_int_equal(value, 7);
	assert_int_equal(rest.len, sizeof(form));
}

static void sized_bytes_come_back(void **state)
{
	static const size_t lengths[] = { 0, 1, 127, 128, LONGEST };
	uint8_t content[LONGEST];
	struct buffer b;
	struct bytes rest;

	(void)state;
	for (size_t i = 0; i < LONGEST; i++)
		content[i] = (uint8_t)i;
	buffer_init(&b);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		buffer_append_sized(&b, (struct bytes){ content, lengths[i] });
	rest = buffer_bytes(&b);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct bytes out = { 0 };

		assert_true(bytes_take_sized(&rest, &out));
		assert_true(bytes_equal(out, (struct bytes){ content, lengths[i] }));
	}
	assert_int_equal(rest.len, 0);
	buffer_done(&b);
}

static void cut_sized_bytes_are_not_taken(void **state)
{
	uint8_t content[LONGEST] = { 0 };
	struct buffer b;

	(void)state;
	buffer_init(&b);
	buffer_append_sized(&b, (struct bytes){ content, sizeof(content) });
	for (size_t len = 0; len < b.len; len++) {
		struct bytes rest = { b.data, len };
		struct bytes out = { NULL, 99 };

		assert_false(bytes_take_sized(&rest, &out));
		assert_int_equal(out.len, 99);
		assert_ptr_equal(rest.data, b.data);
		assert_int_equal(rest.len, len);
	}
	buffer_done(&b);
}

/* A length near 2^64 must not wrap around when added to. */
static void huge_length_is_not_taken(void **state)
{
	struct buffer b;
	struct bytes rest;
	struct bytes out;

	(void)state;
	buffer_init(&b);
	buffer_append_varint(&b, UINT64_MAX);
	buffer_append_text(&b, "abc");
	rest = buffer_bytes(&b);
	assert_false(bytes_take_sized(&rest, &out));
	assert_int_equal(rest.len, b.len);
	buffer_done(&b);
}

static void take_gives_the_front_or_nothing(void **state)
{
	struct bytes rest = bytes_of("abc");
	struct bytes out = { 0 };
	uint8_t one = 0;

	(void)state;
	assert_true(bytes_take(&rest, 2, &out));
	assert_true(bytes_equal_text(out, "ab"));
	assert_false(bytes_take(&rest, 2, &out));
	assert_true(bytes_take_u8(&rest, &one));
	assert_int_equal(one, 'c');
	assert_false(bytes_take_u8(&rest, &one));
	assert_true(bytes_take(&rest, 0, &out));
	assert_int_equal(out.len, 0);
}

static void cleared_buffer_keeps_its_memory(void **state)
{
	struct buffer b;
	size_t cap;

	(void)state;
	buffer_init(&b);
	assert_null(b.data);
	for (int i = 0; i < 1000; i++)
		buffer_append_text(&b, "0123456789");
	assert_int_equal(b.len, 10000);
	assert_memory_equal(b.data + 9990, "0123456789", 10);
	cap = b.cap;
	buffer_clear(&b);
	assert_int_equal(b.len, 0);
	(void)buffer_reserve(&b, 10000);
	assert_int_equal(b.cap, cap);
	assert_int_equal(b.len, 0);
	buffer_done(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
}

static void nothing_appended_changes_nothing(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b);
	buffer_append(&b, NULL, 0);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	buffer_done(&b);
}

static void absent_bytes_equal_empty_ones(void **state)
{
	(void)state;
	assert_true(bytes_equal(bytes_of(NULL), bytes_of("")));
	assert_null(bytes_of(NULL).data);
	assert_true(bytes_equal_text(bytes_of("a"), "a"));
	assert_false(bytes_equal_text(bytes_of("a"), "b"));
	assert_false(bytes_equal_text(bytes_of("a"), "ab"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(varints_have_the_form_of_leb128),
		cmocka_unit_test(varints_come_back_and_leave_what_follows),
		cmocka_unit_test(cut_varint_is_not_taken),
		cmocka_unit_test(varint_of_eleven_bytes_is_not_taken),
		cmocka_unit_test(sized_bytes_come_back),
		cmocka_unit_test(cut_sized_bytes_are_not_taken),
		cmocka_unit_test(huge_length_is_not_taken),
		cmocka_unit_test(take_gives_the_front_or_nothing),
		cmocka_unit_test(cleared_buffer_keeps_its_memory),
		cmocka_unit_test(nothing_appended_changes_nothing),
		cmocka_unit_test(absent_bytes_equal_empty_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
