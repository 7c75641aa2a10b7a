/*
 * Decimal numbers: what is taken, and for what; what is not, and then leaves
 * the result untouched.
 */

#include "ops/support/number.h"

#include "tests/unit/unit.h"

static const int64_t UNTOUCHED = -77;

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void number_is_taken_within_its_bounds(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, value;
	} good[] = {
		{ "0", 0, 10, 0 },
		{ "10", 0, 10, 10 },
		{ "007", 1, 10, 7 },
		{ "9223372036854775807", 1, INT64_MAX, INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t value = UNTOUCHED;

		assert_true(number_parse(bytes_of(good[i].text), good[i].min, good[i].max, &value));
		assert_true(value == good[i].value);
	}
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const bad[] = {
		"",     " ",
		"0",    "11",
		"-1",   "+1",
		" 1",   "1 ",
		"1x",   "0x5",
		"1e1",  "1.5",
		"five", "1,",
		"１",   "9223372036854775808",
		"1\n",  "99999999999999999999999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t value = UNTOUCHED;

		if (number_parse(bytes_of(bad[i]), 1, 10, &value))
			fail_msg("\"%s\" was taken", bad[i]);
		assert_true(value == UNTOUCHED);
	}
}

static void number_is_taken_off_the_front(void **state)
{
	struct bytes text = bytes_of("0903:17");
	int64_t value = UNTOUCHED;

	(void)state;
	assert_true(number_take(&text, &value));
	assert_true(value == 903);
	assert_true(bytes_equal_text(text, ":17"));
}

static void what_does_not_begin_with_a_number_is_left_as_it_is(void **state)
{
	static const char *const bad[] = { "", ":17", "-1", "9223372036854775808x" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct bytes text = bytes_of(bad[i]);
		int64_t value = UNTOUCHED;

		assert_false(number_take(&text, &value));
		assert_true(bytes_equal_text(text, bad[i]));
		assert_true(value == UNTOUCHED);
	}
}

/* Not even the NUL that ends a C string is read. */
static void nothing_behind_the_bytes_is_read(void **state)
{
	struct bytes text = { (const uint8_t *)"1234", 2 };
	int64_t value = UNTOUCHED;

	(void)state;
	assert_true(number_parse(text, 0, 99, &value));
	assert_true(value == 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_is_taken_within_its_bounds),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(number_is_taken_off_the_front),
		cmocka_unit_test(what_does_not_begin_with_a_number_is_left_as_it_is),
		cmocka_unit_test(nothing_behind_the_bytes_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
