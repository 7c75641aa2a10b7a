/* Who is notified, and in what words. */

#include "consumer/notice.h"

#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

#define CAN_USE "connect by SSH and apps, start and stop it, and read its logs"
#define CAN_ADMIN                                                                                  \
	"connect by SSH and apps, start and stop it, read its logs, rename it, update it at any "  \
	"time, and invite others with the use role"

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

/* ---- who is notified ---- */

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
	assert_int_equal(l == NULL, kind == NOTIFY_OWNER_NOTICE);
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
	assert_int_equal(count, 3);
	assert_notice(0, BOB, NOTIFY_ACCESS_REMOVED, TEAM);
	assert_notice(1, CAROL, NOTIFY_ACCESS_REMOVED, CREW);
	assert_notice(2, DAVE, NOTIFY_ACCESS_REMOVED, CREW);
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

static void new_owner_is_not_notified_of_losing_their_grant(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	fact.owner_id = id_of(BOB);
	(void)workspace_fact(&s, &fact);
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

/* ---- the text ---- */

static struct notification written;

static void write_notice(size_t i, const char *access_url)
{
	struct notice_scene scene = { &s.decision, workspace_ref(&s.workspace), s.directory,
				      access_url, &s.arena };

	assert_true(i < count);
	notice_write(&list[i], &scene, &written);
}

static void assert_words(const char *title, const char *body)
{
	if (!bytes_equal_text(written.title, title))
		fail_msg("title: %.*s", (int)written.title.len, (const char *)written.title.data);
	if (!bytes_equal_text(written.body, body))
		fail_msg("body: %.*s", (int)written.body.len, (const char *)written.body.data);
}

static void assert_action(const char *url)
{
	assert_int_equal(written.action_count, 1);
	assert_true(bytes_equal_text(written.actions[0].label, "View workspace"));
	assert_true(bytes_equal_text(written.actions[0].url, url));
}

static void sharing_says_who_what_and_what_it_allows(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	tell();
	write_notice(0, "https://coder.example.com");
	assert_words("Alice Archer shared workspace dev with you",
		     "You have the role use: you can " CAN_USE ".");
	assert_action("https://coder.example.com/@alice/dev");
	assert_true(bytes_equal_text(written.message, "have a look"));
	assert_int_equal(written.role, ROLE_USE);
	assert_int_equal(written.kind, NOTIFY_WORKSPACE_SHARED);
	assert_int_equal(written.recipient_id.bytes[15], BOB);
	assert_int_equal(written.actor.id.bytes[15], ALICE);
	assert_int_equal(written.workspace.id.bytes[15], DEV);
	assert_true(uuid_is_nil(&written.group_id));
}

static void sharing_through_a_group_with_an_end_says_so(void **state)
{
	struct grant_wish w = wish_until(group(TEAM), ROLE_ADMIN, 1795512600007);

	(void)state;
	(void)share(&s, actor(ALICE), &w, 1);
	tell();
	write_notice(0, "");
	assert_words("Alice Archer shared workspace dev with you",
		     "You have the role admin through group team: you can " CAN_ADMIN
		     ". Access ends at 2026-11-24T09:30:00.007Z.");
	assert_action("/@alice/dev");
	assert_int_equal(written.group_id.bytes[15], TEAM);
	assert_int_equal(written.role, ROLE_ADMIN);
}

static void sharing_with_everyone_names_the_organization(void **state)
{
	(void)state;
	(void)share_one(&s, actor(ALICE), group(ACME), ROLE_USE);
	tell();
	write_notice(0, "");
	assert_words("Alice Archer shared workspace dev with you",
		     "You have the role use through group everyone in acme: you can " CAN_USE ".");
}

static void changed_role_is_named(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN);
	tell();
	write_notice(0, "");
	assert_words("Alice Archer changed your role on workspace dev to admin",
		     "You have the role admin: you can " CAN_ADMIN ".");
	assert_int_equal(written.kind, NOTIFY_ROLE_CHANGED);
}

static void end_of_a_role_that_a_lesser_one_outlasts_is_not_the_end_of_access(void **state)
{
	struct grant_wish w = wish_until(user(BOB), ROLE_ADMIN, 1795512600007);

	(void)state;
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	(void)share(&s, actor(ALICE), &w, 1);
	tell();
	write_notice(0, "");
	assert_words("Alice Archer changed your role on workspace dev to admin",
		     "You have the role admin: you can " CAN_ADMIN
		     ". This role ends at 2026-11-24T09:30:00.007Z.");
}

static void changed_end_is_named(void **state)
{
	struct grant_wish w = wish_until(user(BOB), ROLE_USE, 1795512600007);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share(&s, actor(ALICE), &w, 1);
	tell();
	write_notice(0, "");
	assert_words("Alice Archer changed when your access to workspace dev ends",
		     "You have the role use: you can " CAN_USE
		     ". Access ends at 2026-11-24T09:30:00.007Z.");
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 1);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	tell();
	write_notice(0, "");
	assert_words("Alice Archer changed when your access to workspace dev ends",
		     "You have the role use: you can " CAN_USE ". Access does not end.");
	assert_int_equal(written.kind, NOTIFY_EXPIRY_CHANGED);
}

static void role_that_is_left_after_another_expired_is_named(void **state)
{
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, bob, ROLE_ADMIN, NOW_MS);
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	(void)unshare(&s, SYSTEM, REASON_EXPIRED, &bob, 1);
	tell();
	assert_int_equal(count, 1);
	write_notice(0, "");
	assert_words("Your role on workspace dev is now use",
		     "You have the role use through group team: you can " CAN_USE ".");
}

static void removed_access_has_no_link(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)unshare_one(&s, actor(ERIN), user(BOB));
	tell();
	write_notice(0, "https://x");
	assert_words("erin no longer shares workspace dev with you",
		     "The role use that you had is gone.");
	assert_int_equal(written.action_count, 0);
	assert_int_equal(written.role, ROLE_NONE);
	assert_null(written.message.data);
}

static void access_removed_from_a_group_names_it(void **state)
{
	(void)state;
	grant(&s, group(TEAM), ROLE_ADMIN, ABSENT);
	(void)unshare_one(&s, SYSTEM, group(TEAM));
	tell();
	write_notice(1, "");
	assert_words("The system no longer shares workspace dev with you",
		     "The role admin that you had through group team is gone.");
}

static void expired_access_names_nobody(void **state)
{
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS);
	(void)unshare(&s, SYSTEM, REASON_EXPIRED, &bob, 1);
	tell();
	write_notice(0, "");
	assert_words("Your access to workspace dev has expired",
		     "The role use that you had is gone.");
	assert_int_equal(written.action_count, 0);
}

static void owner_reads_what_was_changed(void **state)
{
	struct grant_wish wishes[] = { wish(user(BOB), ROLE_USE), wish(group(TEAM), ROLE_ADMIN) };

	(void)state;
	(void)share(&s, actor(ERIN), wishes, 2);
	tell();
	write_notice(count - 1, "https://x");
	assert_int_equal(written.kind, NOTIFY_OWNER_NOTICE);
	assert_words("erin changed who your workspace dev is shared with",
		     "bob: use; group team: admin.");
	assert_action("https://x/@alice/dev");
	assert_int_equal(written.role, ROLE_NONE);
}

static void owner_reads_of_the_first_five_changes(void **state)
{
	struct change changes[7];

	(void)state;
	for (size_t i = 0; i < 7; i++)
		changes[i] = (struct change){ user(BOB), ROLE_USE, ROLE_NONE, ABSENT };
	s.decision = (struct decision){ .outcome = OUTCOME_APPLIED,
					.actor = actor(ERIN),
					.reason = REASON_COMMAND,
					.changes = changes,
					.change_count = 7 };
	tell();
	write_notice(count - 1, "");
	assert_words("erin changed who your workspace dev is shared with",
		     "bob: none; bob: none; bob: none; bob: none; bob: none; and 2 more.");
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
		TEST(new_owner_is_not_notified_of_losing_their_grant),
		TEST(unchanged_command_notifies_nobody),
		TEST(sharing_says_who_what_and_what_it_allows),
		TEST(sharing_through_a_group_with_an_end_says_so),
		TEST(sharing_with_everyone_names_the_organization),
		TEST(changed_role_is_named),
		TEST(end_of_a_role_that_a_lesser_one_outlasts_is_not_the_end_of_access),
		TEST(changed_end_is_named),
		TEST(role_that_is_left_after_another_expired_is_named),
		TEST(removed_access_has_no_link),
		TEST(access_removed_from_a_group_names_it),
		TEST(expired_access_names_nobody),
		TEST(owner_reads_what_was_changed),
		TEST(owner_reads_of_the_first_five_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
