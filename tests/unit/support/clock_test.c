/*
 * Times as text. The table's instants are those of Python's datetime, the
 * ones of year 0 (which Python lacks) are reckoned from them.
 */

#include "ops/support/clock.h"

#include "tests/unit/unit.h"

static const struct {
	int64_t unix_ms;
	const char *text;
} TIMES[] = {
	{ 0, "1970-01-01T00:00:00.000Z" },
	{ 1, "1970-01-01T00:00:00.001Z" },
	{ -1, "1969-12-31T23:59:59.999Z" },
	{ -86400000, "1969-12-31T00:00:00.000Z" },
	{ -86400001, "1969-12-30T23:59:59.999Z" },
	{ 951825600000, "2000-02-29T12:00:00.000Z" },
	{ 1709251199999, "2024-02-29T23:59:59.999Z" },
	{ 1709251200000, "2024-03-01T00:00:00.000Z" },
	{ -2203891200001, "1900-02-28T23:59:59.999Z" },
	{ -2203891200000, "1900-03-01T00:00:00.000Z" },
	{ 4107542400000, "2100-03-01T00:00:00.000Z" },
	{ 1795512600000, "2026-11-24T09:30:00.000Z" },
	{ 1795512600007, "2026-11-24T09:30:00.007Z" },
	{ 78796799000, "1972-06-30T23:59:59.000Z" },
	{ 946684799999, "1999-12-31T23:59:59.999Z" },
	{ 2147483648000, "2038-01-19T03:14:08.000Z" },
	{ -11644473600000, "1601-01-01T00:00:00.000Z" },
	{ -49539340800000, "0400-02-29T00:00:00.000Z" },
	{ -62135596800000, "0001-01-01T00:00:00.000Z" },
	{ -62135596800001, "0000-12-31T23:59:59.999Z" },
	{ -62162121600000, "0000-02-29T00:00:00.000Z" },
	{ -62167219200000, "0000-01-01T00:00:00.000Z" },
	{ 253402300799999, "9999-12-31T23:59:59.999Z" },
};

static void assert_time(int64_t unix_ms, const char *wanted)
{
	char text[RFC3339_SIZE + 1];

	memset(text, '#', sizeof(text));
	clock_format_rfc3339(text, unix_ms);
	assert_int_equal(text[RFC3339_SIZE], '#');
	assert_string_equal(text, wanted);
}

static void times_are_those_of_python(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(TIMES) / sizeof(*TIMES); i++)
		assert_time(TIMES[i].unix_ms, TIMES[i].text);
}

static void years_before_0_become_the_first_instant(void **state)
{
	(void)state;
	assert_time(-62167219200001, "0000-01-01T00:00:00.000Z");
	assert_time(INT64_MIN, "0000-01-01T00:00:00.000Z");
}

static void years_after_9999_become_the_last_instant(void **state)
{
	(void)state;
	assert_time(253402300800000, "9999-12-31T23:59:59.999Z");
	assert_time(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_those_of_python),
		cmocka_unit_test(years_before_0_become_the_first_instant),
		cmocka_unit_test(years_after_9999_become_the_last_instant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
