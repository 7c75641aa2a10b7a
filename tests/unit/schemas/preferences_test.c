/* What somebody's preferences let through, and under which key they stand. */

#include "schemas/preferences.h"

#include "tests/unit/unit.h"

#define ID(n)                                                                                      \
	{                                                                                          \
		{                                                                                  \
			(n)                                                                        \
		}                                                                                  \
	}

static const struct uuid WORKSPACE = ID(1);
static const struct uuid OTHER = ID(2);

enum { RULES_MAX = 2 };

struct preference_case {
	const char *what;
	struct preference_rule rules[RULES_MAX];
	size_t rule_count;
	bool muted;
	enum channel channel;
	enum notification_kind kind;
	bool allowed;
};

static const struct preference_case cases[] = {
	{ "no rule", .channel = CHANNEL_MAIL, .kind = NOTIFY_WORKSPACE_SHARED, .allowed = true },
	{ "a channel is off",
	  { { CHANNEL_MAIL, 0, 0, false } },
	  1,
	  false,
	  CHANNEL_MAIL,
	  NOTIFY_WORKSPACE_SHARED,
	  false },
	{ "another channel is off",
	  { { CHANNEL_MAIL, 0, 0, false } },
	  1,
	  false,
	  CHANNEL_WEBHOOK,
	  NOTIFY_WORKSPACE_SHARED,
	  true },
	{ "a kind is off",
	  { { 0, NOTIFY_ROLE_CHANGED, 0, false } },
	  1,
	  false,
	  CHANNEL_INBOX,
	  NOTIFY_ROLE_CHANGED,
	  false },
	{ "another kind is off",
	  { { 0, NOTIFY_ROLE_CHANGED, 0, false } },
	  1,
	  false,
	  CHANNEL_INBOX,
	  NOTIFY_EXPIRY_CHANGED,
	  true },
	{ "the category is off",
	  { { 0, 0, CATEGORY_HANDOFF, false } },
	  1,
	  false,
	  CHANNEL_MAIL,
	  NOTIFY_HANDOFF_EXPIRED,
	  false },
	{ "the other category is off",
	  { { 0, 0, CATEGORY_HANDOFF, false } },
	  1,
	  false,
	  CHANNEL_MAIL,
	  NOTIFY_WORKSPACE_DELETED,
	  true },
	{ "all is off",
	  { { 0, 0, 0, false } },
	  1,
	  false,
	  CHANNEL_EXEC,
	  NOTIFY_OWNER_NOTICE,
	  false },
	{ "off wins over a later on",
	  { { CHANNEL_MAIL, 0, 0, false }, { CHANNEL_MAIL, NOTIFY_ROLE_CHANGED, 0, true } },
	  2,
	  false,
	  CHANNEL_MAIL,
	  NOTIFY_ROLE_CHANGED,
	  false },
	{ "off wins over an earlier on",
	  { { CHANNEL_MAIL, NOTIFY_ROLE_CHANGED, 0, true }, { CHANNEL_MAIL, 0, 0, false } },
	  2,
	  false,
	  CHANNEL_MAIL,
	  NOTIFY_ROLE_CHANGED,
	  false },
	{ "a rule whose parts do not all fit",
	  { { CHANNEL_MAIL, NOTIFY_ROLE_CHANGED, CATEGORY_HANDOFF, false } },
	  1,
	  false,
	  CHANNEL_MAIL,
	  NOTIFY_ROLE_CHANGED,
	  true },
	{ "on alone",
	  { { CHANNEL_MAIL, 0, 0, true } },
	  1,
	  false,
	  CHANNEL_INBOX,
	  NOTIFY_ROLE_CHANGED,
	  true },
	{ "a muted workspace", .muted = true, .channel = CHANNEL_INBOX,
	  .kind = NOTIFY_WORKSPACE_SHARED, .allowed = false },
	{ "removal reaches the inbox",
	  { { 0, 0, 0, false } },
	  1,
	  true,
	  CHANNEL_INBOX,
	  NOTIFY_ACCESS_REMOVED,
	  true },
	{ "an offer reaches the inbox",
	  { { CHANNEL_INBOX, 0, 0, false } },
	  1,
	  true,
	  CHANNEL_INBOX,
	  NOTIFY_HANDOFF_OFFERED,
	  true },
	{ "removal by mail can be off",
	  { { 0, NOTIFY_ACCESS_REMOVED, 0, false } },
	  1,
	  false,
	  CHANNEL_MAIL,
	  NOTIFY_ACCESS_REMOVED,
	  false },
	{ "an offer by mail from a muted workspace", .muted = true, .channel = CHANNEL_MAIL,
	  .kind = NOTIFY_HANDOFF_OFFERED, .allowed = false },
	{ "expiry is not protected",
	  { { CHANNEL_INBOX, 0, 0, false } },
	  1,
	  false,
	  CHANNEL_INBOX,
	  NOTIFY_ACCESS_EXPIRED,
	  false },
};

static void any_off_wins_but_two_kinds_reach_the_inbox(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct preference_rule rules[RULES_MAX] = { cases[i].rules[0], cases[i].rules[1] };
		struct uuid muted[] = { OTHER, WORKSPACE };
		const struct preferences_changed p = { OTHER, rules, cases[i].rule_count, muted,
						       cases[i].muted ? 2 : 1 };

		if (preferences_allow(&p, cases[i].channel, cases[i].kind, &WORKSPACE) !=
		    cases[i].allowed)
			fail_msg("%s", cases[i].what);
	}
	assert_true(preferences_allow(NULL, CHANNEL_MAIL, NOTIFY_ROLE_CHANGED, &WORKSPACE));
}

static void every_kind_has_the_category_of_its_name(void **state)
{
	(void)state;
	for (int kind = 1; notification_kind_symbols[kind - 1]; kind++) {
		bool handoff = strncmp(notification_kind_symbols[kind - 1], "handoff_", 8) == 0;

		assert_int_equal(notification_category((enum notification_kind)kind),
				 handoff ? CATEGORY_HANDOFF : CATEGORY_SHARING);
	}
}

static void key_is_read_in_its_one_form(void **state)
{
	static const struct {
		const char *key;
		bool good;
	} keys[] = {
		{ "preferences:5a000000-0000-0000-0000-0000000000ab", true },
		{ "preferences:5A000000-0000-0000-0000-0000000000AB", false },
		{ "preferences:00000000-0000-0000-0000-000000000000", false },
		{ "Preferences:5a000000-0000-0000-0000-0000000000ab", false },
		{ "preferences:5a000000-0000-0000-0000-0000000000ab ", false },
		{ "preferences:5a000000-0000-0000-0000-0000000000a", false },
		{ "5a000000-0000-0000-0000-0000000000ab", false },
		{ "preferences:", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct uuid id = { { 0 } };
		char again[PREFERENCES_KEY_SIZE];

		assert_int_equal(preferences_parse_key(bytes_of(keys[i].key), &id), keys[i].good);
		preferences_key(again, &id);
		if (keys[i].good)
			assert_string_equal(again, keys[i].key);
		else
			assert_true(uuid_is_nil(&id));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_off_wins_but_two_kinds_reach_the_inbox),
		cmocka_unit_test(every_kind_has_the_category_of_its_name),
		cmocka_unit_test(key_is_read_in_its_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
