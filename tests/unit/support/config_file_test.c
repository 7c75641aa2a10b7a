/* The form of a configuration file: a line is taken as it is written, or refused by its number. */

#include "ops/support/config_file.h"

#include "tests/unit/unit.h"

#include <stdio.h>

static struct bytes content_of(const char *text, size_t size)
{
	return (struct bytes){ (const uint8_t *)text, size - 1 };
}

/*
 * All pairs as "3 key=value\n", those of Kafka as "3 kafka key=value\n", those of an
 * endpoint as "3 name: key=value\n"; the result of the last step.
 */
static int list_pairs(struct bytes content, char *out, size_t size, struct error *err)
{
	struct config_file file;
	struct config_pair p;
	size_t len = 0;
	int rc;

	out[0] = 0;
	config_file_init(&file, content);
	while ((rc = config_file_next(&file, &p, err)) == 1)
		len += (size_t)snprintf(out + len, size - len, "%d %s%.*s%s%.*s=%.*s\n", p.line,
					p.in_kafka ? "kafka " : "", (int)p.endpoint.len,
					p.endpoint.data ? (const char *)p.endpoint.data : "",
					p.endpoint.data ? ": " : "", BYTES_ARG(p.key),
					BYTES_ARG(p.value));
	return rc;
}

#define CONTENT(text) text, sizeof(text)

static void lines_are_taken_as_they_are_written(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *pairs;
	} table[] = {
		{ CONTENT(""), "" },
		{ CONTENT("\n \n\t\n"), "" },
		{ CONTENT("a = b\n"), "1 a=b\n" },
		{ CONTENT("a = b"), "1 a=b\n" },
		{ CONTENT("a=b\nc=d"), "1 a=b\n2 c=d\n" },
		{ CONTENT("a = b\r\nc = d\r\n"), "1 a=b\n2 c=d\n" },
		{ CONTENT("  a = b\n\tc = d\n"), "1 a=b\n2 c=d\n" },
		{ CONTENT("a =\n"), "1 a=\n" },
		{ CONTENT("a \t=  b c \t\n"), "1 a=b c\n" },
		{ CONTENT("a = b ; c # d\n"), "1 a=b ; c # d\n" },
		{ CONTENT("a = b=c: \"d\\\n"), "1 a=b=c: \"d\\\n" },
		{ CONTENT("# a = b\n; c = d\n  # e = f\n"), "" },
		{ CONTENT("\xef\xbb\xbf"
			  "a = b\n"),
		  "1 a=b\n" },
		{ CONTENT("a = \xc3\xa9\xff\n"), "1 a=\xc3\xa9\xff\n" },
		{ CONTENT("a = b\n[kafka]\nc.d_E-1 = f\n [kafka] \ng = h\n"),
		  "1 a=b\n3 kafka c.d_E-1=f\n5 kafka g=h\n" },
		{ CONTENT("[endpoint ops]\na = b\n [endpoint  m.1_-  ]\nc = d\n[kafka]\ne = f\n"
			  "[endpoint ops]\ng = h\n"),
		  "2 ops: a=b\n4 m.1_-: c=d\n6 kafka e=f\n8 ops: g=h\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char pairs[200];
		struct error err = { 0 };

		assert_int_equal(list_pairs(content_of(table[i].text, table[i].size), pairs,
					    sizeof(pairs), &err),
				 0);
		assert_string_equal(pairs, table[i].pairs);
	}
}

static void what_is_no_line_is_refused_by_its_number(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *sentence;
	} table[] = {
		{ CONTENT("s3cret\n"), "line 1 is not `key = value`" },
		{ CONTENT("a = b\ns3cret"), "line 2 is not `key = value`" },
		{ CONTENT("= s3cret\n"), "line 1 is not `key = value`" },
		{ CONTENT("a s3cret = b\n"), "line 1 is not `key = value`" },
		{ CONTENT("a: s3cret\n"), "line 1 is not `key = value`" },
		{ CONTENT("a: redis://:s3cret@b/?c=d\n"), "line 1 is not `key = value`" },
		{ CONTENT("a\xff = b\n"), "line 1 is not `key = value`" },
		{ CONTENT("\xef\xbb\xbf\xef\xbb\xbf"
			  "a = b\n"),
		  "line 1 is not `key = value`" },
		{ CONTENT("\n\na = b\0s3cret\n"), "line 3 has a control character" },
		{ CONTENT("\0\n"), "line 1 has a control character" },
		{ CONTENT("# \0\n"), "line 1 has a control character" },
		{ CONTENT("a = b\rc = d\n"), "line 1 has a control character" },
		{ CONTENT("a = \x1b[0m\n"), "line 1 has a control character" },
		{ CONTENT("a = \x7f\n"), "line 1 has a control character" },
		{ CONTENT("\n[redis]\n"),
		  "line 2 begins a section; those that there are are [kafka] and [endpoint NAME]" },
		{ CONTENT("[kafka\n"),
		  "line 1 begins a section; those that there are are [kafka] and [endpoint NAME]" },
		{ CONTENT("[kafka] # s3cret\n"),
		  "line 1 begins a section; those that there are are [kafka] and [endpoint NAME]" },
		{ CONTENT("[endpoint]\n"),
		  "line 1 begins a section; those that there are are [kafka] and [endpoint NAME]" },
		{ CONTENT("[endpoint s3cret\n"),
		  "line 1 begins a section; those that there are are [kafka] and [endpoint NAME]" },
		{ CONTENT("[endpoint s3/cret]\n"), "line 1: the name of an endpoint must have 1 to "
						   "64 letters, digits, dots, hyphens "
						   "and underscores" },
		{ CONTENT("[endpoint ]\n"), "line 1: the name of an endpoint must have 1 to 64 "
					    "letters, digits, dots, hyphens "
					    "and underscores" },
		{ CONTENT("[Kafka]\n"),
		  "line 1 begins a section; those that there are are [kafka] and [endpoint NAME]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char pairs[200];
		struct error err = { 0 };

		assert_int_equal(list_pairs(content_of(table[i].text, table[i].size), pairs,
					    sizeof(pairs), &err),
				 ERROR_INPUT);
		assert_string_equal(err.text, table[i].sentence);
	}
}

static void long_value_is_not_cut(void **state)
{
	static char text[100000];
	struct config_file file;
	struct config_pair pair = { 0 };
	struct error err = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = 'a';
	text[1] = '=';
	config_file_init(&file, (struct bytes){ (const uint8_t *)text, sizeof(text) });
	assert_int_equal(config_file_next(&file, &pair, &err), 1);
	assert_int_equal(pair.value.len, sizeof(text) - 2);
	assert_int_equal(config_file_next(&file, &pair, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_taken_as_they_are_written),
		cmocka_unit_test(what_is_no_line_is_refused_by_its_number),
		cmocka_unit_test(long_value_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
