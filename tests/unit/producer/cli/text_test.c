/*
 * Text from elsewhere, made fit for a terminal.
 */

#include "producer/cli/text.h"

#include "tests/unit/unit.h"

static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void assert_shown(const char *text, const char *as)
{
	struct bytes shown = printable(bytes_of(text), &arena);

	assert_string_equal((const char *)shown.data, as);
	assert_int_equal(shown.len, strlen(as));
}

static void utf8_stays_as_it_is(void **state)
{
	(void)state;
	assert_shown("", "");
	assert_shown("dev \u00e9 \u20ac \U0001f600", "dev \u00e9 \u20ac \U0001f600");
	assert_shown("\ud7ff \ue000 \U0010ffff", "\ud7ff \ue000 \U0010ffff");
}

static void what_a_terminal_obeys_becomes_a_question_mark(void **state)
{
	/* U+202E and U+2066, in bytes: they would turn this line around, too. */
	static const uint8_t turned[] = { 'a', 0xe2, 0x80, 0xae, 'b', 0xe2, 0x81, 0xa6, 'c', 0 };

	(void)state;
	assert_shown("a\x1b[31m\x7f\n", "a?[31m??");
	assert_shown("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "???\xc2\xa0");
	assert_shown((const char *)turned, "a?b?c");
}

static void what_is_not_seen_becomes_a_question_mark(void **state)
{
	(void)state;
	assert_shown("a\xd8\x9c"
		     "b\xe2\x80\x8b"
		     "c\xe2\x80\x8e\xe2\x80\x8f",
		     "a?b?c??");
	assert_shown("\xe2\x81\xa0 \xef\xbb\xbf \xf3\xa0\x81\x81", "? ? ?");
	assert_shown("a\xc2\xad \xe3\x85\xa4 \xe2\x81\xa3 \xf3\xa0\x84\x80", "a? ? ? ?");
	assert_shown("\xe2\x80\x8c \xe2\x80\x8d", "\xe2\x80\x8c \xe2\x80\x8d"); /* joiners */
}

static void a_shell_takes_it_for_one_word(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} cases[] = {
		{ "erin/dev-1", "erin/dev-1" },
		{ "", "''" },
		{ "erin/two  words", "'erin/two  words'" },
		{ "o'brien", "'o'\\''brien'" },
		{ "a;b", "'a;b'" },
		{ "$(x)", "'$(x)'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal((const char *)shell_word(bytes_of(cases[i].text), &arena).data,
				    cases[i].word);
}

static void each_byte_of_broken_utf8_becomes_a_question_mark(void **state)
{
	(void)state;
	assert_shown("a\x80"
		     "b\xff"
		     "c\xe2\x82",
		     "a?b?c??");
	assert_shown("\xc0\x9b", "??");           /* ESC in two bytes */
	assert_shown("\xe0\x80\x9b", "???");      /* ESC in three */
	assert_shown("\xf0\x80\x80\x9b", "????"); /* and in four */
	assert_shown("\xed\xa0\x80", "???");      /* a surrogate */
	assert_shown("\xf4\x90\x80\x80", "????"); /* past the last character */
}

static void width_is_that_on_a_terminal(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} rows[] = {
		{ "", 0 },         { "dev", 3 },          { "\u00e9", 1 },
		{ "e\u0301", 1 },  { "\u4e2d\u6587", 4 }, { "\U0001f600", 2 },
		{ "a\u4e2db", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(text_width(bytes_of(rows[i].text)), rows[i].width);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(width_is_that_on_a_terminal),
		cmocka_unit_test_teardown(utf8_stays_as_it_is, tear_down),
		cmocka_unit_test_teardown(what_a_terminal_obeys_becomes_a_question_mark, tear_down),
		cmocka_unit_test_teardown(what_is_not_seen_becomes_a_question_mark, tear_down),
		cmocka_unit_test_teardown(a_shell_takes_it_for_one_word, tear_down),
		cmocka_unit_test_teardown(each_byte_of_broken_utf8_becomes_a_question_mark,
					  tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
