/*
 * What a command must be like: rules 5, 6 and 8 to 13 of ARCHITECTURE.md, and
 * which of them come first. Each test proves one claim, in the small world of
 * world.h.
 */

#include "schemas/bounds.h"
#include "tests/unit/consumer/world.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

enum { MANY = 1200 };

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

/* ---- rules 5 and 6 ---- */

static void subject_must_exist(void **state)
{
	(void)state;
	assert_rejected(share_one(&s, actor(ALICE), user(NOBODY), ROLE_USE), REJECT_UNKNOWN_SUBJECT,
			"there is no user 0190163d-");
	assert_rejected(share_one(&s, actor(ALICE), group(NO_GROUP), ROLE_USE),
			REJECT_UNKNOWN_SUBJECT, "there is no group 0190163d-");
	assert_rejected(share_one(&s, actor(ALICE), user(DELIA), ROLE_USE), REJECT_UNKNOWN_SUBJECT,
			"there is no user delia");
	/* The id of a user is not that of a group, and the other way round. */
	assert_rejected(share_one(&s, actor(ALICE), group(BOB), ROLE_USE), REJECT_UNKNOWN_SUBJECT,
			"there is no group");
	assert_rejected(share_one(&s, actor(ALICE), user(TEAM), ROLE_USE), REJECT_UNKNOWN_SUBJECT,
			"there is no user");
}

static void subject_must_belong_to_the_organization(void **state)
{
	(void)state;
	assert_rejected(share_one(&s, actor(ALICE), user(OLGA), ROLE_USE), REJECT_NOT_A_MEMBER,
			"user olga is not a member");
	assert_rejected(share_one(&s, actor(ALICE), user(FRANK), ROLE_USE), REJECT_NOT_A_MEMBER,
			"user frank is not a member");
	assert_rejected(share_one(&s, actor(ALICE), group(STRANGERS), ROLE_USE),
			REJECT_NOT_A_MEMBER, "group strangers does not belong");
	assert_rejected(share_one(&s, actor(ALICE), group(GLOBEX), ROLE_USE), REJECT_NOT_A_MEMBER,
			"group everyone in globex does not belong");
}

static void removal_does_not_ask_whether_the_subject_exists(void **state)
{
	struct subject subjects[] = { user(NOBODY), user(DELIA), user(OLGA), group(NO_GROUP),
				      group(STRANGERS) };
	enum { COUNT = sizeof(subjects) / sizeof(*subjects) };

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		grant(&s, subjects[i], ROLE_USE, ABSENT);
	assert_applied(unshare(&s, actor(ALICE), REASON_COMMAND, subjects, COUNT), COUNT);
}

/* ---- rule 8 ---- */

static void expected_version_must_be_the_current_one(void **state)
{
	(void)state;
	s.workspace.version = 8;
	s.command.expected_version = 7;
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_VERSION_CONFLICT,
			"the sharing of dev is at version 8, not 7");
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_VERSION_CONFLICT, "not 7");
	s.command.expected_version = 9;
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_VERSION_CONFLICT,
			"not 9");
	s.command.expected_version = 8;
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
}

/* ---- rule 9 ---- */

static void expiry_must_lie_in_the_future(void **state)
{
	static const int64_t past[] = { NOW_MS, NOW_MS - 1, 0 };
	struct grant_wish w = wish_until(user(BOB), ROLE_USE, NOW_MS + 1);

	(void)state;
	assert_applied(share(&s, actor(ALICE), &w, 1), 1);
	for (size_t i = 0; i < sizeof(past) / sizeof(*past); i++) {
		w.expires_at = past[i];
		assert_rejected(share(&s, actor(ALICE), &w, 1), REJECT_ALREADY_EXPIRED,
				"lies in the past");
	}
	assert_rejected(share(&s, actor(ALICE), &w, 1), REJECT_ALREADY_EXPIRED,
			"1970-01-01T00:00:00.000Z");
}

static void an_end_is_given_or_kept(void **state)
{
	struct grant_wish w = wish_until(user(BOB), ROLE_USE, NOW_MS + 1);

	(void)state;
	w.keep_expiry = true;
	assert_rejected(share(&s, actor(ALICE), &w, 1), REJECT_INVALID_COMMAND, "keeps the one");
}

/* ---- rule 10 ---- */

/* Adds `count` grants of users that are not in the directory. */
static void fill(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct subject who = { SUBJECT_USER, { { 9, (uint8_t)(i >> 8), (uint8_t)i } } };

		grant(&s, who, ROLE_USE, ABSENT);
	}
}

static void one_thousand_grants_are_the_limit(void **state)
{
	struct grant_wish two[] = { wish(user(BOB), ROLE_USE), wish(user(CAROL), ROLE_USE) };

	(void)state;
	fill(GRANTS_PER_WORKSPACE_DEFAULT - 1);
	assert_applied(share(&s, actor(ALICE), two, 1), 1);
	assert_rejected(share(&s, actor(ALICE), two, 2), REJECT_TOO_MANY_GRANTS,
			"dev would be shared with 1001 users and groups; at most 1000 are allowed");
}

static void only_new_grants_count_against_the_limit(void **state)
{
	struct grant_wish two[] = { wish(user(BOB), ROLE_ADMIN), wish(user(CAROL), ROLE_USE) };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	fill(GRANTS_PER_WORKSPACE_DEFAULT - 1);
	assert_applied(share(&s, actor(ALICE), two, 1), 1);
	assert_rejected(share(&s, actor(ALICE), two, 2), REJECT_TOO_MANY_GRANTS, "1001");
}

static void limit_is_a_setting(void **state)
{
	struct grant_wish two[] = { wish(user(BOB), ROLE_USE), wish(user(CAROL), ROLE_USE) };

	(void)state;
	s.world.limits.grants_per_workspace = 1;
	assert_applied(share(&s, actor(ALICE), two, 1), 1);
	assert_rejected(share(&s, actor(ALICE), two, 2), REJECT_TOO_MANY_GRANTS,
			"the command names 2 users and groups; at most 1 are allowed");
}

static void access_can_be_removed_above_the_limit(void **state)
{
	(void)state;
	s.world.limits.grants_per_workspace = 1;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	fill(5);
	assert_applied(unshare_one(&s, actor(ALICE), user(BOB)), 1);
}

static void role_may_change_above_the_limit(void **state)
{
	(void)state;
	s.world.limits.grants_per_workspace = 2;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	fill(5);
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN), 1);
	assert_rejected(share_one(&s, actor(ALICE), user(CAROL), ROLE_USE), REJECT_TOO_MANY_GRANTS,
			"7 users and groups; at most 2");
}

static void existing_grant_is_unchanged_above_the_limit(void **state)
{
	(void)state;
	s.world.limits.grants_per_workspace = 2;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	fill(5);
	assert_unchanged(share_one(&s, actor(ALICE), user(BOB), ROLE_USE));
}

/* ---- rule 11 ---- */

static void command_seen_before_is_a_duplicate(void **state)
{
	struct uuid command = id_of(COMMAND);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	recent_add(&s.workspace.recent, &command, NOW_MS);
	(void)share_one(&s, actor(ALICE), user(CAROL), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_DUPLICATE);
	assert_int_equal(s.decision.change_count, 0);
	(void)unshare_one(&s, actor(ALICE), user(BOB));
	assert_int_equal(s.decision.outcome, OUTCOME_DUPLICATE);
	assert_int_equal(s.decision.change_count, 0);
}

static void duplicate_comes_before_every_other_rule(void **state)
{
	struct uuid command = id_of(COMMAND);

	(void)state;
	recent_add(&s.workspace.recent, &command, NOW_MS);
	put_deployment(&s, false);
	s.command.expected_version = 77;
	s.command.directory_offset = 7777;
	(void)share_one(&s, actor(NOBODY), user(NOBODY), ROLE_ADMIN);
	assert_int_equal(s.decision.outcome, OUTCOME_DUPLICATE);
	assert_int_equal(s.decision.code, REJECT_NONE);
	(void)unshare(&s, actor(NOBODY), REASON_EXPIRED, NULL, 0);
	assert_int_equal(s.decision.outcome, OUTCOME_DUPLICATE);
}

/* forgotten: the latest time in a forgotten id; made: when the command's id was. */
static void id_that_the_memory_does_not_reach_is_too_old(void **state)
{
	enum { DAY_MS = 24 * 60 * 60 * 1000 };
	const int64_t now = 100LL * DAY_MS;
	const struct {
		int64_t forgotten;
		int64_t made;
		bool too_old;
	} cases[] = {
		{ 0, now, false },
		{ 0, now - 30LL * DAY_MS, false },
		{ 0, now - 30LL * DAY_MS - 1, true },
		{ 0, 0, true },
		{ now - 5000, now - 5001, true },
		{ now - 5000, now - 5000, true },
		{ now - 5000, now - 4999, false },
		{ now + 5000, now, true },
		{ now + 5000, now + 5001, false },
	};

	(void)state;
	s.world.now = now;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		s.workspace.recent.forgotten = cases[i].forgotten;
		s.command.command_id = made_at(cases[i].made, 1);
		if (cases[i].too_old) {
			assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE),
					REJECT_COMMAND_TOO_OLD, "under a new id");
			assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)),
					REJECT_COMMAND_TOO_OLD, "dev no longer remembers");
		} else {
			assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
		}
	}
}

/* Whatever else has been forgotten. */
static void remembered_id_is_a_duplicate_however_old(void **state)
{
	(void)state;
	recent_restore(&s.workspace.recent, &(struct recent_command){ s.command.command_id, 0 });
	s.workspace.recent.forgotten = NOW_MS + 1;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_DUPLICATE);
}

static void revoked_access_does_not_come_back_with_a_late_repetition(void **state)
{
	struct uuid first = s.command.command_id;

	(void)state;
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN), 1);
	assert_true(fold(&s));
	for (unsigned i = 0; i <= RECENT_MIN; i++) {
		s.world.now += RECENT_SPAN_MS;
		s.command.command_id = made_at(s.world.now, i);
		(void)unshare_one(&s, actor(ALICE), user(BOB));
		assert_true(fold(&s));
	}
	s.command.command_id = first;
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN), REJECT_COMMAND_TOO_OLD,
			"");
}

static void id_of_another_version_is_invalid(void **state)
{
	(void)state;
	s.command.command_id = id_of(BOB);
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_INVALID_COMMAND,
			"is not a UUID of version 7");
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_INVALID_COMMAND,
			"under a new id");
	assert_rejected(unshare_one(&s, SYSTEM, user(BOB)), REJECT_INVALID_COMMAND, "version 7");
}

static void id_from_a_clock_far_ahead_is_invalid(void **state)
{
	(void)state;
	s.command.command_id = made_at(NOW_MS + RECENT_AHEAD_MAX_MS, 1);
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
	s.command.command_id = made_at(NOW_MS + RECENT_AHEAD_MAX_MS + 1, 1);
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_INVALID_COMMAND,
			"made at 1970-01-01T01:16:40.001Z, more than an hour ahead of Kafka; set "
			"the clock");
	s.command.command_id = made_at(0xFFFFFFFFFFFF, 1);
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_INVALID_COMMAND, "clock");
	s.world.now = INT64_MIN / 2;
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_INVALID_COMMAND, "clock");
}

/* Its id is derived from what it removes, and it may come as late and as often as it likes. */
static void removal_that_proves_itself_needs_no_time_in_its_id(void **state)
{
	struct subject bob = user(BOB);
	struct subject delia = user(DELIA);

	(void)state;
	grant(&s, bob, ROLE_USE, NOW_MS);
	grant(&s, delia, ROLE_USE, ABSENT);
	s.command.command_id = id_of(BOB);
	s.workspace.recent.forgotten = NOW_MS + 1;
	assert_applied(unshare(&s, SYSTEM, REASON_EXPIRED, &bob, 1), 1);
	assert_applied(unshare(&s, SYSTEM, REASON_USER_DELETED, &delia, 1), 1);
	assert_rejected(unshare(&s, actor(ALICE), REASON_EXPIRED, &bob, 1), REJECT_INVALID_COMMAND,
			"version 7");
	assert_rejected(unshare(&s, SYSTEM, REASON_HANDOFF, &bob, 1), REJECT_INVALID_COMMAND,
			"version 7");
}

static void rejected_command_repeated_is_rejected_again(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_rejected(share_one(&s, actor(ALICE), user(NOBODY), ROLE_USE),
				REJECT_UNKNOWN_SUBJECT, "");
		assert_false(fold(&s));
	}
}

static void unchanged_command_repeated_is_a_duplicate(void **state)
{
	(void)state;
	assert_unchanged(unshare_one(&s, actor(ALICE), user(BOB)));
	assert_true(fold(&s));
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_DUPLICATE);
}

static void another_command_is_no_duplicate(void **state)
{
	struct uuid other = id_of(NAMES);

	(void)state;
	recent_add(&s.workspace.recent, &other, NOW_MS);
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
}

/* ---- rule 12 ---- */

static void existing_grant_is_unchanged(void **state)
{
	struct grant_wish w = wish_until(user(CAROL), ROLE_ADMIN, NOW_MS + 9);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	grant(&s, user(CAROL), ROLE_ADMIN, NOW_MS + 9);
	assert_unchanged(share_one(&s, actor(ALICE), user(BOB), ROLE_USE));
	assert_unchanged(share(&s, actor(ALICE), &w, 1));
	assert_unchanged(unshare_one(&s, actor(ALICE), user(DAVE)));
}

static void only_what_differs_is_a_change(void **state)
{
	struct grant_wish two[] = { wish(user(BOB), ROLE_USE), wish(user(CAROL), ROLE_USE) };
	struct subject subjects[] = { user(DAVE), user(BOB) };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	assert_applied(share(&s, actor(ALICE), two, 2), 1);
	assert_change(&s.decision, 0, user(CAROL), ROLE_NONE, ROLE_USE);
	assert_applied(unshare(&s, actor(ALICE), REASON_COMMAND, subjects, 2), 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_NONE);
}

/* ---- rule 13 ---- */

static void directory_must_be_as_far_as_the_author_saw_it(void **state)
{
	(void)state;
	s.command.directory_offset = 100;
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
	s.command.directory_offset = 101;
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_DIRECTORY_AHEAD,
			"up to offset 101, but it ends at 100");
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_DIRECTORY_AHEAD, "101");
}

/* ---- commands that make no sense ---- */

static void command_without_an_id_is_invalid(void **state)
{
	(void)state;
	s.command.command_id = id_of(NIL);
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_INVALID_COMMAND,
			"the command has no id");
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_INVALID_COMMAND,
			"the command has no id");
}

static void command_that_names_nobody_is_invalid(void **state)
{
	(void)state;
	assert_rejected(share(&s, actor(ALICE), NULL, 0), REJECT_INVALID_COMMAND,
			"the command names nobody");
	assert_rejected(unshare(&s, actor(ALICE), REASON_COMMAND, NULL, 0), REJECT_INVALID_COMMAND,
			"the command names nobody");
}

static void message_that_is_too_long_is_invalid(void **state)
{
	static char text[MESSAGE_MAX + 2];
	struct grant_wish one[] = { wish(user(BOB), ROLE_USE) };

	(void)state;
	memset(text, 'x', MESSAGE_MAX + 1);
	s.message = bytes_of(text);
	assert_rejected(share(&s, actor(ALICE), one, 1), REJECT_INVALID_COMMAND,
			"the message has 2001 bytes; at most 2000 are allowed");
	text[MESSAGE_MAX] = 0;
	s.message = bytes_of(text);
	assert_applied(share(&s, actor(ALICE), one, 1), 1);
}

/* Fills the group TEAM with that many people, who need not exist. */
static void fill_team(size_t count)
{
	static struct uuid members[GROUP_MEMBERS_MAX];

	for (size_t i = 0; i < count; i++)
		members[i] =
			(struct uuid){ { 9, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };
	put_group(&s, TEAM, members, count);
}

static void message_times_people_has_a_bound(void **state)
{
	enum { PEOPLE = 1000 };
	static char text[MESSAGE_MAX + 1];
	struct grant_wish team[] = { wish(group(TEAM), ROLE_USE) };

	(void)state;
	memset(text, 'x', MESSAGE_MAX);
	s.message = bytes_of(text);
	s.world.limits.outputs_bytes = 8 << 20;
	fill_team(PEOPLE);
	assert_applied(share(&s, actor(ALICE), team, 1), 1);
	fill_team((size_t)2 * PEOPLE);
	assert_rejected(share(&s, actor(ALICE), team, 1), REJECT_TOO_LARGE,
			"2001 people (counted once for each group) would be told up to");
	s.message = (struct bytes){ 0 };
	assert_applied(share(&s, actor(ALICE), team, 1), 1);
}

static void largest_group_can_be_shared_with(void **state)
{
	struct grant_wish team[] = { wish(group(TEAM), ROLE_USE) };

	(void)state;
	s.message = (struct bytes){ 0 };
	fill_team(GROUP_MEMBERS_MAX);
	assert_applied(share(&s, actor(ALICE), team, 1), 1);
}

/* A topic that takes less than what a share makes known. */
static void share_that_does_not_fit_a_topic_is_too_large(void **state)
{
	static const struct {
		size_t offset;
		const char *topic;
	} cases[] = {
		{ offsetof(struct limits, event_bytes), "sharing.events takes 100" },
		{ offsetof(struct limits, notification_bytes), "sharing.notifications takes 100" },
		{ offsetof(struct limits, state_bytes), "sharing.grants takes 100" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		s.world.limits = limits_default();
		*(size_t *)(void *)((uint8_t *)&s.world.limits + cases[i].offset) = 100;
		assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_TOO_LARGE,
				cases[i].topic);
	}
}

/* Whoever may take access away is never told that it is too much. */
static void removal_is_never_too_large(void **state)
{
	(void)state;
	s.world.limits = (struct limits){ 0 };
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	assert_applied(unshare_one(&s, actor(ALICE), user(BOB)), 1);
}

static void command_beyond_its_bounds_is_invalid(void **state)
{
	struct grant_wish late[] = { wish_until(user(BOB), ROLE_USE, TIME_MAX_MS + 1) };
	struct grant_wish early[] = { wish_until(user(BOB), ROLE_USE, ABSENT + 1) };

	(void)state;
	assert_rejected(share(&s, actor(ALICE), late, 1), REJECT_INVALID_COMMAND, "expires_at");
	assert_rejected(share(&s, actor(ALICE), early, 1), REJECT_INVALID_COMMAND, "expires_at");
	s.command.issued_at = -1;
	assert_rejected(unshare_one(&s, actor(ALICE), user(BOB)), REJECT_INVALID_COMMAND,
			"issued_at");
}

static void subject_twice_with_two_roles_is_invalid(void **state)
{
	struct grant_wish roles[] = { wish(user(BOB), ROLE_USE), wish(user(BOB), ROLE_ADMIN) };
	struct grant_wish ends[] = { wish(user(BOB), ROLE_USE),
				     wish_until(user(BOB), ROLE_USE, NOW_MS + 1) };

	(void)state;
	assert_rejected(share(&s, actor(ALICE), roles, 2), REJECT_INVALID_COMMAND,
			"the command names bob twice and differently");
	assert_rejected(share(&s, actor(ALICE), ends, 2), REJECT_INVALID_COMMAND,
			"the command names bob twice and differently");
}

static void subject_twice_is_invalid_even_if_the_first_changes_nothing(void **state)
{
	struct grant_wish two[] = { wish(user(BOB), ROLE_USE), wish(user(BOB), ROLE_ADMIN) };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	assert_rejected(share(&s, actor(ALICE), two, 2), REJECT_INVALID_COMMAND,
			"the command names bob twice and differently");
}

static void wrong_subject_named_twice_is_reported_once(void **state)
{
	struct grant_wish two[] = { wish(user(NOBODY), ROLE_USE), wish(user(NOBODY), ROLE_USE) };

	(void)state;
	assert_rejected(share(&s, actor(ALICE), two, 2), REJECT_UNKNOWN_SUBJECT,
			"there is no user");
}

static void subject_twice_with_one_role_counts_once(void **state)
{
	struct grant_wish wishes[] = { wish(user(BOB), ROLE_USE), wish(user(BOB), ROLE_USE) };
	struct subject subjects[] = { user(CAROL), user(CAROL) };

	(void)state;
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	assert_applied(share(&s, actor(ALICE), wishes, 2), 1);
	assert_applied(unshare(&s, actor(ALICE), REASON_COMMAND, subjects, 2), 1);
}

static void user_and_group_of_one_id_are_not_the_same_twice(void **state)
{
	struct subject subjects[] = { user(BOB), group(BOB) };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	grant(&s, group(BOB), ROLE_ADMIN, ABSENT);
	assert_applied(unshare(&s, actor(ALICE), REASON_COMMAND, subjects, 2), 2);
}

/* ---- several problems ---- */

static void all_problems_are_reported_and_the_first_gives_the_code(void **state)
{
	struct grant_wish wishes[] = {
		wish(user(CAROL), ROLE_USE), /* nothing is wrong with this one */
		wish(user(NOBODY), ROLE_ADMIN),
		wish_until(user(OLGA), ROLE_USE, 1),
		wish(user(ALICE), ROLE_USE),
	};
	static const char *const parts[] = { "there is no user", "not admin to",
					     "olga is not a member", "lies in the past",
					     "alice owns dev" };
	enum { COUNT = sizeof(parts) / sizeof(*parts) };
	const struct decision *d;

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	d = share(&s, actor(BOB), wishes, 4);
	assert_int_equal(d->outcome, OUTCOME_REJECTED);
	assert_int_equal(d->code, REJECT_UNKNOWN_SUBJECT);
	assert_int_equal(d->detail_count, COUNT);
	assert_int_equal(d->change_count, 0);
	for (size_t i = 0; i < COUNT; i++) {
		assert_non_null(strstr((const char *)d->details[i].data, parts[i]));
		assert_non_null(strstr((const char *)d->rejection.data, parts[i]));
	}
}

static void problems_are_joined_into_one_message(void **state)
{
	struct grant_wish wishes[] = { wish(user(OLGA), ROLE_USE), wish(user(ALICE), ROLE_USE) };

	(void)state;
	(void)share(&s, actor(ALICE), wishes, 2);
	assert_true(bytes_equal_text(s.decision.rejection,
				     "user olga is not a member of the workspace's organization; "
				     "alice owns dev, and nobody shares with the owner"));
}

static void switched_off_and_forbidden_are_reported_together(void **state)
{
	(void)state;
	put_deployment(&s, false);
	(void)share_one(&s, actor(BOB), user(CAROL), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_REJECTED);
	assert_int_equal(s.decision.code, REJECT_SHARING_DISABLED);
	assert_int_equal(s.decision.detail_count, 2);
}

static void message_of_many_problems_is_cut_between_them(void **state)
{
	static struct grant_wish wishes[MANY];

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		wishes[i] = wish(
			(struct subject){ SUBJECT_USER, { { 9, (uint8_t)(i >> 8), (uint8_t)i } } },
			ROLE_USE);
	(void)share(&s, actor(ALICE), wishes, GRANTS_PER_WORKSPACE_DEFAULT);
	assert_int_equal(s.decision.code, REJECT_UNKNOWN_SUBJECT);
	assert_int_equal(s.decision.detail_count, GRANTS_PER_WORKSPACE_DEFAULT);
	assert_in_range(s.decision.rejection.len, OUTCOME_MESSAGE_MAX - 100, OUTCOME_MESSAGE_MAX);
	assert_int_equal(s.decision.rejection.data[s.decision.rejection.len], 0);
	/* A command that names more than the limit is rejected before its wishes are looked at. */
	assert_rejected(share(&s, actor(ALICE), wishes, MANY), REJECT_TOO_MANY_GRANTS,
			"the command names 1200");
}

static void details_have_a_bound(void **state)
{
	static struct grant_wish wishes[MANY];

	(void)state;
	s.world.limits.grants_per_workspace = MANY;
	for (size_t i = 0; i < MANY; i++)
		wishes[i] = wish(
			(struct subject){ SUBJECT_USER, { { 9, (uint8_t)(i >> 8), (uint8_t)i } } },
			ROLE_USE);
	(void)share(&s, actor(ALICE), wishes, MANY);
	assert_int_equal(s.decision.detail_count, DETAILS_MAX);
	assert_true(bytes_equal_text(s.decision.details[DETAILS_MAX - 1], "and 201 more"));
}

/* One person with a long name, named very often: each time is a problem, of 300 bytes. */
static void problems_that_are_not_shown_take_no_memory(void **state)
{
	enum { TIMES = 20000, MEMORY_MAX = 4 * 1024 * 1024 };
	static struct grant_wish wishes[TIMES];
	static char name[NAME_BYTES_MAX + 1];
	const struct uuid bob = id_of(BOB);
	struct record r = { .type = RECORD_USER_CHANGED };

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	r.as.user_changed = *directory_user(s.directory, &bob);
	r.as.user_changed.username = bytes_of(name);
	assert_true(directory_put(s.directory, &r, NULL));
	s.world.limits.grants_per_workspace = TIMES;
	for (size_t i = 0; i < TIMES; i++)
		wishes[i] = wish(user(BOB), i ? ROLE_USE : ROLE_ADMIN);
	(void)share(&s, actor(ALICE), wishes, TIMES);
	assert_int_equal(s.decision.code, REJECT_INVALID_COMMAND);
	assert_int_equal(s.decision.detail_count, DETAILS_MAX);
	assert_true(bytes_equal_text(s.decision.details[DETAILS_MAX - 1], "and 19000 more"));
	assert_in_range(arena_size(&s.arena), 1, MEMORY_MAX);
}

/* The workspace's name alone is longer than a rejection may be. */
static void first_problem_is_cut_when_it_is_too_long(void **state)
{
	static char name[OUTCOME_MESSAGE_MAX + 1];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	workspace_set_name(&s.workspace, bytes_of(name));
	(void)share_one(&s, actor(BOB), user(CAROL), ROLE_USE);
	assert_int_equal(s.decision.code, REJECT_FORBIDDEN);
	assert_int_equal(s.decision.rejection.len, OUTCOME_MESSAGE_MAX);
	assert_int_equal(s.decision.rejection.data[OUTCOME_MESSAGE_MAX], 0);
	assert_memory_equal(s.decision.rejection.data, s.decision.details[0].data,
			    OUTCOME_MESSAGE_MAX);
	assert_true(s.decision.details[0].len > OUTCOME_MESSAGE_MAX);
}

static void one_wrong_wish_rejects_them_all(void **state)
{
	struct grant_wish wishes[] = { wish(user(BOB), ROLE_USE), wish(user(NOBODY), ROLE_USE),
				       wish(user(CAROL), ROLE_USE) };

	(void)state;
	assert_rejected(share(&s, actor(ALICE), wishes, 3), REJECT_UNKNOWN_SUBJECT, "");
	assert_false(fold(&s));
	assert_int_equal(s.workspace.grant_count, 0);
	assert_int_equal(s.workspace.version, 1);
}

static void one_wrong_removal_rejects_them_all(void **state)
{
	struct subject subjects[] = { user(DAVE), user(CAROL) };

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, user(CAROL), ROLE_ADMIN, ABSENT);
	grant(&s, user(DAVE), ROLE_USE, ABSENT);
	assert_rejected(unshare(&s, actor(BOB), REASON_COMMAND, subjects, 2), REJECT_ROLE_CEILING,
			"carol");
	(void)fold(&s);
	assert_int_equal(s.workspace.grant_count, 3);
}

static void rules_on_the_command_come_before_those_on_its_wishes(void **state)
{
	static const struct {
		int64_t offset;
		int64_t version;
		enum name actor;
		enum reject_code code;
		bool registered;
		bool on;
	} cases[] = {
		{ 101, 9, NOBODY, REJECT_UNKNOWN_WORKSPACE, false, false },
		{ 101, 9, NOBODY, REJECT_DIRECTORY_AHEAD, true, false },
		{ 100, 9, NOBODY, REJECT_VERSION_CONFLICT, true, false },
		{ 100, 1, NOBODY, REJECT_SHARING_DISABLED, true, false },
		{ 100, 1, NOBODY, REJECT_FORBIDDEN, true, true },
		{ 100, 1, ALICE, REJECT_UNKNOWN_SUBJECT, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		s.workspace.registered = cases[i].registered;
		s.command.directory_offset = cases[i].offset;
		s.command.expected_version = cases[i].version;
		put_deployment(&s, cases[i].on);
		(void)share_one(&s, actor(cases[i].actor), user(NOBODY), ROLE_USE);
		assert_int_equal(s.decision.code, cases[i].code);
	}
}

/* ---- rules 14 and 15 ---- */

/* DAVE is an admin of the workspace until then. */
static void dave_is_admin_until(struct subject through, int64_t until)
{
	grant(&s, through, ROLE_ADMIN, until);
}

static void admin_gives_nothing_that_lasts_longer_than_their_own(void **state)
{
	static const struct {
		int64_t own;
		int64_t wish;
		bool good;
	} cases[] = {
		{ NOW_MS + 5, NOW_MS + 5, true },  { NOW_MS + 5, NOW_MS + 4, true },
		{ NOW_MS + 5, NOW_MS + 6, false }, { NOW_MS + 5, ABSENT, false },
		{ ABSENT, ABSENT, true },          { ABSENT, NOW_MS + 6, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grant_wish w = wish_until(user(BOB), ROLE_USE, cases[i].wish);

		dave_is_admin_until(user(DAVE), cases[i].own);
		(void)share(&s, actor(DAVE), &w, 1);
		if (cases[i].good)
			assert_applied(&s.decision, 1);
		else
			assert_rejected(&s.decision, REJECT_BEYOND_OWN_EXPIRY,
					"access for bob must end by 1970-01-01T00:16:40.005Z");
	}
}

/* The grant that lasts longest counts, and only those that make an admin. */
static void own_end_is_that_of_the_last_admin_grant(void **state)
{
	struct grant_wish w = wish_until(user(BOB), ROLE_USE, NOW_MS + 9);

	(void)state;
	dave_is_admin_until(user(DAVE), NOW_MS + 5);
	grant(&s, group(ACME), ROLE_USE, ABSENT);
	assert_rejected(share(&s, actor(DAVE), &w, 1), REJECT_BEYOND_OWN_EXPIRY, "bob");
	dave_is_admin_until(group(CREW), NOW_MS + 9);
	assert_applied(share(&s, actor(DAVE), &w, 1), 1);
}

static void whoever_is_more_than_an_admin_of_the_workspace_has_no_end(void **state)
{
	static const enum name names[] = { ALICE, ERIN, FRANK };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		dave_is_admin_until(user(names[i]), NOW_MS + 5);
		assert_applied(share_one(&s, actor(names[i]), user(BOB), ROLE_USE), 1);
	}
	assert_applied(share_one(&s, SYSTEM, user(BOB), ROLE_USE), 1);
}

static void what_stays_as_it_is_may_last_longer(void **state)
{
	(void)state;
	dave_is_admin_until(user(DAVE), NOW_MS + 5);
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	assert_unchanged(share_one(&s, actor(DAVE), user(BOB), ROLE_USE));
}

static void removal_is_not_asked_how_long_its_actor_may(void **state)
{
	(void)state;
	dave_is_admin_until(user(DAVE), NOW_MS + 5);
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	assert_applied(unshare_one(&s, actor(DAVE), user(BOB)), 1);
}

static void grants_last_no_longer_than_the_organization_allows(void **state)
{
	static const struct {
		int64_t wish;
		bool good;
	} cases[] = {
		{ NOW_MS + 1, true },
		{ NOW_MS + 60, true },
		{ NOW_MS + 61, false },
		{ ABSENT, false },
	};

	(void)state;
	put_lifetime(&s, ACME, 60);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grant_wish w = wish_until(user(BOB), ROLE_USE, cases[i].wish);

		(void)share(&s, actor(ALICE), &w, 1);
		if (cases[i].good)
			assert_applied(&s.decision, 1);
		else
			assert_rejected(&s.decision, REJECT_LIFETIME_EXCEEDED,
					"access for bob must end by 1970-01-01T00:16:40.060Z, as "
					"the organization acme demands");
	}
}

static void lifetime_of_another_organization_does_not_count(void **state)
{
	(void)state;
	put_lifetime(&s, GLOBEX, 60);
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
}

/* A grant from before the limit stays, and its end may be kept when nothing changes. */
static void grant_from_before_the_limit_stays(void **state)
{
	struct grant_wish w = wish(user(BOB), ROLE_ADMIN);

	(void)state;
	put_lifetime(&s, ACME, 60);
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	assert_unchanged(share_one(&s, actor(ALICE), user(BOB), ROLE_USE));
	w.keep_expiry = true;
	assert_rejected(share(&s, actor(ALICE), &w, 1), REJECT_LIFETIME_EXCEEDED, "bob");
}

static void both_ends_are_reported_together(void **state)
{
	(void)state;
	put_lifetime(&s, ACME, 60);
	dave_is_admin_until(user(DAVE), NOW_MS + 5);
	(void)share_one(&s, actor(DAVE), user(BOB), ROLE_USE);
	assert_int_equal(s.decision.code, REJECT_BEYOND_OWN_EXPIRY);
	assert_int_equal(s.decision.detail_count, 2);
}

static void reassigned_handoff_is_bound_by_the_lifetime(void **state)
{
	struct subject carol = user(CAROL);

	(void)state;
	(void)offer(&s, actor(ALICE), user(BOB), ROLE_USE);
	carry_out(&s);
	(void)answer(&s, actor(BOB), ANSWER_ACCEPT);
	carry_out(&s);
	put_lifetime(&s, ACME, 60);
	s.answer.to = &carol;
	assert_rejected(answer(&s, actor(BOB), ANSWER_REASSIGN), REJECT_LIFETIME_EXCEEDED, "carol");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(subject_must_exist),
		TEST(subject_must_belong_to_the_organization),
		TEST(removal_does_not_ask_whether_the_subject_exists),
		TEST(expected_version_must_be_the_current_one),
		TEST(expiry_must_lie_in_the_future),
		TEST(an_end_is_given_or_kept),
		TEST(one_thousand_grants_are_the_limit),
		TEST(only_new_grants_count_against_the_limit),
		TEST(limit_is_a_setting),
		TEST(access_can_be_removed_above_the_limit),
		TEST(role_may_change_above_the_limit),
		TEST(existing_grant_is_unchanged_above_the_limit),
		TEST(command_seen_before_is_a_duplicate),
		TEST(duplicate_comes_before_every_other_rule),
		TEST(id_that_the_memory_does_not_reach_is_too_old),
		TEST(remembered_id_is_a_duplicate_however_old),
		TEST(revoked_access_does_not_come_back_with_a_late_repetition),
		TEST(id_of_another_version_is_invalid),
		TEST(id_from_a_clock_far_ahead_is_invalid),
		TEST(removal_that_proves_itself_needs_no_time_in_its_id),
		TEST(rejected_command_repeated_is_rejected_again),
		TEST(unchanged_command_repeated_is_a_duplicate),
		TEST(another_command_is_no_duplicate),
		TEST(existing_grant_is_unchanged),
		TEST(only_what_differs_is_a_change),
		TEST(directory_must_be_as_far_as_the_author_saw_it),
		TEST(command_without_an_id_is_invalid),
		TEST(command_that_names_nobody_is_invalid),
		TEST(message_that_is_too_long_is_invalid),
		TEST(message_times_people_has_a_bound),
		TEST(largest_group_can_be_shared_with),
		TEST(share_that_does_not_fit_a_topic_is_too_large),
		TEST(removal_is_never_too_large),
		TEST(command_beyond_its_bounds_is_invalid),
		TEST(subject_twice_with_two_roles_is_invalid),
		TEST(subject_twice_is_invalid_even_if_the_first_changes_nothing),
		TEST(wrong_subject_named_twice_is_reported_once),
		TEST(subject_twice_with_one_role_counts_once),
		TEST(user_and_group_of_one_id_are_not_the_same_twice),
		TEST(all_problems_are_reported_and_the_first_gives_the_code),
		TEST(problems_are_joined_into_one_message),
		TEST(switched_off_and_forbidden_are_reported_together),
		TEST(message_of_many_problems_is_cut_between_them),
		TEST(first_problem_is_cut_when_it_is_too_long),
		TEST(details_have_a_bound),
		TEST(problems_that_are_not_shown_take_no_memory),
		TEST(one_wrong_wish_rejects_them_all),
		TEST(one_wrong_removal_rejects_them_all),
		TEST(rules_on_the_command_come_before_those_on_its_wishes),
		TEST(admin_gives_nothing_that_lasts_longer_than_their_own),
		TEST(own_end_is_that_of_the_last_admin_grant),
		TEST(whoever_is_more_than_an_admin_of_the_workspace_has_no_end),
		TEST(what_stays_as_it_is_may_last_longer),
		TEST(removal_is_not_asked_how_long_its_actor_may),
		TEST(grants_last_no_longer_than_the_organization_allows),
		TEST(lifetime_of_another_organization_does_not_count),
		TEST(grant_from_before_the_limit_stays),
		TEST(both_ends_are_reported_together),
		TEST(reassigned_handoff_is_bound_by_the_lifetime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
