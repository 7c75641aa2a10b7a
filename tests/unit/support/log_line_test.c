/* Lines of the log as programs and the journal read them, whatever others have written into them. */

#include "ops/support/log_line.h"

#include "tests/unit/unit.h"

#include <string.h>

static const int64_t when_ms = 1795944600123;

static char line[LOG_LINE_SIZE + 1];

static const char *format(enum log_format format, enum log_level level, int partition,
			  const char *text)
{
	const struct log_entry e = { level, when_ms, partition, text };
	size_t len = log_line_format(line, format, &e);

	assert_true(len <= LOG_LINE_SIZE);
	line[len] = '\0';
	return line;
}

static void text_has_time_level_and_partition(void **state)
{
	(void)state;
	assert_string_equal(format(LOG_FORMAT_TEXT, LOG_LEVEL_WARN, 3, "set aside"),
			    "2026-11-29T09:30:00.123Z warn  partition 3: set aside\n");
	assert_string_equal(format(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, LOG_NO_PARTITION, "wrong"),
			    "2026-11-29T09:30:00.123Z error wrong\n");
}

static void journal_gets_the_priority_and_no_time(void **state)
{
	static const char *const priorities[] = { "<3>x\n", "<4>x\n", "<6>x\n", "<7>x\n" };

	(void)state;
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
		assert_string_equal(
			format(LOG_FORMAT_JOURNAL, (enum log_level)level, LOG_NO_PARTITION, "x"),
			priorities[level]);
	assert_string_equal(format(LOG_FORMAT_JOURNAL, LOG_LEVEL_INFO, 0, "x"),
			    "<6>partition 0: x\n");
}

static void json_is_an_object_with_the_partition_if_there_is_one(void **state)
{
	(void)state;
	assert_string_equal(format(LOG_FORMAT_JSON, LOG_LEVEL_INFO, LOG_NO_PARTITION, "x"),
			    "{\"time\":\"2026-11-29T09:30:00.123Z\",\"level\":\"info\","
			    "\"message\":\"x\"}\n");
	assert_string_equal(format(LOG_FORMAT_JSON, LOG_LEVEL_DEBUG, 12, "x"),
			    "{\"time\":\"2026-11-29T09:30:00.123Z\",\"level\":\"debug\","
			    "\"message\":\"partition 12: x\",\"partition\":12}\n");
}

static void json_escapes_what_ends_a_string(void **state)
{
	(void)state;
	assert_non_null(
		strstr(format(LOG_FORMAT_JSON, LOG_LEVEL_INFO, LOG_NO_PARTITION, "a \"name\" \\ é"),
		       "\"message\":\"a \\\"name\\\" \\\\ é\"}"));
}

/* A new line would be a second entry, a priority of its own, or no JSON at all. */
static void nothing_that_is_obeyed_or_broken_gets_into_a_line(void **state)
{
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what misleads */
	static const char bad[] = "a\n<0>b\tc\x1b[31m\x7f \xff\xc3 \xe2\x80\xae \xc2\x9b";

	(void)state;
	assert_string_equal(format(LOG_FORMAT_JOURNAL, LOG_LEVEL_INFO, LOG_NO_PARTITION, bad),
			    "<6>a?<0>b?c?[31m? ?? ? ?\n");
	assert_non_null(strstr(format(LOG_FORMAT_JSON, LOG_LEVEL_INFO, LOG_NO_PARTITION, bad),
			       "\"a?<0>b?c?[31m? ?? ? ?\""));
	assert_non_null(strstr(format(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, LOG_NO_PARTITION, bad),
			       " a?<0>b?c?[31m? ?? ? ?\n"));
}

static void longest_text_fits_in_each_form(void **state)
{
	char text[LOG_TEXT_SIZE];

	(void)state;
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int form = LOG_FORMAT_TEXT; form <= LOG_FORMAT_JSON; form++)
		assert_true(strlen(format((enum log_format)form, LOG_LEVEL_ERROR, 1 << 30, text)) >
			    LOG_TEXT_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_time_level_and_partition),
		cmocka_unit_test(journal_gets_the_priority_and_no_time),
		cmocka_unit_test(json_is_an_object_with_the_partition_if_there_is_one),
		cmocka_unit_test(json_escapes_what_ends_a_string),
		cmocka_unit_test(nothing_that_is_obeyed_or_broken_gets_into_a_line),
		cmocka_unit_test(longest_text_fits_in_each_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
