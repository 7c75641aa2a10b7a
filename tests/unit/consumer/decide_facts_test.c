/*
 * Removals that the system asks for, and facts about the workspace. Each test
 * proves one claim, in the small world of world.h.
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

/* ---- removals that the system asks for ---- */

static const struct decision *system_removes(enum reason reason, struct subject subject)
{
	s.subject = subject;
	return unshare(&s, SYSTEM, reason, &s.subject, 1);
}

static void only_the_system_gives_a_reason(void **state)
{
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS);
	for (int reason = REASON_EXPIRED; reason <= REASON_HANDOFF; reason++) {
		assert_rejected(unshare(&s, actor(ALICE), (enum reason)reason, &bob, 1),
				REJECT_FORBIDDEN, "only the system gives a reason");
		/* BOB may leave, but must not give a reason either. */
		assert_rejected(unshare(&s, actor(BOB), (enum reason)reason, &bob, 1),
				REJECT_FORBIDDEN, "only the system gives a reason");
	}
}

static void expired_removes_only_what_has_expired(void **state)
{
	static const struct {
		int64_t expires_at;
		bool removed;
	} cases[] = {
		{ NOW_MS - 1, true },
		{ NOW_MS, true },
		{ NOW_MS + 1, false }, /* renewed meanwhile */
		{ ABSENT, false },
	};

	(void)state;
	assert_unchanged(system_removes(REASON_EXPIRED, user(BOB)));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		grant(&s, user(BOB), ROLE_ADMIN, cases[i].expires_at);
		(void)system_removes(REASON_EXPIRED, user(BOB));
		assert_int_equal(s.decision.outcome,
				 cases[i].removed ? OUTCOME_APPLIED : OUTCOME_UNCHANGED);
		assert_int_equal(s.decision.reason, REASON_EXPIRED);
	}
}

static void erase(enum name who)
{
	struct uuid id = id_of(who);

	directory_forget(s.directory, &id, NULL);
}

static void user_deleted_removes_only_deleted_users(void **state)
{
	const struct {
		struct subject subject;
		bool removed;
	} cases[] = {
		{ user(DELIA), true },   { user(ERASED), true }, /* the record was a tombstone */
		{ user(NOBODY), false },                         /* nobody has heard of them */
		{ user(BOB), false },    { user(SAM), false },
		{ group(TEAM), false },  { group(NO_GROUP), false },
	};

	(void)state;
	erase(ERASED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		grant(&s, cases[i].subject, ROLE_USE, ABSENT);
		(void)system_removes(REASON_USER_DELETED, cases[i].subject);
		assert_int_equal(s.decision.outcome,
				 cases[i].removed ? OUTCOME_APPLIED : OUTCOME_UNCHANGED);
	}
}

static void group_deleted_removes_only_deleted_groups(void **state)
{
	const struct {
		struct subject subject;
		bool removed;
	} cases[] = {
		{ group(ERASED), true },    /* the record was a tombstone */
		{ group(NO_GROUP), false }, /* nobody has heard of it */
		{ group(TEAM), false },     { group(ACME), false },
		{ user(NOBODY), false },    { user(DELIA), false },
	};

	(void)state;
	erase(ERASED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		grant(&s, cases[i].subject, ROLE_USE, ABSENT);
		(void)system_removes(REASON_GROUP_DELETED, cases[i].subject);
		assert_int_equal(s.decision.outcome,
				 cases[i].removed ? OUTCOME_APPLIED : OUTCOME_UNCHANGED);
	}
}

static void unproven_removals_do_not_prevent_the_proven(void **state)
{
	struct subject subjects[] = { user(BOB), user(CAROL) };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 1);
	grant(&s, user(CAROL), ROLE_USE, NOW_MS - 1);
	assert_applied(unshare(&s, SYSTEM, REASON_EXPIRED, subjects, 2), 1);
	assert_change(&s.decision, 0, user(CAROL), ROLE_USE, ROLE_NONE);
}

/* ---- facts ---- */

static void new_workspace_is_registered(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	workspace_clear(&s.workspace);
	assert_applied(workspace_fact(&s, &fact), 0);
	assert_int_equal(s.decision.reason, REASON_OWNER_CHANGED);
	assert_int_equal(s.decision.actor.kind, ACTOR_SYSTEM);
	assert_true(uuid_is_nil(&s.decision.command_id));
}

static void fact_known_already_is_unchanged(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	fact.changed_at = 77; /* a later announcement of the same */
	assert_unchanged(workspace_fact(&s, &fact));
}

static void each_field_of_a_fact_makes_a_difference(void **state)
{
	struct workspace_changed facts[] = { as_it_is(), as_it_is(), as_it_is(), as_it_is() };

	(void)state;
	facts[0].name = bytes_of("prod");
	facts[1].owner_id = id_of(BOB);
	facts[2].organization_id = id_of(GLOBEX);
	facts[3].status = WORKSPACE_DORMANT;
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		assert_applied(workspace_fact(&s, &facts[i]), 0);
}

static void new_owner_loses_their_grant(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	fact.owner_id = id_of(BOB);
	assert_applied(workspace_fact(&s, &fact), 1);
	assert_int_equal(s.decision.reason, REASON_OWNER_CHANGED);
	assert_change(&s.decision, 0, user(BOB), ROLE_ADMIN, ROLE_NONE);
	assert_true(fold(&s));
	assert_int_equal(s.workspace.grant_count, 1);
	assert_int_equal(s.workspace.owner_id.bytes[15], BOB);
}

static void grants_of_others_survive_a_change_of_owner(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	grant(&s, group(TEAM), ROLE_ADMIN, NOW_MS); /* BOB is in it */
	fact.owner_id = id_of(BOB);
	assert_applied(workspace_fact(&s, &fact), 0);
	assert_true(fold(&s));
	assert_int_equal(s.workspace.grant_count, 2);
}

static void dormant_workspace_keeps_its_grants(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	fact.status = WORKSPACE_DORMANT;
	assert_applied(workspace_fact(&s, &fact), 0);
	assert_true(fold(&s));
	assert_int_equal(s.workspace.grant_count, 1);
	assert_int_equal(s.workspace.status, WORKSPACE_DORMANT);
}

static void deletion_drops_all_grants(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, group(TEAM), ROLE_USE, NOW_MS);
	assert_applied(deletion(&s), 2);
	assert_int_equal(s.decision.reason, REASON_WORKSPACE_DELETED);
	assert_change(&s.decision, 0, user(BOB), ROLE_ADMIN, ROLE_NONE);
	assert_change(&s.decision, 1, group(TEAM), ROLE_USE, ROLE_NONE);
	assert_true(fold(&s));
	assert_false(s.workspace.registered);
	assert_int_equal(s.workspace.grant_count, 0);
}

static void deleting_an_unknown_workspace_changes_nothing(void **state)
{
	(void)state;
	workspace_clear(&s.workspace);
	assert_unchanged(deletion(&s));
	assert_false(fold(&s));
}

static void facts_need_no_rights(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	put_deployment(&s, false);
	put_organization(&s, ACME, SHARING_NONE);
	fact.name = bytes_of("prod");
	assert_applied(workspace_fact(&s, &fact), 0);
	assert_applied(deletion(&s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_system_gives_a_reason),
		TEST(expired_removes_only_what_has_expired),
		TEST(user_deleted_removes_only_deleted_users),
		TEST(group_deleted_removes_only_deleted_groups),
		TEST(unproven_removals_do_not_prevent_the_proven),
		TEST(new_workspace_is_registered),
		TEST(fact_known_already_is_unchanged),
		TEST(each_field_of_a_fact_makes_a_difference),
		TEST(new_owner_loses_their_grant),
		TEST(grants_of_others_survive_a_change_of_owner),
		TEST(dormant_workspace_keeps_its_grants),
		TEST(deletion_drops_all_grants),
		TEST(deleting_an_unknown_workspace_changes_nothing),
		TEST(facts_need_no_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
