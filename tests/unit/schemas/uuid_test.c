/* Ids: text and bytes are the same thing, and made ids are what RFC 9562 says. */

#include "schemas/uuid.h"

#include "ops/support/error.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>

enum { DRAWS = 256 };

static const struct uuid NAMESPACE_DNS = { { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80,
					     0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 } };
static const struct uuid NAMESPACE_URL = { { 0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80,
					     0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8 } };
static const char TEXT[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
static const struct uuid BYTES = { { 0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0, 0xa7, 0x65,
				     0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6 } };

static void assert_text(const struct uuid *u, const char *expected)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, u);
	assert_string_equal(text, expected);
}

static void text_becomes_bytes_in_network_order(void **state)
{
	struct uuid u = { { 0 } };

	(void)state;
	assert_int_equal(uuid_parse(&u, bytes_of(TEXT)), 0);
	assert_memory_equal(u.bytes, BYTES.bytes, sizeof(u.bytes));
}

static void upper_and_mixed_case_mean_the_same(void **state)
{
	static const char *const texts[] = { "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
					     "f81D4fAe-7dEc-11d0-A765-00a0C91e6Bf6" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct uuid u = { { 0 } };

		assert_int_equal(uuid_parse(&u, bytes_of(texts[i])), 0);
		assert_memory_equal(u.bytes, BYTES.bytes, sizeof(u.bytes));
	}
}

/* Every byte value in every place, both ways, against printf. */
static void every_byte_survives_format_and_parse(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		char expected[UUID_TEXT_SIZE];
		char text[UUID_TEXT_SIZE];
		struct uuid back = { { 0 } };
		struct uuid u;
		size_t at = 0;

		for (unsigned i = 0; i < sizeof(u.bytes); i++) {
			u.bytes[i] = (uint8_t)(value + 17 * i);
			at += (size_t)snprintf(expected + at, sizeof(expected) - at, "%s%02x",
					       i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
					       u.bytes[i]);
		}
		uuid_format(text, &u);
		assert_string_equal(text, expected);
		assert_int_equal(uuid_parse(&back, bytes_of(text)), 0);
		assert_memory_equal(back.bytes, u.bytes, sizeof(u.bytes));
	}
}

static void format_writes_37_bytes_and_no_more(void **state)
{
	char room[UUID_TEXT_SIZE + 1];

	(void)state;
	memset(room, '#', sizeof(room));
	uuid_format(room, &BYTES);
	assert_int_equal(room[UUID_TEXT_LEN], 0);
	assert_int_equal(room[UUID_TEXT_SIZE], '#');
}

static bool may_stand(size_t at, unsigned c)
{
	bool hyphen = at == 8 || at == 13 || at == 18 || at == 23;

	return hyphen ? c == '-' : isxdigit((int)c) != 0;
}

/* All 256 characters in all 36 places. */
static void a_character_out_of_place_is_refused(void **state)
{
	(void)state;
	for (size_t at = 0; at < UUID_TEXT_LEN; at++) {
		for (unsigned c = 0; c < 256; c++) {
			struct uuid u = BYTES;
			uint8_t text[UUID_TEXT_LEN];
			int expected = may_stand(at, c) ? 0 : ERROR_INPUT;

			memcpy(text, TEXT, sizeof(text));
			text[at] = (uint8_t)c;
			assert_int_equal(uuid_parse(&u, (struct bytes){ text, sizeof(text) }),
					 expected);
			if (expected)
				assert_memory_equal(u.bytes, BYTES.bytes, sizeof(u.bytes));
		}
	}
}

static void any_other_length_is_refused(void **state)
{
	static const char longer[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6f6f6";
	struct uuid u = BYTES;

	(void)state;
	for (size_t len = 0; len < sizeof(longer); len++)
		assert_int_equal(uuid_parse(&u, (struct bytes){ (const uint8_t *)longer, len }),
				 len == UUID_TEXT_LEN ? 0 : ERROR_INPUT);
	assert_int_equal(uuid_parse(&u, bytes_of(NULL)), ERROR_INPUT);
	assert_int_equal(uuid_parse(&u, bytes_of("{81d4fae-7dec-11d0-a765-00a0c91e6bf}")),
			 ERROR_INPUT);
	assert_int_equal(uuid_parse(&u, bytes_of("f81d4fae7dec11d0a76500a0c91e6bf6")), ERROR_INPUT);
}

static void only_all_zeros_is_nil(void **state)
{
	struct uuid u = { { 0 } };

	(void)state;
	assert_true(uuid_is_nil(&u));
	for (size_t i = 0; i < sizeof(u.bytes); i++) {
		u = (struct uuid){ { 0 } };
		u.bytes[i] = 1;
		assert_false(uuid_is_nil(&u));
	}
}

static void one_bit_makes_two_ids_differ(void **state)
{
	struct uuid other = BYTES;

	(void)state;
	assert_true(uuid_equal(&BYTES, &other));
	for (size_t bit = 0; bit < 128; bit++) {
		other = BYTES;
		other.bytes[bit / 8] = (uint8_t)(other.bytes[bit / 8] ^ 1U << bit % 8);
		assert_false(uuid_equal(&BYTES, &other));
	}
}

/* The time of the example in RFC 9562, appendix A.6, and the ends of the range. */
static void v7_begins_with_the_milliseconds(void **state)
{
	static const struct {
		int64_t unix_ms;
		const char *begin;
	} table[] = {
		{ 0x017F22E279B0, "017f22e2-79b0-7" },
		{ 0, "00000000-0000-7" },
		{ 1, "00000000-0001-7" },
		{ 0xFFFFFFFFFFFF, "ffffffff-ffff-7" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char text[UUID_TEXT_SIZE];
		struct uuid u;

		assert_int_equal(uuid_v7(&u, table[i].unix_ms), 0);
		uuid_format(text, &u);
		assert_memory_equal(text, table[i].begin, strlen(table[i].begin));
	}
}

static void only_v7_says_when_it_was_made(void **state)
{
	static const struct {
		const char *id;
		int64_t time;
	} table[] = {
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 0x017F22E279B0 },
		{ "00000000-0000-7000-8000-000000000000", 0 },
		{ "ffffffff-ffff-7fff-bfff-ffffffffffff", 0xFFFFFFFFFFFF },
		{ "00000000-0000-0000-0000-000000000000", -1 },
		{ "919108f7-52d1-4320-9bac-f847db4148a8", -1 },
		{ "1ec9414c-232a-6b00-b3c8-9f6bdeced846", -1 },
		{ "017f22e2-79b0-7cc3-18c4-dc0c0c07398f", -1 },
		{ "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct uuid u;

		assert_int_equal(uuid_parse(&u, bytes_of(table[i].id)), 0);
		if (uuid_v7_time(&u) != table[i].time)
			fail_msg("%s", table[i].id);
	}
}

/* A random bit that is the same 256 times in a row would be an accident of 2^-255. */
static void v7_has_74_random_bits_and_the_rest_is_fixed(void **state)
{
	static const struct uuid expected = { { 0, 0, 0, 0, 0, 0, 0x0f, 0xff, 0x3f, 0xff, 0xff,
						0xff, 0xff, 0xff, 0xff, 0xff } };
	struct uuid zeros = { { 0 } }; /* bits seen as 0 */
	struct uuid ones = { { 0 } };  /* bits seen as 1 */

	(void)state;
	for (int draw = 0; draw < DRAWS; draw++) {
		struct uuid u;

		assert_int_equal(uuid_v7(&u, 0x017F22E279B0), 0);
		assert_int_equal(u.bytes[6] >> 4, 7);
		assert_int_equal(u.bytes[8] >> 6, 2);
		for (size_t i = 0; i < sizeof(u.bytes); i++) {
			ones.bytes[i] |= u.bytes[i];
			zeros.bytes[i] = (uint8_t)(zeros.bytes[i] | ~u.bytes[i]);
		}
	}
	for (size_t i = 0; i < sizeof(expected.bytes); i++)
		assert_int_equal(zeros.bytes[i] & ones.bytes[i], expected.bytes[i]);
}

static void v5_agrees_with_known_values(void **state)
{
	static const struct {
		const struct uuid *ns;
		const char *name;
		const char *expected;
	} table[] = {
		/* RFC 9562, appendix A.4; the others from Python's uuid module. */
		{ &NAMESPACE_DNS, "www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2" },
		{ &NAMESPACE_DNS, "", "4ebd0208-8328-5d69-8c44-ec50939c0967" },
		{ &NAMESPACE_DNS, NULL, "4ebd0208-8328-5d69-8c44-ec50939c0967" },
		{ &NAMESPACE_URL, "https://example.com/\xc3\xa9",
		  "20ecd233-a9e7-5067-a96f-fd6600ca3fda" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct uuid u;

		assert_int_equal(uuid_v5(&u, table[i].ns, bytes_of(table[i].name)), 0);
		assert_text(&u, table[i].expected);
	}
}

static void v5_may_overwrite_its_own_namespace(void **state)
{
	struct uuid u = NAMESPACE_DNS;

	(void)state;
	assert_int_equal(uuid_v5(&u, &u, bytes_of("www.example.com")), 0);
	assert_text(&u, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

static void the_namespace_of_sharebus_never_changes(void **state)
{
	(void)state;
	assert_text(&UUID_NAMESPACE_SHAREBUS, "04c3f9db-b8ff-43a1-940a-dc1450423e78");
}

static void sorting_leaves_each_once(void **state)
{
	struct uuid list[] = { { { 2 } }, { { 1, 1 } }, { { 2 } }, { { 1 } }, { { 2 } } };

	(void)state;
	assert_int_equal(uuid_sort(list, 5), 3);
	assert_memory_equal(&list[0], (&(struct uuid){ { 1 } }), sizeof(struct uuid));
	assert_memory_equal(&list[1], (&(struct uuid){ { 1, 1 } }), sizeof(struct uuid));
	assert_memory_equal(&list[2], (&(struct uuid){ { 2 } }), sizeof(struct uuid));
	assert_int_equal(uuid_sort(list, 1), 1);
	assert_int_equal(uuid_sort(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_bytes_in_network_order),
		cmocka_unit_test(upper_and_mixed_case_mean_the_same),
		cmocka_unit_test(every_byte_survives_format_and_parse),
		cmocka_unit_test(format_writes_37_bytes_and_no_more),
		cmocka_unit_test(a_character_out_of_place_is_refused),
		cmocka_unit_test(any_other_length_is_refused),
		cmocka_unit_test(only_all_zeros_is_nil),
		cmocka_unit_test(one_bit_makes_two_ids_differ),
		cmocka_unit_test(v7_begins_with_the_milliseconds),
		cmocka_unit_test(only_v7_says_when_it_was_made),
		cmocka_unit_test(v7_has_74_random_bits_and_the_rest_is_fixed),
		cmocka_unit_test(v5_agrees_with_known_values),
		cmocka_unit_test(v5_may_overwrite_its_own_namespace),
		cmocka_unit_test(the_namespace_of_sharebus_never_changes),
		cmocka_unit_test(sorting_leaves_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
