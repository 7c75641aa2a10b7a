/*
 * The words of the records: names, types of events, symbols.
 */

#include "tests/unit/schemas/record_cases.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name;
	const char *event_type;
} NAMES[] = {
	[RECORD_SHARE_WORKSPACE] = { "ShareWorkspace", "sharebus.share_workspace.v1" },
	[RECORD_REMOVE_SHARING] = { "RemoveSharing", "sharebus.remove_sharing.v1" },
	[RECORD_WORKSPACE_CHANGED] = { "WorkspaceChanged", "sharebus.workspace_changed.v1" },
	[RECORD_ANSWER_HANDOFF] = { "AnswerHandoff", "sharebus.answer_handoff.v1" },
	[RECORD_WORKSPACE_DELETED] = { "WorkspaceDeleted", "sharebus.workspace_deleted.v1" },
	[RECORD_USER_CHANGED] = { "UserChanged", "sharebus.user_changed.v1" },
	[RECORD_GROUP_CHANGED] = { "GroupChanged", "sharebus.group_changed.v1" },
	[RECORD_ORGANIZATION_CHANGED] = { "OrganizationChanged",
					  "sharebus.organization_changed.v1" },
	[RECORD_DEPLOYMENT_CHANGED] = { "DeploymentChanged", "sharebus.deployment_changed.v1" },
	[RECORD_PREFERENCES_CHANGED] = { "PreferencesChanged", "sharebus.preferences_changed.v1" },
	[RECORD_SHARING_CHANGED] = { "SharingChanged", "sharebus.sharing_changed.v1" },
	[RECORD_COMMAND_REJECTED] = { "CommandRejected", "sharebus.command_rejected.v1" },
	[RECORD_NOTIFICATION] = { "Notification", "sharebus.notification.v1" },
	[RECORD_HANDOFF_CHANGED] = { "HandoffChanged", "sharebus.handoff_changed.v1" },
	[RECORD_DELIVERY] = { "Delivery", "sharebus.delivery.v1" },
	[RECORD_ENDPOINT_CHANGED] = { "EndpointChanged", "sharebus.endpoint_changed.v1" },
	[RECORD_WORKSPACE_GRANTS] = { "WorkspaceGrants", "sharebus.workspace_grants.v1" },
	[RECORD_PROGRESS] = { "Progress", "sharebus.progress.v1" },
};

static void records_have_their_names_on_the_bus(void **state)
{
	(void)state;
	assert_int_equal(sizeof(NAMES) / sizeof(*NAMES), RECORD_TYPE_COUNT);
	for (int i = 0; i < RECORD_TYPE_COUNT; i++) {
		assert_string_equal(record_name((enum record_type)i), NAMES[i].name);
		assert_string_equal(record_event_type((enum record_type)i), NAMES[i].event_type);
	}
}

static void only_commands_carry_a_command(void **state)
{
	(void)state;
	for (int i = 0; i < RECORD_TYPE_COUNT; i++) {
		const struct record *r = &FULL_RECORDS[i];
		const struct command *c = record_command(r);
		bool is_command = i <= RECORD_ANSWER_HANDOFF;

		assert_int_equal(c != NULL, is_command);
		if (c)
			assert_int_equal(c->expected_version, 41);
	}
}

static void symbols_go_both_ways(void **state)
{
	(void)state;
	assert_string_equal(symbol_name(reason_symbols, REASON_EXPIRED), "expired");
	assert_string_equal(symbol_name(reason_symbols, REASON_HANDOFF), "handoff");
	assert_string_equal(symbol_name(sharing_policy_symbols, SHARING_SERVICE_ACCOUNTS),
			    "service_accounts");
	for (int i = REASON_COMMAND; i <= REASON_HANDOFF; i++)
		assert_int_equal(symbol_parse(reason_symbols, symbol_name(reason_symbols, i)), i);
}

static void no_symbol_is_0_and_empty(void **state)
{
	(void)state;
	assert_string_equal(symbol_name(role_symbols, 0), "");
	assert_int_equal(symbol_parse(role_symbols, ""), 0);
	assert_int_equal(symbol_parse(role_symbols, "owner"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_have_their_names_on_the_bus),
		cmocka_unit_test(only_commands_carry_a_command),
		cmocka_unit_test(symbols_go_both_ways),
		cmocka_unit_test(no_symbol_is_0_and_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
