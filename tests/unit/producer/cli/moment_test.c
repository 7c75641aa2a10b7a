/*
 * Spans and points of time: what is taken, and for what; what is not,
 * and then leaves the result untouched.
 */

#include "producer/cli/moment.h"

#include "tests/unit/unit.h"

#include <stdio.h>

enum { MS_PER_HOUR = 3600000, MS_PER_DAY = 24 * MS_PER_HOUR };

static const int64_t UNTOUCHED = -77;
static const int64_t NOW = 1795512600007; /* 2026-11-24T09:30:00.007Z */

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- spans ---- */

static void span_is_taken_in_each_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1ms", 1 },
		{ "500ms", 500 },
		{ "90s", 90000 },
		{ "2m", 120000 },
		{ "8h", 8LL * MS_PER_HOUR },
		{ "7d", 7LL * MS_PER_DAY },
		{ "2w", 14LL * MS_PER_DAY },
		{ "008h", 8LL * MS_PER_HOUR },
		{ "1h30m", 5400000 },
		{ "1w2d3h4m5s6ms", 788645006 },
		{ "0h1s", 1000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t ms = UNTOUCHED;

		assert_null(duration_parse(good[i].text, INT64_MAX, &ms));
		assert_true(ms == good[i].ms);
	}
}

static void span_has_a_greatest_value(void **state)
{
	int64_t ms = UNTOUCHED;

	(void)state;
	assert_null(duration_parse("60s", 60000, &ms));
	assert_null(duration_parse("1m", 60000, &ms));
	assert_true(ms == 60000);
	ms = UNTOUCHED;
	assert_non_null(duration_parse("61s", 60000, &ms));
	assert_non_null(duration_parse("60001ms", 60000, &ms));
	assert_non_null(duration_parse("1h", 60000, &ms));
	assert_non_null(duration_parse("15250284452472w", INT64_MAX, &ms)); /* beyond 64 bits */
	assert_non_null(duration_parse("9223372036854775808ms", INT64_MAX, &ms));
	assert_true(ms == UNTOUCHED);
}

static void what_is_no_span_is_refused(void **state)
{
	static const char *const bad[] = {
		"",    "8",    "h",     "0s",   "0ms",    "-1s",  "+1s",  " 1s",  "1s ",
		"1 s", "1.5h", "30m1h", "1h1h", "1h 30m", "1h30", "h30m", "0h0s", "1H",
		"1hh", "1sec", "1y",    "0x1s", "1\ns",   "１s",  "8h\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t ms = UNTOUCHED;

		if (!duration_parse(bad[i], INT64_MAX, &ms) || !moment_parse(bad[i], NOW, &ms))
			fail_msg("\"%s\" was taken", bad[i]);
		assert_true(ms == UNTOUCHED);
	}
}

/* ---- points in time ---- */

static void moment_is_a_span_from_now(void **state)
{
	int64_t ms;

	(void)state;
	assert_null(moment_parse("8h", NOW, &ms));
	assert_true(ms == NOW + 8LL * MS_PER_HOUR);
	assert_null(moment_parse("36600d", NOW, &ms)); /* a century, and no day more */
	assert_non_null(moment_parse("36601d", NOW, &ms));
}

static void past_moment_is_a_span_back_from_now(void **state)
{
	int64_t ms;

	(void)state;
	assert_null(moment_parse_past("1h", NOW, &ms));
	assert_true(ms == NOW - MS_PER_HOUR);
	assert_null(moment_parse_past("36600d", NOW, &ms));
	assert_true(ms == 1);
	assert_null(moment_parse_past("1970-01-01T00:00:01Z", NOW, &ms));
	assert_true(ms == 1000);
	assert_non_null(moment_parse_past("yesterday", NOW, &ms));
}

/* The numbers are those of `date -u -d TEXT +%s`. */
static void moment_is_a_point_in_time(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00.001Z", 1 },
		{ "1970-01-01T00:00:01Z", 1000 },
		{ "1972-02-29T23:59:59Z", 68255999000 },
		{ "1999-12-31T23:59:59Z", 946684799000 },
		{ "2000-02-29T12:00Z", 951825600000 },
		{ "2000-03-01T00:00Z", 951868800000 },
		{ "2026-12-01T18:00Z", 1796148000000 },
		{ "2026-12-01t18:00z", 1796148000000 },
		{ "2026-12-01T19:00:30+01:00", 1796148030000 },
		{ "2026-12-01T12:30:30-05:30", 1796148030000 },
		{ "2026-12-01T18:00:00-00:00", 1796148000000 },
		{ "2026-12-01T00:00+23:59", 1795996860000 },
		{ "2026-12-01T19:00+0100", 1796148000000 },
		{ "2026-12-01 18:00Z", 1796148000000 },
		{ "2026-12-01T18:00:00.5Z", 1796148000500 },
		{ "2026-12-01T18:00:00.04Z", 1796148000040 },
		{ "2026-12-01T18:00:00.123Z", 1796148000123 },
		{ "2026-12-01T18:00:00.12399999999999999999999Z", 1796148000123 },
		{ "2100-02-28T00:00Z", 4107456000000 },
		{ "2400-02-29T00:00Z", 13574563200000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t ms = UNTOUCHED;

		if (moment_parse(good[i].text, NOW, &ms) || ms != good[i].ms)
			fail_msg("%s is %lld, not %lld", good[i].text, (long long)ms,
				 (long long)good[i].ms);
	}
}

static void each_day_follows_the_last(void **state)
{
	int64_t before = -MS_PER_DAY;

	(void)state;
	for (int year = 1970; year <= 2405; year++) {
		for (int month = 1; month <= 12; month++) {
			for (int day = 1; day <= 31; day++) {
				char text[64];
				int64_t ms;

				(void)snprintf(text, sizeof(text), "%d-%02d-%02dT00:00:00.001Z",
					       year, month, day);
				if (moment_parse(text, NOW, &ms))
					continue; /* there is no such day */
				assert_true(ms - 1 == before + MS_PER_DAY);
				before = ms - 1;
			}
		}
	}
	assert_true(before == 13758768000000); /* 2405-12-31 */
}

static void what_is_no_point_in_time_is_refused(void **state)
{
	static const char *const bad[] = {
		"2026-12-01",                /* no time */
		"2026-12-01T18:00",          /* no zone */
		"2026-12-01T18Z",            /* no minutes */
		"18:00Z",                    /* no date */
		"2026-12-01  18:00Z",        /* two blanks for the T */
		"2026-12-01_18:00Z",         /* something else */
		"2026-12-01T18:00 Z",        /* and elsewhere */
		" 2026-12-01T18:00Z",        /* in front */
		"2026-12-01T18:00Z ",        /* and after it */
		"2026-12-01T18:00ZZ",        /* more */
		"2026-12-01T18:00Z8h",       /* of something */
		"2026-00-01T18:00Z",         /* no such months */
		"2026-13-01T18:00Z",         /* */
		"2026-12-00T18:00Z",         /* nor days */
		"2026-12-32T18:00Z",         /* */
		"2026-04-31T18:00Z",         /* */
		"2026-02-29T18:00Z",         /* */
		"2100-02-29T18:00Z",         /* a hundredth year is no leap year */
		"2026-12-01T24:00Z",         /* nor hours */
		"2026-12-01T18:60Z",         /* minutes */
		"2026-12-01T18:00:60Z",      /* seconds: a leap second has no number in UTC ms */
		"2026-12-01T18:00:00+24:00", /* zones */
		"2026-12-01T18:00:00+01:60", /* */
		"2026-12-01T18:00:00+01",    /* */
		"2026-12-01T18:00:00+010",   /* */
		"2026-12-01T18:00:00+01000", /* */
		"2026-12-01T18:00:00UTC",    /* */
		"2026-12-01T18:00:00.Z",     /* a point and nothing after it */
		"2026-12-01T18:00:00,5Z",    /* a comma */
		"2026-12-01T18:00.5Z",       /* half a minute? RFC 3339 has it not */
		"2026-12-01T18:00:Z",        /* a colon and nothing after it */
		"2026-12-1T18:00Z",          /* too few digits */
		"26-12-01T18:00Z",           /* */
		"2026-12-01T8:00Z",          /* */
		"2026-12-01T18:0Z",          /* */
		"12026-12-01T18:00Z",        /* too many */
		"+2026-12-01T18:00Z",        /* a sign */
		"-2026-12-01T18:00Z",        /* */
		"2026-+1-01T18:00Z",         /* */
		"1970-01-01T00:00Z",         /* the moment that stands for none */
		"1970-01-01T00:30+01:00",    /* before it */
		"1969-12-31T23:59Z",         /* */
		"0000-01-01T00:00Z",         /* */
		"9999-12-31T23:59:59-00:01", /* in the year 10000 */
		"20261201T180000Z",          /* ISO 8601, but not RFC 3339 */
		"tomorrow",
		"1796148000",
		"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t ms = UNTOUCHED;

		if (!moment_parse(bad[i], NOW, &ms))
			fail_msg("\"%s\" was taken for %lld", bad[i], (long long)ms);
		assert_true(ms == UNTOUCHED);
	}
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text;
		const char *wrong;
	} cases[] = {
		{ "2026-13-01T18:00Z", "there is no such month" },
		{ "2026-02-29T18:00Z", "the month has no such day" },
		{ "2026-12-01", "the time of day is missing, as in 2026-12-01T18:00Z" },
		{ "2026-12-01T18:00", "the zone is missing: Z, or as in +01:00" },
		{ "2026-12-01T25:00Z", "there is no such time of day" },
		{ "2026-12-1T18:00Z", "a date must be year, month and day, as in 2026-12-01" },
		{ "1969-12-31T23:59Z", "it is before 1970" },
		{ "8x", "its unit must be ms, s, m, h, d or w" },
		{ "30m1h", "each unit may stand once, the larger first" },
		{ "1h30", "its unit must be ms, s, m, h, d or w" },
		{ "0s", "it must be longer than nothing" },
		{ "99999d", "it is too long" },
		{ "soon", "give a span such as 8h or 1h30m, or a time such as 2026-12-01T18:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = UNTOUCHED;

		assert_string_equal(moment_parse(cases[i].text, NOW, &ms), cases[i].wrong);
		assert_true(ms == UNTOUCHED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(span_is_taken_in_each_unit),
		cmocka_unit_test(span_has_a_greatest_value),
		cmocka_unit_test(what_is_no_span_is_refused),
		cmocka_unit_test(moment_is_a_span_from_now),
		cmocka_unit_test(past_moment_is_a_span_back_from_now),
		cmocka_unit_test(moment_is_a_point_in_time),
		cmocka_unit_test(each_day_follows_the_last),
		cmocka_unit_test(what_is_no_point_in_time_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
