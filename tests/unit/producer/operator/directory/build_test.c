/* What a file states: names of any kind beside ids, and to whom its names refer. */

#include "producer/operator/directory/build.h"

#include "producer/operator/directory/entry.h"
#include "producer/operator/directory/file.h"

#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>

#define A "aaaaaaaa-0000-0000-0000-000000000000"
#define B "bbbbbbbb-0000-0000-0000-000000000000"
#define C "cccccccc-0000-0000-0000-000000000000"
#define D "dddddddd-0000-0000-0000-000000000000"

static struct error err;
static struct directory_facts facts;

/* Builds the file, with ' for ", beside an index that knows nothing. */
static int build(struct arena *arena, const char *file)
{
	struct directory_names names;
	struct bytes text = arena_copy(arena, bytes_of(file));
	json_t *json = NULL;
	int rc;

	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\'')
			((uint8_t *)(uintptr_t)text.data)[i] = '"';
	err = (struct error){ 0 };
	rc = directory_file_parse(&json, text, "file", &err);
	if (rc)
		return rc;
	rc = directory_names(json, &names, &err);
	if (!rc) {
		rc = directory_build(json, &names, 1, arena, &facts, &err);
		directory_names_done(&names);
	}
	json_decref(json);
	return rc;
}

static void accepted(struct arena *arena, const char *file)
{
	if (build(arena, file))
		fail_msg("%s", err.text);
}

static void refused(struct arena *arena, const char *file, const char *text)
{
	assert_int_equal(build(arena, file), ERROR_INPUT);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" is not in: %s", text, err.text);
}

static void assert_is(const struct uuid *id, const char *text)
{
	char found[UUID_TEXT_SIZE];

	uuid_format(found, id);
	assert_string_equal(found, text);
}

static void entry_with_an_id_may_have_any_name(void **state)
{
	accepted(*state,
		 "{'users': [{'username': '', 'id': '" A "'}, {'username': '/a/b', 'id': '" B
		 "'}, {'username': 'a\\u0000b', 'id': '" C "'}, {'username': '" A "', 'id': '" D
		 "'}]}");
	assert_int_equal(facts.count, 4);
	assert_int_equal(facts.list[2].as.user_changed.username.len, 3);
	refused(*state, "{'users': [{'username': ''}]}",
		"users[0] \"\": username is missing or empty");
	refused(*state, "{'users': [{'id': '" A "'}]}", "username is missing");
	refused(*state, "{'users': [{'username': 'a\\u0000b'}]}", "zero byte");
}

static void organization_may_limit_how_long_grants_last(void **state)
{
	static const char *const wrong[] = { "0", "-1", "1.5", "'8h'", "253402300800000" };
	char file[160];

	accepted(*state, "{'organizations': [{'name': 'a', 'grant_lifetime_max_ms': 60}, "
			 "{'name': 'b', 'grant_lifetime_max_ms': null}, {'name': 'c'}]}");
	assert_int_equal(facts.list[0].as.organization_changed.grant_lifetime_max_ms, 60);
	assert_true(facts.list[1].as.organization_changed.grant_lifetime_max_ms == ABSENT);
	assert_true(facts.list[2].as.organization_changed.grant_lifetime_max_ms == ABSENT);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		(void)snprintf(file, sizeof(file),
			       "{'organizations': [{'name': 'a', 'grant_lifetime_max_ms': %s}]}",
			       wrong[i]);
		refused(*state, file,
			"organizations[0] \"a\": grant_lifetime_max_ms must be a number from 1 to "
			"253402300799999");
	}
}

static void byte_order_mark_is_no_part_of_a_file(void **state)
{
	accepted(*state, "\xef\xbb\xbf{'users': []}");
	refused(*state, "\xef\xbb{'users': []}", "line 1");
}

static void entries_of_one_name_need_ids_and_are_referred_to_by_them(void **state)
{
	static const char twins[] = "{'users': [{'username': 'twin', 'id': '" A
				    "'}, {'username': 'twin', 'id': '" B "'}]%s}";
	char file[512];

	(void)snprintf(file, sizeof(file), twins, "");
	accepted(*state, file);
	(void)snprintf(file, sizeof(file), twins,
		       ", 'groups': [{'name': 'g', 'organization': '" C "', 'members': ['" B
		       "']}]");
	accepted(*state, file);
	(void)snprintf(file, sizeof(file), twins,
		       ", 'groups': [{'name': 'g', 'organization': '" C "', 'members': ['twin']}]");
	refused(*state, file, "several users of this file are called twin; give an id");
	refused(*state, "{'users': [{'username': 'twin'}, {'username': 'twin'}]}",
		"users[1] \"twin\": the name is given twice");
}

/* "a/b" and "c", "a" and "b/c": the same with a slash between them. */
static void slashes_do_not_confuse_a_parent_with_a_name(void **state)
{
	accepted(*state,
		 "{'organizations': [{'name': 'a/b', 'id': '" A "'}, {'name': 'a', 'id': '" B
		 "'}], 'groups': [{'name': 'c', 'organization': 'a/b', 'id': '" C
		 "'}, {'name': 'b/c', 'organization': 'a', 'id': '" D "'}]}");
	assert_is(&facts.list[2].as.group_changed.organization_id, A);
	assert_is(&facts.list[2].as.group_changed.id, C);
	assert_is(&facts.list[3].as.group_changed.organization_id, B);
	assert_is(&facts.list[3].as.group_changed.id, D);
}

/* The parent's name and its id are one place. */
static void name_is_given_twice_however_its_parent_is_called(void **state)
{
	refused(*state,
		"{'organizations': [{'name': 'a', 'id': '" A
		"'}], 'groups': [{'name': 'g', 'organization': 'a'}, {'name': 'g', "
		"'organization': '" A "'}]}",
		"groups[1] \"g\": the name is given twice");
}

static void pair_gives_back_what_it_was_made_of(void **state)
{
	static const char *const parts[][2] = {
		{ "acme", "devs" }, { "a/b", "c" }, { "a", "b/c" }, { "1:", ":/" }, { "", "" },
	};
	char pair[ENTRY_PAIR_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		entry_pair(pair, parts[i][0], parts[i][1]);
		assert_true(bytes_equal_text(entry_pair_parent(pair), parts[i][0]));
		assert_string_equal(entry_pair_name(pair), parts[i][1]);
	}
}

static void texts_may_be_as_long_as_the_consumer_takes_them(void **state)
{
	char text[1024 + 1];
	char file[1280];

	memset(text, 'n', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	(void)snprintf(file, sizeof(file), "{'users': [{'username': 'a', 'name': '%s'}]}", text);
	accepted(*state, file);
	(void)snprintf(file, sizeof(file), "{'users': [{'username': 'a', 'name': '%sn'}]}", text);
	refused(*state, file, "name must be a text of at most 1024 bytes");
	text[256] = 0;
	(void)snprintf(file, sizeof(file), "{'users': [{'username': '%s', 'id': '" A "'}]}", text);
	refused(*state, file, "username must be a text of at most 255 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(entry_with_an_id_may_have_any_name),
		ARENA_TEST(organization_may_limit_how_long_grants_last),
		ARENA_TEST(byte_order_mark_is_no_part_of_a_file),
		ARENA_TEST(entries_of_one_name_need_ids_and_are_referred_to_by_them),
		ARENA_TEST(slashes_do_not_confuse_a_parent_with_a_name),
		ARENA_TEST(name_is_given_twice_however_its_parent_is_called),
		ARENA_TEST(pair_gives_back_what_it_was_made_of),
		ARENA_TEST(texts_may_be_as_long_as_the_consumer_takes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
