/* Who is notified, and of what. */

#include "consumer/notice.h"

#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

static struct scene s;
static struct notice *list;
static size_t count;

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

/* Lists who is notified of the last decision, which has not been carried out yet. */
static void tell(void)
{
	struct audience audience;

	list = NULL;
	audience_find(&s.world, &s.record, &s.decision, &audience);
	count = notice_list(&s.decision, &audience, &s.workspace.owner_id, s.directory, &s.arena,
			    &list);
}

/* Fails unless notice i is to that person, of that kind, through that group (NIL: none). */
static void assert_notice(size_t i, enum name who, enum notification_kind kind, enum name through)
{
	struct uuid recipient = id_of(who);
	struct uuid group_id = id_of(through);
	const struct listener *l = list[i].listener;

	assert_true(i < count);
	assert_int_equal(list[i].recipient.bytes[15], recipient.bytes[15]);
	assert_int_equal(list[i].kind, kind);
	if (l)
		assert_true(uuid_equal(l->after.role ? &l->after.group_id : &l->before.group_id,
				       &group_id));
}

static void recipient_of_a_grant_is_notified_but_not_the_acting_owner(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	tell();
	assert_int_equal(count, 1);
	assert_notice(0, BOB, NOTIFY_WORKSPACE_SHARED, NIL);
}

static void owner_is_notified_when_somebody_else_changes_the_sharing(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_USE);
	tell();
	assert_int_equal(count, 2);
	assert_notice(0, BOB, NOTIFY_WORKSPACE_SHARED, NIL);
	assert_notice(1, ALICE, NOTIFY_OWNER_NOTICE, NIL);
}

static void owner_but_not_the_leaver_is_notified_of_leaving(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)unshare_one(&s, actor(BOB), user(BOB));
	tell();
	assert_int_equal(count, 1);
	assert_notice(0, ALICE, NOTIFY_OWNER_NOTICE, NIL);
}

static void owner_is_not_notified_of_what_the_system_does(void **state)
{
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS);
	(void)unshare(&s, SYSTEM, REASON_EXPIRED, &bob, 1);
	tell();
	assert_int_equal(count, 1);
	assert_notice(0, BOB, NOTIFY_ACCESS_EXPIRED, NIL);
}

/* BOB's own grant changes while the one of TEAM, if there is one, stays. */
static void kind_of_notice_is_what_the_recipient_may_do_before_and_after(void **state)
{
	enum { SOON = NOW_MS + 1, LATER = NOW_MS + 2 };
	/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the rows read as sentences */
	static const struct {
		enum role team;
		int64_t team_until;
		enum role before;
		int64_t before_until;
		enum role after;
		int64_t after_until;
		enum notification_kind kind; /* 0: none */
	} cases[] = {
		{ 0, 0, 0, 0, ROLE_USE, ABSENT, NOTIFY_WORKSPACE_SHARED },
		{ 0, 0, 0, 0, ROLE_ADMIN, SOON, NOTIFY_WORKSPACE_SHARED },
		{ 0, 0, ROLE_USE, ABSENT, ROLE_ADMIN, ABSENT, NOTIFY_ROLE_CHANGED },
		{ 0, 0, ROLE_ADMIN, SOON, ROLE_USE, ABSENT, NOTIFY_ROLE_CHANGED },
		{ 0, 0, ROLE_USE, ABSENT, ROLE_USE, SOON, NOTIFY_EXPIRY_CHANGED },
		{ 0, 0, ROLE_USE, SOON, ROLE_USE, LATER, NOTIFY_EXPIRY_CHANGED },
		{ 0, 0, ROLE_USE, SOON, ROLE_USE, ABSENT, NOTIFY_EXPIRY_CHANGED },
		{ 0, 0, ROLE_USE, ABSENT, 0, ABSENT, NOTIFY_ACCESS_REMOVED },
		{ 0, 0, ROLE_ADMIN, SOON, 0, ABSENT, NOTIFY_ACCESS_REMOVED },
		/* what TEAM has as well makes no difference */
		{ ROLE_USE, ABSENT, 0, 0, ROLE_USE, ABSENT, 0 },
		{ ROLE_USE, ABSENT, ROLE_USE, ABSENT, 0, ABSENT, 0 },
		{ ROLE_USE, ABSENT, ROLE_USE, SOON, ROLE_USE, LATER, 0 },
		{ ROLE_ADMIN, ABSENT, ROLE_USE, ABSENT, 0, ABSENT, 0 },
		{ ROLE_ADMIN, ABSENT, 0, 0, ROLE_USE, ABSENT, 0 },
		{ ROLE_ADMIN, ABSENT, ROLE_USE, ABSENT, ROLE_ADMIN, ABSENT, 0 },
		/* and what it has not, does */
		{ ROLE_USE, ABSENT, 0, 0, ROLE_ADMIN, ABSENT, NOTIFY_ROLE_CHANGED },
		{ ROLE_USE, ABSENT, ROLE_ADMIN, ABSENT, 0, ABSENT, NOTIFY_ROLE_CHANGED },
		{ ROLE_USE, SOON, 0, 0, ROLE_USE, LATER, NOTIFY_EXPIRY_CHANGED },
		{ ROLE_USE, SOON, ROLE_USE, ABSENT, 0, ABSENT, NOTIFY_EXPIRY_CHANGED },
		/* an expired grant of TEAM gives nothing */
		{ ROLE_USE, NOW_MS, ROLE_USE, ABSENT, 0, ABSENT, NOTIFY_ACCESS_REMOVED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grant_wish w = wish_until(user(BOB), cases[i].after, cases[i].after_until);

		scene_reset(&s);
		if (cases[i].team)
			grant(&s, group(TEAM), cases[i].team, cases[i].team_until);
		if (cases[i].before)
			grant(&s, user(BOB), cases[i].before, cases[i].before_until);
		if (cases[i].after)
			(void)share(&s, actor(ALICE), &w, 1);
		else
			(void)unshare_one(&s, actor(ALICE), user(BOB));
		assert_applied(&s.decision, 1);
		tell();
		if (count != (cases[i].kind != 0) || (count && list[0].kind != cases[i].kind))
			fail_msg("case %zu: %zu notices, the first of kind %d", i, count,
				 count ? (int)list[0].kind : 0);
	}
}

static void reason_tells_expiry_from_removal(void **state)
{
	static const struct {
		enum reason reason;
		enum notification_kind kind;
	} cases[] = {
		{ REASON_COMMAND, NOTIFY_ACCESS_REMOVED },
		{ REASON_EXPIRED, NOTIFY_ACCESS_EXPIRED },
		{ REASON_HANDOFF, NOTIFY_ACCESS_REMOVED },
	};
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		(void)unshare(&s, SYSTEM, cases[i].reason, &bob, 1);
		tell();
		assert_int_equal(count, 1);
		assert_notice(0, BOB, cases[i].kind, NIL);
	}
}

/* The case that gave this its name: access through a second group. */
static void nobody_is_told_of_a_loss_while_access_stays(void **state)
{
	(void)state;
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	grant(&s, group(CREW), ROLE_USE, ABSENT);
	(void)unshare_one(&s, actor(ALICE), group(TEAM));
	tell();
	assert_int_equal(count, 1);
	assert_notice(0, BOB, NOTIFY_ACCESS_REMOVED, TEAM); /* CAROL is in CREW */
}

static void deleted_workspace_is_told_once_to_those_who_could_use_it(void **state)
{
	(void)state;
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	grant(&s, group(CREW), ROLE_ADMIN, ABSENT);
	(void)deletion(&s);
	tell();
	assert_int_equal(count, 4);
	assert_notice(0, BOB, NOTIFY_WORKSPACE_DELETED, TEAM);
	assert_notice(1, CAROL, NOTIFY_WORKSPACE_DELETED, CREW);
	assert_notice(2, DAVE, NOTIFY_WORKSPACE_DELETED, CREW);
	assert_notice(3, ALICE, NOTIFY_WORKSPACE_DELETED, NIL);
}

/* Such a command of the system takes grants away; the workspace is still there. */
static void removal_for_that_reason_is_no_deletion(void **state)
{
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, bob, ROLE_USE, ABSENT);
	(void)unshare(&s, SYSTEM, REASON_WORKSPACE_DELETED, &bob, 1);
	tell();
	assert_int_equal(count, 1);
	assert_notice(0, BOB, NOTIFY_ACCESS_REMOVED, NIL);
}

static void each_member_of_a_group_is_notified(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ALICE), group(TEAM), ROLE_USE);
	tell();
	assert_int_equal(count, 2);
	assert_notice(0, BOB, NOTIFY_WORKSPACE_SHARED, TEAM);
	assert_notice(1, CAROL, NOTIFY_WORKSPACE_SHARED, TEAM);
}

/* CREW has SAM, who is suspended, DELIA, who is deleted, and ALICE, who owns the workspace. */
static void those_to_whom_it_gives_nothing_are_not_notified_as_members(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ERIN), group(CREW), ROLE_USE);
	tell();
	assert_int_equal(count, 3);
	assert_notice(0, CAROL, NOTIFY_WORKSPACE_SHARED, CREW);
	assert_notice(1, DAVE, NOTIFY_WORKSPACE_SHARED, CREW);
	assert_notice(2, ALICE, NOTIFY_OWNER_NOTICE, NIL);
}

/* Nobody can connect to a dormant workspace, nor could before; its owner hears of the change. */
static void sharing_of_a_dormant_workspace_is_told_to_its_owner_alone(void **state)
{
	(void)state;
	s.workspace.status = WORKSPACE_DORMANT;
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_USE);
	tell();
	assert_int_equal(count, 1);
	assert_notice(0, ALICE, NOTIFY_OWNER_NOTICE, NIL);
}

static void member_who_acts_is_not_notified(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	(void)share_one(&s, actor(BOB), group(TEAM), ROLE_USE);
	tell();
	assert_int_equal(count, 2);
	assert_notice(0, CAROL, NOTIFY_WORKSPACE_SHARED, TEAM);
	assert_notice(1, ALICE, NOTIFY_OWNER_NOTICE, NIL);
}

static void everyone_in_the_organization_is_notified(void **state)
{
	static const enum name told[] = { BOB, CAROL, DAVE, ROBOT };

	(void)state;
	(void)share_one(&s, actor(ERIN), group(ACME), ROLE_USE);
	tell();
	assert_int_equal(count, 5);
	for (size_t i = 0; i < 4; i++)
		assert_notice(i, told[i], NOTIFY_WORKSPACE_SHARED, ACME);
	assert_notice(4, ALICE, NOTIFY_OWNER_NOTICE, NIL);
}

/* Three groups are named again and again: the list's memory must not grow with that. */
static void nobody_is_notified_twice_for_a_great_many_groups(void **state)
{
	static const enum name groups[] = { TEAM, CREW };
	static const enum name told[] = { BOB, CAROL, DAVE, ROBOT };
	static const enum name through[] = { TEAM, TEAM, CREW, ACME };
	enum { CHANGES = 30000 };
	static struct change changes[CHANGES];

	(void)state;
	for (size_t i = 0; i < CHANGES; i++)
		changes[i] = (struct change){ group(i ? groups[i % 2] : ACME), ROLE_NONE, ROLE_USE,
					      ABSENT };
	s.decision = (struct decision){ .outcome = OUTCOME_APPLIED,
					.actor = actor(ERIN),
					.changes = changes,
					.change_count = CHANGES };
	tell();
	assert_true(arena_size(&s.arena) < CHANGES * sizeof(struct notice));
	assert_int_equal(count, 5);
	for (size_t i = 0; i < 4; i++)
		assert_notice(i, told[i], NOTIFY_WORKSPACE_SHARED, through[i]);
	assert_notice(4, ALICE, NOTIFY_OWNER_NOTICE, NIL);
}

/* CAROL is named, is in both groups and in the organization; BOB is in one of the groups. */
static void nobody_is_notified_twice_and_direct_beats_group(void **state)
{
	struct grant_wish wishes[] = { wish(group(TEAM), ROLE_USE), wish(group(CREW), ROLE_USE),
				       wish(user(CAROL), ROLE_ADMIN) };

	(void)state;
	(void)share(&s, actor(ALICE), wishes, 3);
	tell();
	assert_int_equal(count, 3);
	assert_notice(0, BOB, NOTIFY_WORKSPACE_SHARED, TEAM);
	assert_notice(1, CAROL, NOTIFY_WORKSPACE_SHARED, NIL);
	assert_int_equal(list[1].listener->after.role, ROLE_ADMIN);
	assert_notice(2, DAVE, NOTIFY_WORKSPACE_SHARED, CREW);
}

static void order_of_notices_does_not_depend_on_the_command(void **state)
{
	struct grant_wish wishes[] = { wish(user(DAVE), ROLE_USE), wish(user(BOB), ROLE_USE),
				       wish(user(CAROL), ROLE_USE) };

	(void)state;
	(void)share(&s, actor(ALICE), wishes, 3);
	tell();
	assert_int_equal(count, 3);
	assert_notice(0, BOB, NOTIFY_WORKSPACE_SHARED, NIL);
	assert_notice(1, CAROL, NOTIFY_WORKSPACE_SHARED, NIL);
	assert_notice(2, DAVE, NOTIFY_WORKSPACE_SHARED, NIL);
}

static void deleted_or_unknown_users_are_not_notified(void **state)
{
	struct subject subjects[] = { user(DELIA), user(NOBODY), group(NO_GROUP) };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		grant(&s, subjects[i], ROLE_USE, ABSENT);
	(void)unshare(&s, actor(ALICE), REASON_COMMAND, subjects, 3);
	assert_int_equal(s.decision.change_count, 3);
	tell();
	assert_int_equal(count, 0);
}

/* The fact that DEV belongs to that person, who is told as its owner. */
static void change_owner(enum name who)
{
	struct workspace_changed fact = as_it_is();
	struct audience audience;
	struct uuid owner_id = id_of(who);

	fact.owner_id = owner_id;
	(void)workspace_fact(&s, &fact);
	audience_find(&s.world, &s.record, &s.decision, &audience);
	count = notice_list(&s.decision, &audience, &owner_id, s.directory, &s.arena, &list);
}

static void both_owners_are_told_of_a_change(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	change_owner(BOB);
	assert_int_equal(count, 2);
	assert_notice(0, ALICE, NOTIFY_OWNERSHIP_CHANGED, NIL);
	assert_int_equal(list[0].listener->after.role, ROLE_NONE);
	assert_notice(1, BOB, NOTIFY_OWNERSHIP_CHANGED, NIL);
	assert_null(list[1].listener);
}

/* ALICE is in CREW. */
static void former_owner_learns_what_grants_leave_them(void **state)
{
	(void)state;
	grant(&s, group(CREW), ROLE_USE, ABSENT);
	change_owner(BOB);
	assert_int_equal(count, 2);
	assert_notice(0, ALICE, NOTIFY_OWNERSHIP_CHANGED, CREW);
	assert_int_equal(list[0].listener->after.role, ROLE_USE);
}

static void owners_who_are_gone_are_not_told(void **state)
{
	(void)state;
	change_owner(NOBODY);
	assert_int_equal(count, 1);
	assert_notice(0, ALICE, NOTIFY_OWNERSHIP_CHANGED, NIL);
	put_user(&s, ALICE, USER_DELETED, USER_PERSON);
	change_owner(BOB);
	assert_int_equal(count, 1);
	assert_notice(0, BOB, NOTIFY_OWNERSHIP_CHANGED, NIL);
}

static void facts_that_change_nobodys_access_tell_nobody(void **state)
{
	struct workspace_changed facts[] = { as_it_is(), as_it_is(), as_it_is() };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	facts[1].name = bytes_of("prod");
	facts[2].status = WORKSPACE_DORMANT;
	for (size_t i = 0; i < 3; i++) {
		(void)workspace_fact(&s, &facts[i]);
		tell();
		assert_int_equal(count, 0);
	}
	workspace_clear(&s.workspace);
	(void)workspace_fact(&s, &facts[0]); /* the first that is heard of it */
	assert_int_equal(s.decision.outcome, OUTCOME_APPLIED);
	tell();
	assert_int_equal(count, 0);
}

static void unchanged_command_notifies_nobody(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_USE);
	tell();
	assert_int_equal(count, 0);
}

/* ---- handoffs ---- */

static struct handoff_changed step;

/* A step of a handoff that ROBOT has offered to BOB. */
static struct handoff_changed step_to(enum handoff_state state, enum handoff_state previous)
{
	return (struct handoff_changed){ .state = state,
					 .previous = previous,
					 .kind = HANDOFF_REVIEW,
					 .offered_by = actor(ROBOT),
					 .to = user(BOB),
					 .role = ROLE_USE,
					 .expires_at = ABSENT };
}

/* That person takes the step, which changes nobody's grant. */
static void take_step(struct actor who)
{
	s.decision = (struct decision){ .outcome = OUTCOME_APPLIED,
					.actor = who,
					.reason = REASON_HANDOFF,
					.handoffs = &step,
					.handoff_count = 1 };
	tell();
}

static void each_step_is_told_to_whoever_must_act_or_has_waited(void **state)
{
	static const struct {
		enum handoff_state state;
		enum handoff_state previous;
		enum name actor;       /* NIL: the system */
		enum name accepted_by; /* NIL: nobody */
		enum name told[3];
	} cases[] = {
		{ HANDOFF_OFFERED, 0, ROBOT, NIL, { BOB } },
		{ HANDOFF_OFFERED, HANDOFF_RETURNED, ROBOT, NIL, { BOB } },
		{ HANDOFF_OFFERED, HANDOFF_ACCEPTED, CAROL, NIL, { BOB, ROBOT } },
		{ HANDOFF_ACCEPTED, HANDOFF_OFFERED, BOB, BOB, { ROBOT } },
		{ HANDOFF_DECLINED, HANDOFF_OFFERED, BOB, NIL, { ROBOT } },
		{ HANDOFF_RETURNED, HANDOFF_ACCEPTED, BOB, BOB, { ROBOT } },
		{ HANDOFF_COMPLETED, HANDOFF_ACCEPTED, BOB, BOB, { ROBOT } },
		{ HANDOFF_WITHDRAWN, HANDOFF_OFFERED, ROBOT, NIL, { BOB } },
		{ HANDOFF_WITHDRAWN, HANDOFF_OFFERED, ALICE, NIL, { BOB, ROBOT } },
		{ HANDOFF_WITHDRAWN, HANDOFF_ACCEPTED, ROBOT, CAROL, { CAROL } },
		{ HANDOFF_EXPIRED, HANDOFF_OFFERED, NIL, NIL, { BOB, ROBOT } },
		{ HANDOFF_EXPIRED, HANDOFF_ACCEPTED, NIL, DAVE, { DAVE, ROBOT } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t wanted = 0;

		step = step_to(cases[i].state, cases[i].previous);
		step.accepted_by = id_of(cases[i].accepted_by);
		take_step(cases[i].actor == NIL ? SYSTEM : actor(cases[i].actor));
		for (; wanted < 3 && cases[i].told[wanted] != NIL; wanted++) {
			if (wanted >= count ||
			    list[wanted].recipient.bytes[15] != cases[i].told[wanted])
				fail_msg("case %zu tells another than %d", i,
					 (int)cases[i].told[wanted]);
			assert_int_equal(list[wanted].as_offerer, cases[i].told[wanted] == ROBOT);
			assert_ptr_equal(list[wanted].handoff, &step);
		}
		if (count != wanted)
			fail_msg("case %zu: %zu notices", i, count);
	}
}

/* CREW: CAROL, DAVE, DELIA, who is deleted, SAM, who is suspended, and ALICE. */
static void offer_to_a_group_is_told_to_those_who_can_accept_it(void **state)
{
	(void)state;
	step = step_to(HANDOFF_OFFERED, 0);
	step.to = group(CREW);
	step.offered_by = actor(ALICE);
	take_step(actor(ALICE));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].recipient.bytes[15], CAROL);
	assert_int_equal(list[1].recipient.bytes[15], DAVE);
}

/* CAROL has offered it, and is in the group that it is passed on to. */
static void offerer_in_the_group_is_told_once_as_its_member(void **state)
{
	(void)state;
	step = step_to(HANDOFF_OFFERED, HANDOFF_ACCEPTED);
	step.to = group(TEAM);
	step.offered_by = actor(CAROL);
	take_step(actor(DAVE));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].recipient.bytes[15], BOB);
	assert_int_equal(list[1].recipient.bytes[15], CAROL);
	assert_false(list[1].as_offerer);
}

static void offer_and_its_grant_are_one_notice(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_USE);
	step = step_to(HANDOFF_OFFERED, 0);
	step.offered_by = actor(ERIN);
	s.decision.handoffs = &step;
	s.decision.handoff_count = 1;
	tell();
	assert_int_equal(count, 2);
	assert_notice(0, BOB, NOTIFY_HANDOFF_OFFERED, NIL);
	assert_int_equal(list[0].listener->after.role, ROLE_USE);
	assert_notice(1, ALICE, NOTIFY_OWNER_NOTICE, NIL);
	assert_true(list[1].tells_sharing);
}

/* ALICE has offered it to her team. BOB accepts: CAROL loses what it gave her. */
static void owner_who_offered_is_told_of_both_in_one(void **state)
{
	struct change changes[] = { { group(TEAM), ROLE_USE, ROLE_NONE, ABSENT },
				    { user(BOB), ROLE_NONE, ROLE_USE, ABSENT } };

	(void)state;
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	step = step_to(HANDOFF_ACCEPTED, HANDOFF_OFFERED);
	step.offered_by = actor(ALICE);
	step.to = group(TEAM);
	step.accepted_by = id_of(BOB);
	s.decision = (struct decision){ .outcome = OUTCOME_APPLIED,
					.actor = actor(BOB),
					.reason = REASON_HANDOFF,
					.changes = changes,
					.change_count = 2,
					.handoffs = &step,
					.handoff_count = 1 };
	tell();
	assert_int_equal(count, 2);
	assert_notice(1, CAROL, NOTIFY_ACCESS_REMOVED, TEAM);
	assert_int_equal(list[0].recipient.bytes[15], ALICE);
	assert_int_equal(list[0].kind, NOTIFY_HANDOFF_ACCEPTED);
	assert_true(list[0].tells_sharing);
}

/* The first notice says what becomes of the access; the second needs not. */
static void steps_of_two_handoffs_are_two_notices(void **state)
{
	static struct handoff_changed steps[2];

	steps[0] = step_to(HANDOFF_WITHDRAWN, HANDOFF_OFFERED);
	steps[1] = steps[0];
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)unshare_one(&s, SYSTEM, user(BOB));
	s.decision.handoffs = steps;
	s.decision.handoff_count = 2;
	tell();
	assert_int_equal(count, 4);
	assert_int_equal(list[0].recipient.bytes[15], BOB);
	assert_non_null(list[0].listener);
	assert_int_equal(list[2].recipient.bytes[15], BOB);
	assert_null(list[2].listener);
}

static void deletion_is_told_beside_the_handoffs_that_it_ends(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)deletion(&s);
	step = step_to(HANDOFF_WITHDRAWN, HANDOFF_OFFERED);
	s.decision.handoffs = &step;
	s.decision.handoff_count = 1;
	tell();
	assert_int_equal(count, 4);
	assert_int_equal(list[0].kind, NOTIFY_HANDOFF_WITHDRAWN);
	assert_null(list[0].listener);
	assert_int_equal(list[1].recipient.bytes[15], ROBOT);
	assert_notice(2, BOB, NOTIFY_WORKSPACE_DELETED, NIL);
	assert_notice(3, ALICE, NOTIFY_WORKSPACE_DELETED, NIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(recipient_of_a_grant_is_notified_but_not_the_acting_owner),
		TEST(owner_is_notified_when_somebody_else_changes_the_sharing),
		TEST(owner_but_not_the_leaver_is_notified_of_leaving),
		TEST(owner_is_not_notified_of_what_the_system_does),
		TEST(kind_of_notice_is_what_the_recipient_may_do_before_and_after),
		TEST(reason_tells_expiry_from_removal),
		TEST(nobody_is_told_of_a_loss_while_access_stays),
		TEST(deleted_workspace_is_told_once_to_those_who_could_use_it),
		TEST(each_member_of_a_group_is_notified),
		TEST(those_to_whom_it_gives_nothing_are_not_notified_as_members),
		TEST(sharing_of_a_dormant_workspace_is_told_to_its_owner_alone),
		TEST(member_who_acts_is_not_notified),
		TEST(everyone_in_the_organization_is_notified),
		TEST(nobody_is_notified_twice_for_a_great_many_groups),
		TEST(nobody_is_notified_twice_and_direct_beats_group),
		TEST(order_of_notices_does_not_depend_on_the_command),
		TEST(deleted_or_unknown_users_are_not_notified),
		TEST(removal_for_that_reason_is_no_deletion),
		TEST(both_owners_are_told_of_a_change),
		TEST(former_owner_learns_what_grants_leave_them),
		TEST(owners_who_are_gone_are_not_told),
		TEST(facts_that_change_nobodys_access_tell_nobody),
		TEST(unchanged_command_notifies_nobody),
		TEST(each_step_is_told_to_whoever_must_act_or_has_waited),
		TEST(offer_to_a_group_is_told_to_those_who_can_accept_it),
		TEST(offerer_in_the_group_is_told_once_as_its_member),
		TEST(offer_and_its_grant_are_one_notice),
		TEST(owner_who_offered_is_told_of_both_in_one),
		TEST(steps_of_two_handoffs_are_two_notices),
		TEST(deletion_is_told_beside_the_handoffs_that_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
