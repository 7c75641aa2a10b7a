/* The values of --user and --group: which texts are names, and what is made of them. */

#include "producer/cli/subjects.h"

#include "producer/cli/name.h"

#include "tests/unit/unit.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void names_are_letters_and_digits_joined_by_single_hyphens(void **state)
{
	static const char *const good[] = { "a", "Z9", "a-b-c", "0", "Everyone", "x-1" };
	static const char *const bad[] = { "",    "-",   "a-",  "-a",  "a--b",     "a b", "a/b",
					   "a_b", "a.b", "a:b", "a,b", "\xc3\xbc", "a\n", "a\x7f" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (!name_is_plain(bytes_of(good[i])))
			fail_msg("\"%s\" is no name", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (name_is_plain(bytes_of(bad[i])))
			fail_msg("\"%s\" is a name", bad[i]);
	assert_false(name_is_plain((struct bytes){ (const uint8_t *)"a\0b", 3 }));
}

static void group_may_be_given_with_its_organization(void **state)
{
	static const struct {
		const char *value;
		enum sharebus_subject_kind kind;
		const char *name; /* NULL: it is refused */
	} cases[] = {
		{ "devs", SHAREBUS_GROUP, "devs" },
		{ "acme/devs", SHAREBUS_GROUP, "acme/devs" },
		{ "acme/devs:admin", SHAREBUS_GROUP, "acme/devs" },
		{ "acme/Everyone:use", SHAREBUS_GROUP, "acme/Everyone" },
		{ "acme/", SHAREBUS_GROUP, NULL },
		{ "/devs", SHAREBUS_GROUP, NULL },
		{ "/", SHAREBUS_GROUP, NULL },
		{ "a/b/c", SHAREBUS_GROUP, NULL },
		{ "ac me/devs", SHAREBUS_GROUP, NULL },
		{ "acme/de:vs", SHAREBUS_GROUP, NULL },
		{ "acme/alice", SHAREBUS_USER, NULL },
		{ "alice:admin", SHAREBUS_USER, "alice" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct subject_list list = { 0 };
		struct error err = { 0 };
		int rc = subjects_parse(&list, cases[i].kind, SUBJECTS_WITH_ROLE, cases[i].value,
					*state, &err);

		if (rc != (cases[i].name ? 0 : ERROR_INPUT))
			fail_msg("%s: %d", cases[i].value, rc);
		if (cases[i].name)
			assert_string_equal(list.list[0].name, cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(names_are_letters_and_digits_joined_by_single_hyphens),
		ARENA_TEST(group_may_be_given_with_its_organization),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
