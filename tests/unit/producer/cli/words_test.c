/* Which words of a command line are no flags. */

#include "producer/cli/words.h"

#include "tests/unit/unit.h"

static bool wants_value(const void *context, const char *name, size_t len)
{
	(void)context;
	return (len == 1 && name[0] == 'o') || (len > 1 && strncmp("output", name, len) == 0);
}

enum { WORDS_MAX = 8, LINE_MAX_BYTES = 80 };

/* A command line, from a text with one blank between two words. */
struct line {
	char text[LINE_MAX_BYTES];
	char *argv[WORDS_MAX];
	int argc;
};

static void split_line(struct line *l, const char *text)
{
	*l = (struct line){ .argc = 1 };
	assert_true(strlen(text) < sizeof(l->text));
	memcpy(l->text, text, strlen(text));
	l->argv[0] = l->text;
	for (char *p = l->text; (p = strchr(p, ' '));) {
		*p++ = 0;
		assert_true(l->argc + 1 < WORDS_MAX);
		l->argv[l->argc++] = p;
	}
}

static void flags_and_their_values_are_passed_over(void **state)
{
	static const struct {
		const char *line;
		int next;
	} rows[] = {
		{ "sharebus list", 1 },
		{ "sharebus -o json list", 3 },
		{ "sharebus -ojson list", 2 },
		{ "sharebus -o=json list", 2 },
		{ "sharebus --output json list", 3 },
		{ "sharebus --out json list", 3 },
		{ "sharebus --output=json list", 2 },
		{ "sharebus --wide list", 2 },
		{ "sharebus -h list", 2 },
		{ "sharebus - list", 1 },
		{ "sharebus ", 1 },
		{ "sharebus -- list", 3 },
		{ "sharebus --wide", 2 },
		{ "sharebus --output", 2 },
		{ "sharebus --= list", 2 },
		{ "sharebus", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line l;

		split_line(&l, rows[i].line);
		assert_int_equal(words_next(l.argc, l.argv, 1, wants_value, NULL), rows[i].next);
	}
}

static void dropped_word_leaves_the_others_in_order(void **state)
{
	struct line l;

	(void)state;
	split_line(&l, "sharebus -h list x");
	words_drop(&l.argc, l.argv, 2);
	assert_int_equal(l.argc, 3);
	assert_string_equal(l.argv[2], "x");
	assert_null(l.argv[3]);
}

static void json_is_wanted_in_each_of_its_forms(void **state)
{
	static const struct {
		const char *line;
		bool wanted;
	} rows[] = {
		{ "sharebus -o json", true },       { "sharebus --frob -ojson", true },
		{ "sharebus -o=json", true },       { "sharebus --output json", true },
		{ "sharebus --output=json", true }, { "sharebus -o table", false },
		{ "sharebus -o", false },           { "sharebus json", false },
		{ "sharebus -- -o json", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct line l;

		split_line(&l, rows[i].line);
		assert_int_equal(words_want_json(l.argc, l.argv), rows[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_and_their_values_are_passed_over),
		cmocka_unit_test(dropped_word_leaves_the_others_in_order),
		cmocka_unit_test(json_is_wanted_in_each_of_its_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
