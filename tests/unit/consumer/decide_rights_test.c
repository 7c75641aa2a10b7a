/*
 * Who may share what: rules 1 to 4 and 7 of ARCHITECTURE.md. Each test proves one
 * claim, in the small world of world.h.
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

/* ---- what is applied ---- */

static void owner_shares_with_users_and_groups(void **state)
{
	struct grant_wish wishes[] = { wish(user(BOB), ROLE_ADMIN),
				       wish_until(group(CREW), ROLE_USE, NOW_MS + 1) };
	const struct decision *d = share(&s, actor(ALICE), wishes, 2);

	(void)state;
	assert_applied(d, 2);
	assert_change(d, 0, user(BOB), ROLE_NONE, ROLE_ADMIN);
	assert_int_equal(d->changes[0].expires_at == ABSENT, true);
	assert_change(d, 1, group(CREW), ROLE_NONE, ROLE_USE);
	assert_int_equal(d->changes[1].expires_at, NOW_MS + 1);
}

static void decision_carries_actor_command_reason_and_message(void **state)
{
	struct uuid alice = id_of(ALICE);
	struct uuid command = id_of(COMMAND);
	const struct decision *d = share_one(&s, actor(ALICE), user(BOB), ROLE_USE);

	(void)state;
	assert_true(uuid_equal(&d->actor.id, &alice));
	assert_int_equal(d->actor.kind, ACTOR_USER);
	assert_true(uuid_equal(&d->command_id, &command));
	assert_int_equal(d->reason, REASON_COMMAND);
	assert_true(bytes_equal_text(d->message, "have a look"));
}

static void changed_role_shows_what_it_was(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN), 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_ADMIN);
}

static void changed_expiry_is_a_change(void **state)
{
	struct grant_wish w = wish_until(user(BOB), ROLE_USE, NOW_MS + 5);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	assert_applied(share(&s, actor(ALICE), &w, 1), 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_USE);
	assert_int_equal(s.decision.changes[0].expires_at, NOW_MS + 5);
}

static void expiry_is_kept_when_that_is_asked(void **state)
{
	struct grant_wish w = wish(user(BOB), ROLE_ADMIN);

	(void)state;
	w.keep_expiry = true;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 5);
	assert_applied(share(&s, actor(ALICE), &w, 1), 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_ADMIN);
	assert_int_equal(s.decision.changes[0].expires_at, NOW_MS + 5);
	w.role = ROLE_USE;
	assert_unchanged(share(&s, actor(ALICE), &w, 1));
}

/* There is nothing to keep: not of a grant that has ended, and not where there is none. */
static void without_a_grant_that_counts_it_never_expires(void **state)
{
	struct grant_wish wishes[] = { wish(user(BOB), ROLE_USE), wish(user(CAROL), ROLE_USE) };

	(void)state;
	wishes[0].keep_expiry = wishes[1].keep_expiry = true;
	grant(&s, user(BOB), ROLE_USE, NOW_MS - 5);
	assert_applied(share(&s, actor(ALICE), wishes, 2), 2);
	assert_true(s.decision.changes[0].expires_at == ABSENT);
	assert_true(s.decision.changes[1].expires_at == ABSENT);
}

static void suspended_user_may_be_given_a_grant(void **state)
{
	(void)state;
	assert_applied(share_one(&s, actor(ALICE), user(SAM), ROLE_USE), 1);
}

static void everyone_of_the_organization_may_be_given_a_grant(void **state)
{
	(void)state;
	assert_applied(share_one(&s, actor(ALICE), group(ACME), ROLE_USE), 1);
}

static void dormant_workspace_can_be_shared(void **state)
{
	(void)state;
	s.workspace.status = WORKSPACE_DORMANT;
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
}

static void removal_shows_the_role_before(void **state)
{
	struct subject subjects[] = { user(BOB), group(TEAM) };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	grant(&s, group(TEAM), ROLE_ADMIN, ABSENT);
	assert_applied(unshare(&s, actor(ALICE), REASON_COMMAND, subjects, 2), 2);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_NONE);
	assert_change(&s.decision, 1, group(TEAM), ROLE_ADMIN, ROLE_NONE);
	assert_true(s.decision.changes[1].expires_at == ABSENT);
}

static void directory_records_are_not_decided(void **state)
{
	struct decision d;

	(void)state;
	for (int i = RECORD_USER_CHANGED; i < RECORD_TYPE_COUNT; i++)
		assert_false(decide(&s.world, &(struct record){ .type = (enum record_type)i }, &d));
}

/* ---- rule 1 ---- */

static void unknown_workspace_is_named(void **state)
{
	char id[UUID_TEXT_SIZE];
	struct uuid dev = id_of(DEV);

	(void)state;
	uuid_format(id, &dev);
	s.workspace.registered = false;
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_UNKNOWN_WORKSPACE,
			id);
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_UNKNOWN_WORKSPACE, id);
	assert_rejected(unshare_one(&s, SYSTEM, user(BOB)), REJECT_UNKNOWN_WORKSPACE, id);
}

static void deleted_workspace_is_unknown(void **state)
{
	(void)state;
	assert_applied(deletion(&s), 0);
	assert_true(fold(&s));
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_UNKNOWN_WORKSPACE,
			"");
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_UNKNOWN_WORKSPACE, "");
}

/* ---- rule 2 ---- */

static void nothing_is_shared_when_the_deployment_says_no(void **state)
{
	(void)state;
	put_deployment(&s, false);
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_SHARING_DISABLED,
			"for this deployment");
	put_deployment(&s, true);
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
}

static void nothing_is_shared_when_the_organization_says_no(void **state)
{
	(void)state;
	put_organization(&s, ACME, SHARING_NONE);
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_SHARING_DISABLED,
			"for this organization");
}

static void policy_of_another_organization_does_not_matter(void **state)
{
	(void)state;
	put_organization(&s, GLOBEX, SHARING_NONE);
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
}

static void nothing_is_shared_in_an_unknown_organization(void **state)
{
	(void)state;
	s.workspace.organization_id = id_of(NOBODY);
	assert_rejected(share_one(&s, actor(FRANK), user(BOB), ROLE_USE), REJECT_SHARING_DISABLED,
			"organization is not known");
}

static void only_service_accounts_share_where_the_policy_says_so(void **state)
{
	(void)state;
	put_organization(&s, ACME, SHARING_SERVICE_ACCOUNTS);
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_SHARING_DISABLED,
			"only workspaces of service accounts");
	s.workspace.owner_id = id_of(ROBOT);
	assert_applied(share_one(&s, actor(ROBOT), user(BOB), ROLE_USE), 1);
	/* The owner's kind counts, not the actor's. */
	assert_applied(share_one(&s, actor(ERIN), user(BOB), ROLE_USE), 1);
	s.workspace.owner_id = id_of(NOBODY);
	assert_rejected(share_one(&s, actor(ERIN), user(BOB), ROLE_USE), REJECT_SHARING_DISABLED,
			"only workspaces of service accounts");
}

static void not_even_the_system_shares_when_sharing_is_off(void **state)
{
	(void)state;
	put_deployment(&s, false);
	assert_rejected(share_one(&s, SYSTEM, user(BOB), ROLE_USE), REJECT_SHARING_DISABLED, "");
}

static void access_can_be_removed_when_sharing_is_off(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	put_organization(&s, ACME, SHARING_NONE);
	put_deployment(&s, false);
	assert_applied(unshare_one(&s, actor(ALICE), user(BOB)), 1);
}

/* ---- rule 3 ---- */

static void without_a_grant_nothing_may_be_changed(void **state)
{
	static const enum name powerless[] = { BOB, ROBOT, OLGA, SAM, DELIA, NOBODY, NIL };

	(void)state;
	grant(&s, user(DAVE), ROLE_USE, ABSENT);
	for (size_t i = 0; i < sizeof(powerless) / sizeof(*powerless); i++) {
		assert_rejected(share_one(&s, actor(powerless[i]), user(CAROL), ROLE_USE),
				REJECT_FORBIDDEN, "may not change who dev is shared with");
		assert_rejected(unshare_one(&s, actor(powerless[i]), user(DAVE)), REJECT_FORBIDDEN,
				"may not change who dev is shared with");
	}
}

static void use_gives_no_right_to_share(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	grant(&s, group(ACME), ROLE_USE, ABSENT);
	assert_rejected(share_one(&s, actor(BOB), user(DAVE), ROLE_USE), REJECT_FORBIDDEN,
			"bob may not");
}

static void owner_admins_and_system_have_full_authority(void **state)
{
	const struct actor powers[] = { actor(ALICE), actor(ERIN), actor(FRANK), SYSTEM };

	(void)state;
	grant(&s, user(CAROL), ROLE_ADMIN, ABSENT);
	for (size_t i = 0; i < sizeof(powers) / sizeof(*powers); i++) {
		assert_applied(share_one(&s, powers[i], user(BOB), ROLE_ADMIN), 1);
		assert_applied(share_one(&s, powers[i], user(CAROL), ROLE_USE), 1);
		assert_applied(unshare_one(&s, powers[i], user(CAROL)), 1);
	}
}

static void admin_of_another_organization_has_no_authority(void **state)
{
	(void)state;
	s.workspace.organization_id = id_of(GLOBEX);
	assert_rejected(share_one(&s, actor(ERIN), user(OLGA), ROLE_USE), REJECT_FORBIDDEN,
			"erin may not");
}

static void suspended_actor_may_do_nothing(void **state)
{
	static const enum name powers[] = { ALICE, ERIN, FRANK, BOB };

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	for (size_t i = 0; i < sizeof(powers) / sizeof(*powers); i++) {
		put_user(&s, powers[i], USER_SUSPENDED, USER_PERSON);
		assert_rejected(share_one(&s, actor(powers[i]), user(CAROL), ROLE_USE),
				REJECT_FORBIDDEN, "may not");
		put_user(&s, powers[i], USER_ACTIVE, USER_PERSON);
		assert_applied(share_one(&s, actor(powers[i]), user(CAROL), ROLE_USE), 1);
	}
}

static void leaving_the_organization_ends_the_grants_in_it(void **state)
{
	struct uuid team[] = { id_of(OLGA) };
	struct record r = { .type = RECORD_GROUP_CHANGED };

	(void)state;
	grant(&s, user(OLGA), ROLE_ADMIN, ABSENT);
	assert_rejected(share_one(&s, actor(OLGA), user(CAROL), ROLE_USE), REJECT_FORBIDDEN,
			"olga may not");
	r.as.group_changed =
		(struct group_changed){ id_of(TEAM), bytes_of("team"), id_of(ACME), team, 1 };
	assert_true(directory_put(s.directory, &r, NULL));
	grant(&s, group(TEAM), ROLE_ADMIN, ABSENT);
	assert_rejected(share_one(&s, actor(OLGA), user(CAROL), ROLE_USE), REJECT_FORBIDDEN,
			"olga may not");
}

static void owner_needs_no_membership(void **state)
{
	(void)state;
	s.workspace.owner_id = id_of(OLGA);
	assert_applied(share_one(&s, actor(OLGA), user(CAROL), ROLE_ADMIN), 1);
}

static void former_owner_may_do_nothing(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	fact.owner_id = id_of(BOB);
	assert_applied(workspace_fact(&s, &fact), 0);
	assert_true(fold(&s));
	assert_rejected(share_one(&s, actor(ALICE), user(CAROL), ROLE_USE), REJECT_FORBIDDEN,
			"alice may not");
	assert_applied(share_one(&s, actor(BOB), user(ALICE), ROLE_ADMIN), 1);
}

static void deleted_owner_may_do_nothing(void **state)
{
	(void)state;
	put_user(&s, ALICE, USER_DELETED, USER_PERSON);
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_FORBIDDEN,
			"alice may not");
}

static void admin_by_a_group_may_share(void **state)
{
	(void)state;
	grant(&s, group(TEAM), ROLE_ADMIN, ABSENT);
	assert_applied(share_one(&s, actor(BOB), user(DAVE), ROLE_USE), 1);
	assert_applied(share_one(&s, actor(CAROL), user(DAVE), ROLE_USE), 1);
	assert_rejected(share_one(&s, actor(DAVE), user(ROBOT), ROLE_USE), REJECT_FORBIDDEN,
			"dave may not");
}

static void admin_by_the_group_of_everyone_may_share(void **state)
{
	(void)state;
	grant(&s, group(ACME), ROLE_ADMIN, ABSENT);
	assert_applied(share_one(&s, actor(BOB), user(DAVE), ROLE_USE), 1);
	assert_rejected(share_one(&s, actor(OLGA), user(DAVE), ROLE_USE), REJECT_FORBIDDEN,
			"olga may not");
}

static void everyone_of_a_deleted_organization_has_no_rights(void **state)
{
	struct uuid acme = id_of(ACME);

	(void)state;
	grant(&s, group(ACME), ROLE_ADMIN, ABSENT);
	grant(&s, user(DAVE), ROLE_USE, ABSENT);
	assert_applied(unshare_one(&s, actor(BOB), user(DAVE)), 1);
	directory_forget(s.directory, &acme, NULL);
	assert_rejected(unshare_one(&s, actor(BOB), user(DAVE)), REJECT_FORBIDDEN, "bob may not");
}

static void expired_grant_gives_no_authority(void **state)
{
	static const struct {
		int64_t expires_at;
		bool counts;
	} cases[] = {
		{ NOW_MS + 1, true },
		{ NOW_MS, false },
		{ NOW_MS - 1, false },
		{ ABSENT, true },
	};
	const struct subject holders[] = { user(BOB), group(TEAM), group(ACME) };
	struct grant_wish w = wish_until(user(DAVE), ROLE_USE, NOW_MS + 1);

	(void)state;
	for (size_t k = 0; k < sizeof(holders) / sizeof(*holders); k++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			grant(&s, holders[k], ROLE_ADMIN, cases[i].expires_at);
			(void)share(&s, actor(BOB), &w, 1);
			assert_int_equal(s.decision.outcome == OUTCOME_APPLIED, cases[i].counts);
			assert_int_equal(s.decision.code == REJECT_FORBIDDEN, !cases[i].counts);
		}
		workspace_drop_grant(&s.workspace, &holders[k]);
	}
}

static void any_live_admin_grant_gives_authority(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, NOW_MS); /* expired */
	grant(&s, group(STRANGERS), ROLE_ADMIN, ABSENT);
	grant(&s, group(TEAM), ROLE_ADMIN, ABSENT);
	assert_applied(share_one(&s, actor(BOB), user(DAVE), ROLE_USE), 1);
}

/* ---- rule 4 ---- */

static void admin_may_give_use(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	assert_applied(share_one(&s, actor(BOB), user(CAROL), ROLE_USE), 1);
}

static void admin_may_not_grant_admin(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(DAVE), ROLE_USE, ABSENT);
	assert_rejected(share_one(&s, actor(BOB), user(CAROL), ROLE_ADMIN), REJECT_ROLE_CEILING,
			"may give use only, not admin to carol");
	assert_rejected(share_one(&s, actor(BOB), user(DAVE), ROLE_ADMIN), REJECT_ROLE_CEILING,
			"may give use only, not admin to dave");
	assert_rejected(share_one(&s, actor(BOB), group(ACME), ROLE_ADMIN), REJECT_ROLE_CEILING,
			"not admin to everyone in acme");
}

static void admin_may_not_change_another_admin(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(CAROL), ROLE_ADMIN, ABSENT);
	grant(&s, group(CREW), ROLE_ADMIN, ABSENT);
	assert_rejected(share_one(&s, actor(BOB), user(CAROL), ROLE_USE), REJECT_ROLE_CEILING,
			"may not change the admin carol");
	assert_rejected(share_one(&s, actor(BOB), group(CREW), ROLE_USE), REJECT_ROLE_CEILING,
			"may not change the admin crew");
}

static void admin_may_not_remove_anothers_admin(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(CAROL), ROLE_ADMIN, ABSENT);
	grant(&s, group(TEAM), ROLE_ADMIN, ABSENT);
	assert_rejected(unshare_one(&s, actor(BOB), user(CAROL)), REJECT_ROLE_CEILING,
			"may not remove the admin carol");
	/* Not even the role of a group that the admin is in. */
	assert_rejected(unshare_one(&s, actor(BOB), group(TEAM)), REJECT_ROLE_CEILING,
			"may not remove the admin team");
}

static void admin_removed_twice_is_rejected_once(void **state)
{
	struct subject two[] = { user(CAROL), user(CAROL) };

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(CAROL), ROLE_ADMIN, ABSENT);
	assert_rejected(unshare(&s, actor(BOB), REASON_COMMAND, two, 2), REJECT_ROLE_CEILING,
			"may not remove the admin carol");
}

static void admin_may_change_the_expiry_of_use(void **state)
{
	struct grant_wish w = wish_until(user(CAROL), ROLE_USE, NOW_MS + 9);

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	assert_applied(share(&s, actor(BOB), &w, 1), 1);
}

static void admin_may_remove_use(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	grant(&s, group(CREW), ROLE_USE, ABSENT);
	assert_applied(unshare_one(&s, actor(BOB), user(CAROL)), 1);
	assert_applied(unshare_one(&s, actor(BOB), group(CREW)), 1);
}

/* ---- rule 7 ---- */

static void nobody_shares_with_the_owner(void **state)
{
	(void)state;
	assert_rejected(share_one(&s, actor(ERIN), user(ALICE), ROLE_USE), REJECT_OWN_ROLE,
			"alice owns dev");
	assert_rejected(share_one(&s, actor(ALICE), user(ALICE), ROLE_ADMIN), REJECT_OWN_ROLE,
			"alice owns dev");
}

static void nobody_changes_their_own_role(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	(void)share_one(&s, actor(BOB), user(BOB), ROLE_USE);
	assert_int_equal(s.decision.code, REJECT_OWN_ROLE);
	assert_rejected(share_one(&s, actor(ERIN), user(ERIN), ROLE_ADMIN), REJECT_OWN_ROLE,
			"erin may not change their own role");
}

static void everybody_may_leave(void **state)
{
	static const enum role roles[] = { ROLE_USE, ROLE_ADMIN };
	static const enum name who[] = { BOB, SAM, OLGA, DELIA, NOBODY };

	(void)state;
	put_deployment(&s, false);
	for (size_t k = 0; k < sizeof(roles) / sizeof(*roles); k++)
		for (size_t i = 0; i < sizeof(who) / sizeof(*who); i++) {
			grant(&s, user(who[i]), roles[k], ABSENT);
			assert_applied(unshare_one(&s, actor(who[i]), user(who[i])), 1);
			assert_change(&s.decision, 0, user(who[i]), roles[k], ROLE_NONE);
		}
}

static void leaving_removes_nobody_else(void **state)
{
	struct subject subjects[] = { user(BOB), user(CAROL) };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	assert_rejected(unshare(&s, actor(BOB), REASON_COMMAND, subjects, 2), REJECT_FORBIDDEN,
			"bob may not");
}

static void leaving_does_not_remove_the_group(void **state)
{
	(void)state;
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	assert_rejected(unshare_one(&s, actor(BOB), group(TEAM)), REJECT_FORBIDDEN, "bob may not");
	/* A group with the actor's own id is a group all the same. */
	grant(&s, group(BOB), ROLE_USE, ABSENT);
	assert_rejected(unshare_one(&s, actor(BOB), group(BOB)), REJECT_FORBIDDEN, "bob may not");
}

static void leaving_what_was_never_shared_changes_nothing(void **state)
{
	(void)state;
	assert_unchanged(unshare_one(&s, actor(BOB), user(BOB)));
}

static void admin_may_leave_and_remove_use_in_one_command(void **state)
{
	struct subject subjects[] = { user(BOB), user(CAROL) };

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	assert_applied(unshare(&s, actor(BOB), REASON_COMMAND, subjects, 2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(owner_shares_with_users_and_groups),
		TEST(decision_carries_actor_command_reason_and_message),
		TEST(changed_role_shows_what_it_was),
		TEST(changed_expiry_is_a_change),
		TEST(expiry_is_kept_when_that_is_asked),
		TEST(without_a_grant_that_counts_it_never_expires),
		TEST(suspended_user_may_be_given_a_grant),
		TEST(everyone_of_the_organization_may_be_given_a_grant),
		TEST(dormant_workspace_can_be_shared),
		TEST(removal_shows_the_role_before),
		TEST(directory_records_are_not_decided),
		TEST(unknown_workspace_is_named),
		TEST(deleted_workspace_is_unknown),
		TEST(nothing_is_shared_when_the_deployment_says_no),
		TEST(nothing_is_shared_when_the_organization_says_no),
		TEST(policy_of_another_organization_does_not_matter),
		TEST(nothing_is_shared_in_an_unknown_organization),
		TEST(only_service_accounts_share_where_the_policy_says_so),
		TEST(not_even_the_system_shares_when_sharing_is_off),
		TEST(access_can_be_removed_when_sharing_is_off),
		TEST(without_a_grant_nothing_may_be_changed),
		TEST(use_gives_no_right_to_share),
		TEST(owner_admins_and_system_have_full_authority),
		TEST(admin_of_another_organization_has_no_authority),
		TEST(suspended_actor_may_do_nothing),
		TEST(leaving_the_organization_ends_the_grants_in_it),
		TEST(owner_needs_no_membership),
		TEST(former_owner_may_do_nothing),
		TEST(deleted_owner_may_do_nothing),
		TEST(admin_by_a_group_may_share),
		TEST(admin_by_the_group_of_everyone_may_share),
		TEST(everyone_of_a_deleted_organization_has_no_rights),
		TEST(expired_grant_gives_no_authority),
		TEST(any_live_admin_grant_gives_authority),
		TEST(admin_may_give_use),
		TEST(admin_may_not_grant_admin),
		TEST(admin_may_not_change_another_admin),
		TEST(admin_may_not_remove_anothers_admin),
		TEST(admin_removed_twice_is_rejected_once),
		TEST(admin_may_change_the_expiry_of_use),
		TEST(admin_may_remove_use),
		TEST(nobody_shares_with_the_owner),
		TEST(nobody_changes_their_own_role),
		TEST(everybody_may_leave),
		TEST(leaving_removes_nobody_else),
		TEST(leaving_does_not_remove_the_group),
		TEST(leaving_what_was_never_shared_changes_nothing),
		TEST(admin_may_leave_and_remove_use_in_one_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
