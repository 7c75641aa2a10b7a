/*
 * Who may do what: each cell of the table that the design lays down.
 */

#include "schemas/roles.h"

#include "tests/unit/unit.h"

static const struct {
	const char *name;
	enum action action;
	bool use;
	bool admin;
	bool owner;
} CELLS[] = {
	{ "read", ACTION_READ, true, true, true },
	{ "ssh", ACTION_SSH, true, true, true },
	{ "app", ACTION_APP, true, true, true },
	{ "start", ACTION_START, true, true, true },
	{ "stop", ACTION_STOP, true, true, true },
	{ "logs", ACTION_LOGS, true, true, true },
	{ "stats", ACTION_STATS, true, true, true },
	{ "update_on_start", ACTION_UPDATE_ON_START, true, true, true },
	{ "rename", ACTION_RENAME, false, true, true },
	{ "update", ACTION_UPDATE, false, true, true },
	{ "share_use", ACTION_SHARE_USE, false, true, true },
	{ "share_admin", ACTION_SHARE_ADMIN, false, false, true },
	{ "delete", ACTION_DELETE, false, false, true },
};

enum { ROWS = sizeof(CELLS) / sizeof(*CELLS) };

static void every_action_has_a_row(void **state)
{
	(void)state;
	assert_int_equal(ROWS, ACTION_COUNT);
	for (int i = 0; i < ROWS; i++)
		assert_int_equal(CELLS[i].action, i);
}

static void each_role_may_what_the_table_says(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(role_allows(ROLE_USE, CELLS[i].action), CELLS[i].use);
		assert_int_equal(role_allows(ROLE_ADMIN, CELLS[i].action), CELLS[i].admin);
		assert_int_equal(role_allows(ROLE_OWNER, CELLS[i].action), CELLS[i].owner);
	}
}

static void without_a_role_nothing_is_allowed(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++)
		assert_false(role_allows(ROLE_NONE, CELLS[i].action));
}

static void action_names_go_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++) {
		assert_string_equal(action_name(CELLS[i].action), CELLS[i].name);
		assert_int_equal(action_parse(CELLS[i].name), CELLS[i].action);
	}
}

static void unknown_action_is_none_of_them(void **state)
{
	static const char *const names[] = { "", "READ", "read ", "reads", "sshx", "share" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(action_parse(names[i]), ACTION_COUNT);
}

static void role_names_are_use_admin_and_owner(void **state)
{
	(void)state;
	assert_string_equal(role_name(ROLE_NONE), "none");
	assert_string_equal(role_name(ROLE_USE), "use");
	assert_string_equal(role_name(ROLE_ADMIN), "admin");
	assert_string_equal(role_name(ROLE_OWNER), "owner");
}

static void only_use_and_admin_can_be_granted_by_name(void **state)
{
	static const char *const names[] = {
		"", "none", "owner", "Use", "admin ", "administrator"
	};

	(void)state;
	assert_int_equal(role_parse("use"), ROLE_USE);
	assert_int_equal(role_parse("admin"), ROLE_ADMIN);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(role_parse(names[i]), ROLE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_has_a_row),
		cmocka_unit_test(each_role_may_what_the_table_says),
		cmocka_unit_test(without_a_role_nothing_is_allowed),
		cmocka_unit_test(action_names_go_both_ways),
		cmocka_unit_test(unknown_action_is_none_of_them),
		cmocka_unit_test(role_names_are_use_admin_and_owner),
		cmocka_unit_test(only_use_and_admin_can_be_granted_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
