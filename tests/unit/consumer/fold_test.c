/*
 * What a decision changes of the workspace: its grants, its version and the
 * commands that it remembers.
 */

#include "tests/unit/consumer/world.h"

#include "tests/unit/unit.h"

static struct scene s;

static int set_up(void **state)
{
	(void)state;
	scene_open(&s);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scene_close(&s);
	return 0;
}

static const struct grant *grant_of(struct subject subject)
{
	return workspace_grant(&s.workspace, &subject);
}

static bool saw_command(void)
{
	return recent_holds(&s.workspace.recent, &s.command.command_id);
}

static void applied_share_makes_a_grant(void **state)
{
	struct uuid erin = id_of(ERIN);
	struct grant_wish w = wish_until(user(BOB), ROLE_ADMIN, NOW_MS + 7);
	const struct grant *g;

	(void)state;
	(void)share(&s, actor(ERIN), &w, 1);
	assert_true(fold(&s));
	g = grant_of(user(BOB));
	assert_non_null(g);
	assert_int_equal(g->role, ROLE_ADMIN);
	assert_int_equal(g->granted_at, NOW_MS);
	assert_int_equal(g->expires_at, NOW_MS + 7);
	assert_true(uuid_equal(&g->granted_by, &erin));
	assert_int_equal(s.workspace.version, 2);
	assert_true(saw_command());
}

static void changed_grant_is_granted_anew(void **state)
{
	struct uuid erin = id_of(ERIN);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 7);
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_ADMIN);
	assert_true(fold(&s));
	assert_int_equal(s.workspace.grant_count, 1);
	assert_int_equal(grant_of(user(BOB))->role, ROLE_ADMIN);
	assert_true(grant_of(user(BOB))->expires_at == ABSENT);
	assert_int_equal(grant_of(user(BOB))->granted_at, NOW_MS);
	assert_true(uuid_equal(&grant_of(user(BOB))->granted_by, &erin));
}

static void applied_removal_drops_the_grant(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	(void)unshare_one(&s, actor(ALICE), user(BOB));
	assert_true(fold(&s));
	assert_null(grant_of(user(BOB)));
	assert_non_null(grant_of(group(TEAM)));
	assert_int_equal(s.workspace.version, 2);
	assert_true(saw_command());
}

static void unchanged_command_is_only_remembered(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_true(fold(&s));
	assert_int_equal(s.workspace.version, 1);
	assert_int_equal(grant_of(user(BOB))->granted_at, 1);
	assert_true(saw_command());
}

/* A removal that proves itself may come again under its id, and says no time. */
static void removal_by_the_system_is_not_remembered(void **state)
{
	static const enum reason reasons[] = { REASON_EXPIRED, REASON_USER_DELETED,
					       REASON_GROUP_DELETED };
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, bob, ROLE_USE, NOW_MS);
	s.command.command_id = id_of(BOB);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		(void)unshare(&s, SYSTEM, reasons[i], &bob, 1);
		assert_int_equal(s.decision.outcome, i ? OUTCOME_UNCHANGED : OUTCOME_APPLIED);
		assert_int_equal(fold(&s), i ? false : true);
		assert_int_equal(recent_end(&s.workspace.recent), 0);
	}
	assert_int_equal(s.workspace.version, 2);
}

static void rejected_command_leaves_no_trace(void **state)
{
	(void)state;
	(void)share_one(&s, actor(BOB), user(CAROL), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_REJECTED);
	assert_false(fold(&s));
	assert_int_equal(s.workspace.version, 1);
	assert_int_equal(s.workspace.grant_count, 0);
	assert_int_equal(recent_end(&s.workspace.recent), 0);
	assert_false(saw_command());
}

static void rejected_command_is_decided_anew_when_repeated(void **state)
{
	(void)state;
	(void)share_one(&s, actor(BOB), user(CAROL), ROLE_USE);
	(void)fold(&s);
	(void)share_one(&s, actor(BOB), user(CAROL), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_REJECTED);
	assert_int_equal(s.decision.code, REJECT_FORBIDDEN);
	(void)fold(&s);
	(void)share_one(&s, actor(ALICE), user(CAROL), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_APPLIED);
}

static void duplicate_changes_nothing_at_all(void **state)
{
	struct workspace before;

	(void)state;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_true(fold(&s));
	before = s.workspace;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_DUPLICATE);
	assert_false(fold(&s));
	assert_memory_equal(&s.workspace, &before, sizeof(before));
}

static void command_without_an_id_takes_no_place_in_the_memory(void **state)
{
	(void)state;
	s.command.command_id = id_of(NIL);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_int_equal(s.decision.code, REJECT_INVALID_COMMAND);
	assert_false(fold(&s));
	assert_int_equal(recent_end(&s.workspace.recent), 0);
	assert_int_equal(s.workspace.grant_count, 0);
	assert_int_equal(s.workspace.version, 1);
}

static void command_on_an_unknown_workspace_leaves_nothing(void **state)
{
	(void)state;
	workspace_clear(&s.workspace);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_int_equal(s.decision.code, REJECT_UNKNOWN_WORKSPACE);
	assert_false(fold(&s));
	assert_false(s.workspace.registered);
	assert_false(saw_command());
}

static void new_workspace_takes_all_of_the_fact(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	workspace_clear(&s.workspace);
	fact.status = WORKSPACE_DORMANT;
	(void)workspace_fact(&s, &fact);
	assert_true(fold(&s));
	assert_true(s.workspace.registered);
	assert_int_equal(s.workspace.status, WORKSPACE_DORMANT);
	assert_true(uuid_equal(&s.workspace.owner_id, &fact.owner_id));
	assert_true(uuid_equal(&s.workspace.organization_id, &fact.organization_id));
	assert_true(bytes_equal_text(s.workspace.name, "dev"));
	assert_int_equal(s.workspace.version, 1);
}

static void fact_keeps_grants_and_memory(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_true(fold(&s));
	fact.name = bytes_of("prod");
	(void)workspace_fact(&s, &fact);
	assert_true(fold(&s));
	assert_true(bytes_equal_text(s.workspace.name, "prod"));
	assert_non_null(grant_of(user(BOB)));
	assert_int_equal(s.workspace.version, 3);
	assert_true(saw_command());
	assert_int_equal(recent_end(&s.workspace.recent), 1);
}

static void fact_known_already_leaves_no_trace(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	(void)workspace_fact(&s, &fact);
	assert_false(fold(&s));
	assert_int_equal(s.workspace.version, 1);
	assert_int_equal(recent_end(&s.workspace.recent), 0);
}

static void deleted_workspace_is_unregistered_and_empty(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_true(fold(&s));
	(void)deletion(&s);
	assert_true(fold(&s));
	assert_false(s.workspace.registered);
	assert_int_equal(s.workspace.grant_count, 0);
	assert_int_equal(s.workspace.version, 0);
	assert_false(saw_command());
}

/* A run decides its commands one after another on the same workspace. */
static void next_command_sees_what_the_last_one_did(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN);
	assert_true(fold(&s));
	s.command.command_id = id_of(NAMES);
	s.command.expected_version = 2;
	(void)share_one(&s, actor(BOB), user(CAROL), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_APPLIED);
	assert_true(fold(&s));
	assert_int_equal(s.workspace.version, 3);
	assert_int_equal(s.workspace.grant_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(applied_share_makes_a_grant),
		TEST(changed_grant_is_granted_anew),
		TEST(applied_removal_drops_the_grant),
		TEST(unchanged_command_is_only_remembered),
		TEST(removal_by_the_system_is_not_remembered),
		TEST(rejected_command_leaves_no_trace),
		TEST(rejected_command_is_decided_anew_when_repeated),
		TEST(duplicate_changes_nothing_at_all),
		TEST(command_without_an_id_takes_no_place_in_the_memory),
		TEST(command_on_an_unknown_workspace_leaves_nothing),
		TEST(new_workspace_takes_all_of_the_fact),
		TEST(fact_keeps_grants_and_memory),
		TEST(fact_known_already_leaves_no_trace),
		TEST(deleted_workspace_is_unregistered_and_empty),
		TEST(next_command_sees_what_the_last_one_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
