/* What is handed over, as it is typed: kinds, tasks, artifacts. */

#include "producer/cli/offer.h"

#include "tests/unit/unit.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void kind_is_one_of_three_words(void **state)
{
	static const struct {
		const char *text;
		enum sharebus_handoff_kind kind; /* 0: it is refused */
	} cases[] = {
		{ "review", SHAREBUS_HANDOFF_REVIEW },
		{ "takeover", SHAREBUS_HANDOFF_TAKEOVER },
		{ "input", SHAREBUS_HANDOFF_INPUT },
		{ "Review", 0 },
		{ "reviews", 0 },
		{ "", 0 },
		{ "?", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum sharebus_handoff_kind kind = 0;
		struct error err = { 0 };
		int rc = offer_parse_kind(&kind, cases[i].text, &err);

		if (rc != (cases[i].kind ? 0 : ERROR_INPUT) || kind != cases[i].kind)
			fail_msg("%s: %d, kind %d", cases[i].text, rc, (int)kind);
	}
}

static void task_has_a_system_and_an_id_and_perhaps_an_address(void **state)
{
	static const struct {
		const char *text;
		enum sharebus_task_system system; /* 0: it is refused */
		const char *id;
		const char *url;
	} cases[] = {
		{ "coder:7", SHAREBUS_TASK_CODER, "7", NULL },
		{ "a2a:t-1=https://x.example/t", SHAREBUS_TASK_A2A, "t-1", "https://x.example/t" },
		{ "mcp:a=b", SHAREBUS_TASK_MCP, "a=b", NULL },
		{ "mcp:YWI==https://x.example", SHAREBUS_TASK_MCP, "YWI=", "https://x.example" },
		{ "langgraph:a:b", SHAREBUS_TASK_LANGGRAPH, "a:b", NULL },
		{ "other:1=http://x.example/?u=http://y", SHAREBUS_TASK_OTHER, "1",
		  "http://x.example/?u=http://y" },
		{ "other:1=ftp://x.example", SHAREBUS_TASK_OTHER, "1", "ftp://x.example" },
		{ "coder:", 0, NULL, NULL },
		{ "coder:=https://x.example", 0, NULL, NULL },
		{ "coder", 0, NULL, NULL },
		{ "none:1", 0, NULL, NULL },
		{ "jira:1", 0, NULL, NULL },
		{ "code:1", 0, NULL, NULL },
		{ ":1", 0, NULL, NULL },
		{ "", 0, NULL, NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sharebus_offer offer = { .task_id = NULL };
		struct error err = { 0 };
		int rc = offer_parse_task(&offer, cases[i].text, *state, &err);

		if (rc != (cases[i].system ? 0 : ERROR_INPUT) ||
		    offer.task_system != cases[i].system)
			fail_msg("%s: %d, system %d", cases[i].text, rc, (int)offer.task_system);
		if (!cases[i].system) {
			assert_non_null(strstr(err.text, cases[i].text));
			continue;
		}
		assert_string_equal(offer.task_id, cases[i].id);
		if (cases[i].url)
			assert_string_equal(offer.task_url, cases[i].url);
		else
			assert_null(offer.task_url);
	}
}

static void artifact_has_a_name_and_an_address(void **state)
{
	static const char *const bad[] = { "", "pr", "pr=", "=https://x.example" };
	struct sharebus_artifact a = { NULL, NULL };
	struct error err = { 0 };

	assert_int_equal(offer_parse_artifact(&a, "pr=https://x.example/?a=b", *state, &err), 0);
	assert_string_equal(a.name, "pr");
	assert_string_equal(a.url, "https://x.example/?a=b");
	for (size_t i = 0; i < COUNT(bad); i++)
		if (offer_parse_artifact(&a, bad[i], *state, &err) != ERROR_INPUT)
			fail_msg("\"%s\" is an artifact", bad[i]);
	assert_string_equal(a.name, "pr");
}

static void artifacts_keep_their_order_and_links_are_among_them(void **state)
{
	enum { ARTIFACT = 1, LINK, OTHER };
	struct given given[] = { { OTHER, "x" },
				 { LINK, "https://a.example" },
				 { ARTIFACT, "pr=https://b.example" },
				 { LINK, "https://c.example" } };
	const struct arguments a = { .given = given, .given_count = COUNT(given) };
	struct artifact_list found = { 0 };
	struct error err = { 0 };

	assert_int_equal(offer_read_artifacts(&found, &a, ARTIFACT, LINK, *state, &err), 0);
	assert_int_equal(found.count, 3);
	assert_string_equal(found.list[0].name, "link");
	assert_string_equal(found.list[0].url, "https://a.example");
	assert_string_equal(found.list[1].name, "pr");
	assert_string_equal(found.list[2].url, "https://c.example");
	given[2].value = "pr";
	assert_int_equal(offer_read_artifacts(&found, &a, ARTIFACT, LINK, *state, &err),
			 ERROR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(kind_is_one_of_three_words),
		ARENA_TEST(task_has_a_system_and_an_id_and_perhaps_an_address),
		ARENA_TEST(artifact_has_a_name_and_an_address),
		ARENA_TEST(artifacts_keep_their_order_and_links_are_among_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
