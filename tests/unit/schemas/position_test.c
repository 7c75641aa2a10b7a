/* Positions that people type are read exactly or refused. */

#include "schemas/position.h"

#include "tests/unit/unit.h"

#include <stdio.h>

static void partition_and_offset_are_read(void **state)
{
	static const struct {
		const char *text;
		struct position position;
	} cases[] = {
		{ "3:17", { 3, 17 } },
		{ "0:0", { 0, 0 } },
		{ "007:0017", { 7, 17 } },
		{ "2147483647:9223372036854775806", { INT32_MAX, INT64_MAX - 1 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct position p = { -1, -1 };

		assert_int_equal(position_parse(&p, cases[i].text, NULL), 0);
		assert_int_equal(p.partition, cases[i].position.partition);
		assert_int_equal(p.offset, cases[i].position.offset);
	}
}

static void anything_else_is_refused_and_leaves_the_output_untouched(void **state)
{
	static const char *const texts[] = {
		"",      ":",     "3",     "3:",           ":17",
		"3:17 ", " 3:17", "3 :17", "3:-1",         "-3:17",
		"+3:17", "3:17:", "3:1.5", "2147483648:0", "0:9223372036854775807",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct position p = { 5, 6 };
		struct error err = { 0 };

		if (position_parse(&p, texts[i], &err) != ERROR_USAGE)
			fail_msg("\"%s\" was not refused", texts[i]);
		assert_int_equal(err.code, ERROR_USAGE);
		assert_int_equal(p.partition, 5);
		assert_int_equal(p.offset, 6);
	}
}

static void refusal_quotes_the_text_and_shows_the_form(void **state)
{
	struct position p;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(position_parse(&p, "third", &err), ERROR_USAGE);
	assert_string_equal(err.text,
			    "\"third\" is not a position; give partition:offset, as in 3:17");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partition_and_offset_are_read),
		cmocka_unit_test(anything_else_is_refused_and_leaves_the_output_untouched),
		cmocka_unit_test(refusal_quotes_the_text_and_shows_the_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
