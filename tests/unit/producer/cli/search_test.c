/*
 * What follows --search: which texts are taken, for what; and what is
 * said of those that are not.
 */

#include "producer/cli/search.h"

#include "tests/unit/unit.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void assert_value(const char *text, const char *value, const char *wanted)
{
	if (!wanted != !value || (wanted && strcmp(wanted, value) != 0))
		fail_msg("%s: %s, not %s", text, value ? value : "nothing",
			 wanted ? wanted : "nothing");
}

static void good_texts_are_taken(void **state)
{
	static const struct {
		const char *text;
		struct search wanted; /* shared, shared_with_user, shared_with_group, owner */
	} good[] = {
		{ "shared:true", { "true", NULL, NULL, NULL } },
		{ "shared:false", { "false", NULL, NULL, NULL } },
		{ "shared_with_user:bob", { NULL, "bob", NULL, NULL } },
		{ "shared_with_user:me", { NULL, "me", NULL, NULL } },
		{ "shared_with_group:acme/contractor", { NULL, NULL, "acme/contractor", NULL } },
		{ "owner:erin shared:true", { "true", NULL, NULL, "erin" } },
		{ "shared:true owner:erin", { "true", NULL, NULL, "erin" } },
		{ "owner:erin shared_with_user:bob shared_with_group:crew shared:true",
		  { "true", "bob", "crew", "erin" } },
		{ " \t\r\nowner:erin\t \nshared:true\r", { "true", NULL, NULL, "erin" } },
		{ "owner:\"Erin the Owner\"", { NULL, NULL, NULL, "Erin the Owner" } },
		{ "owner:\"erin\" shared:\"true\"", { "true", NULL, NULL, "erin" } },
		{ "owner:\"shared:true\"", { NULL, NULL, NULL, "shared:true" } },
		{ "owner:\" \"", { NULL, NULL, NULL, " " } },
		{ "owner:o\"brien", { NULL, NULL, NULL, "o\"brien" } },
		{ "owner:'erin'", { NULL, NULL, NULL, "'erin'" } },
		{ "owner:a:b", { NULL, NULL, NULL, "a:b" } },
		{ "owner::", { NULL, NULL, NULL, ":" } },
		{ "owner:\"a\nb\"", { NULL, NULL, NULL, "a\nb" } },
		{ "owner:\U0001f600", { NULL, NULL, NULL, "\U0001f600" } },
		{ "owner:\x1b[31m", { NULL, NULL, NULL, "\x1b[31m" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct search *wanted = &good[i].wanted;
		struct error err = { 0 };
		struct search s = { 0 };

		if (search_parse(&s, good[i].text, &arena, &err))
			fail_msg("%s: %s", good[i].text, err.text);
		assert_value(good[i].text, s.shared, wanted->shared);
		assert_value(good[i].text, s.shared_with_user, wanted->shared_with_user);
		assert_value(good[i].text, s.shared_with_group, wanted->shared_with_group);
		assert_value(good[i].text, s.owner, wanted->owner);
	}
}

static void bad_texts_are_quoted_in_a_sentence(void **state)
{
	static const struct {
		const char *text;
		const char *part;
	} bad[] = {
		{ "", "--search is empty" },
		{ " \t\r\n", "--search is empty" },
		{ "erin", "has \"erin\"" },
		{ "owner", "has \"owner\"" },
		{ "owner:", "has \"owner:\"" },
		{ "owner:\"\"", "has \"owner:\"\"\"" },
		{ "owner: erin", "has \"owner: erin\"" },
		{ "owner :erin", "has \"owner :erin\"" },
		{ "owner:erin shared", "has \"shared\"" },
		{ "owner:\"erin", "has \"owner:\"erin\"" },
		{ "owner:\"erin\"x", "has \"owner:\"erin\"x\"" },
		{ "owner:\"erin\"shared:true", "has \"owner:\"erin\"shared:true\"" },
		{ "\"owner\":erin", "has \"\"owner\":erin\"" },
		{ ":erin", "no key \"\"" },
		{ "color:red", "no key \"color\"" },
		{ "Owner:erin", "no key \"Owner\"" },
		{ "owne:erin", "no key \"owne\"" },
		{ "owner2:erin", "no key \"owner2\"" },
		{ "shared_with:erin", "no key \"shared_with\"" },
		{ "owner:erin color:red", "no key \"color\"" },
		{ "owner:erin owner:erin", "has owner twice" },
		{ "shared:true shared:false", "has shared twice" },
		{ "shared_with_user:a shared_with_group:b shared_with_user:a",
		  "has shared_with_user twice" },
		{ "shared:yes", "shared:yes" },
		{ "shared:TRUE", "shared:TRUE" },
		{ "shared:true,false", "shared:true,false" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error err = { 0 };
		struct search s = { 0 };

		if (search_parse(&s, bad[i].text, &arena, &err) != ERROR_INPUT)
			fail_msg("\"%s\" was taken", bad[i].text);
		if (!strstr(err.text, bad[i].part))
			fail_msg("\"%s\" lacks \"%s\"", err.text, bad[i].part);
	}
}

static void values_outlive_the_text(void **state)
{
	char text[] = "owner:erin";
	struct error err = { 0 };
	struct search s = { 0 };

	(void)state;
	assert_int_equal(search_parse(&s, text, &arena, &err), 0);
	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(s.owner, "erin");
}

static void texts_add_up(void **state)
{
	struct error err = { 0 };
	struct search s = { 0 };

	(void)state;
	assert_int_equal(search_parse(&s, "owner:erin", &arena, &err), 0);
	assert_int_equal(search_parse(&s, "shared:true", &arena, &err), 0);
	assert_string_equal(s.owner, "erin");
	assert_string_equal(s.shared, "true");
	assert_int_equal(search_parse(&s, "owner:bob", &arena, &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, "has owner twice"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(good_texts_are_taken, tear_down),
		cmocka_unit_test_teardown(texts_add_up, tear_down),
		cmocka_unit_test_teardown(bad_texts_are_quoted_in_a_sentence, tear_down),
		cmocka_unit_test_teardown(values_outlive_the_text, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
