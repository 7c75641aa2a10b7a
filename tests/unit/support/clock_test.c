/*
 * Times as text. The table's instants are those of Python's datetime, the
 * ones of year 0 (which Python lacks) are reckoned from them.
 */

#include "ops/support/clock.h"

#include "tests/unit/unit.h"

#include <stdio.h>

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

/* ---- in words ---- */

static void assert_words(int64_t unix_ms, const char *wanted)
{
	char text[WORDS_SIZE + 1];

	memset(text, '#', sizeof(text));
	clock_format_words(text, unix_ms);
	assert_int_equal(text[WORDS_SIZE], '#');
	assert_string_equal(text, wanted);
}

static void words_name_the_month_and_the_minute_that_has_begun(void **state)
{
	static const struct {
		int64_t unix_ms;
		const char *words;
	} cases[] = {
		{ 0, "1 January 1970, 00:00 UTC" },
		{ -1, "31 December 1969, 23:59 UTC" },
		{ 951825600000, "29 February 2000, 12:00 UTC" },
		{ 1709251199999, "29 February 2024, 23:59 UTC" },
		{ 1709251200000, "1 March 2024, 00:00 UTC" },
		{ -2203891200001, "28 February 1900, 23:59 UTC" },
		{ 4107542399999, "28 February 2100, 23:59 UTC" },
		{ 4107542400000, "1 March 2100, 00:00 UTC" },
		{ 1795512600007, "24 November 2026, 09:30 UTC" },
		{ 1795512659999, "24 November 2026, 09:30 UTC" },
		{ 1795512660000, "24 November 2026, 09:31 UTC" },
		{ 253402300799999, "31 December 9999, 23:59 UTC" },
		{ 253394352000000, "1 October 9999, 00:00 UTC" },
		{ INT64_MAX, "31 December 9999, 23:59 UTC" },
		{ INT64_MIN, "1 January 0000, 00:00 UTC" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_words(cases[i].unix_ms, cases[i].words);
}

static void spans_are_told_in_the_unit_that_people_would_take(void **state)
{
	static const struct {
		int64_t ms;
		const char *words;
	} cases[] = {
		{ 0, "0 s" },       { 300, "0.3 s" },        { 9900, "9.9 s" },
		{ 10000, "10 s" },  { 119999, "119 s" },     { 120000, "2 min" },
		{ 7200000, "2 h" }, { 172800000, "2 days" }, { 86399999, "23 h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[SPAN_SIZE];

		clock_format_span(text, cases[i].ms);
		assert_string_equal(text, cases[i].words);
	}
}

/* Day by day from 1970 to 9999: both forms speak of the same date, and no day is left out. */
static void every_day_has_its_words(void **state)
{
	static const char *const months[] = { "January",   "February", "March",    "April",
					      "May",       "June",     "July",     "August",
					      "September", "October",  "November", "December" };
	const int64_t day_ms = 86400000;
	int64_t year = 1970;
	int month = 1;
	int day = 1;

	(void)state;
	for (int64_t ms = 0; year <= 9999; ms += day_ms) {
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		int length = month == 2
				     ? 28 + leap
				     : 31 - (month == 4 || month == 6 || month == 9 || month == 11);
		char wanted[64];

		(void)snprintf(wanted, sizeof(wanted), "%d %s %lld, 18:07 UTC", day,
			       months[month - 1], (long long)year);
		assert_words(ms + 65220000, wanted);
		day = day < length ? day + 1 : 1;
		month = day > 1 ? month : month < 12 ? month + 1 : 1;
		year += day == 1 && month == 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_those_of_python),
		cmocka_unit_test(years_before_0_become_the_first_instant),
		cmocka_unit_test(years_after_9999_become_the_last_instant),
		cmocka_unit_test(words_name_the_month_and_the_minute_that_has_begun),
		cmocka_unit_test(spans_are_told_in_the_unit_that_people_would_take),
		cmocka_unit_test(every_day_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
