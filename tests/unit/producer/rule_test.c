/* Rules of preferences as people type them. */

#include "producer/operator/rule.h"

#include "tests/unit/unit.h"

static void rule_is_read_and_written_alike(void **state)
{
	static const struct {
		const char *text;
		struct preference_rule rule;
		const char *written;
	} cases[] = {
		{ "all", { 0 }, "all" },
		{ "mail", { CHANNEL_MAIL, 0, 0, false }, "mail:all" },
		{ "mail:all", { CHANNEL_MAIL, 0, 0, false }, "mail:all" },
		{ "handoff", { 0, 0, CATEGORY_HANDOFF, false }, "handoff" },
		{ "role_changed", { 0, NOTIFY_ROLE_CHANGED, 0, false }, "role_changed" },
		{ "exec:sharing", { CHANNEL_EXEC, 0, CATEGORY_SHARING, false }, "exec:sharing" },
		{ "inbox:handoff_expired",
		  { CHANNEL_INBOX, NOTIFY_HANDOFF_EXPIRED, 0, false },
		  "inbox:handoff_expired" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct preference_rule r;

		assert_int_equal(rule_parse(cases[i].text, &r, NULL), 0);
		assert_int_equal(r.channel, cases[i].rule.channel);
		assert_int_equal(r.kind, cases[i].rule.kind);
		assert_int_equal(r.category, cases[i].rule.category);
		assert_string_equal(text_of(rule_text(&r, *state)), cases[i].written);
	}
}

static void what_names_less_is_within_what_names_more(void **state)
{
	static const struct {
		const char *rule;
		const char *within;
		bool is;
	} cases[] = {
		{ "mail:role_changed", "mail", true },
		{ "mail:role_changed", "role_changed", true },
		{ "mail:role_changed", "sharing", true },
		{ "mail:role_changed", "mail:sharing", true },
		{ "mail:role_changed", "all", true },
		{ "mail:role_changed", "handoff", false },
		{ "mail:role_changed", "inbox", false },
		{ "mail", "mail:role_changed", false },
		{ "all", "mail", false },
		{ "all", "all", true },
		{ "handoff", "handoff_offered", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct preference_rule r;
		struct preference_rule within;

		assert_int_equal(rule_parse(cases[i].rule, &r, NULL), 0);
		assert_int_equal(rule_parse(cases[i].within, &within, NULL), 0);
		if (rule_is_within(&r, &within) != cases[i].is)
			fail_msg("%s within %s", cases[i].rule, cases[i].within);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(rule_is_read_and_written_alike),
		ARENA_TEST(what_names_less_is_within_what_names_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
