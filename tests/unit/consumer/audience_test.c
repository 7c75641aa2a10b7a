/* Whom a decision concerns, and what they may do before and after it as a whole. */

#include "consumer/audience.h"

#include "cache/access.h"
#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

static struct scene s;
static struct audience audience;

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

/* Finds the audience of the last decision, which has not been carried out yet. */
static void find(void)
{
	audience_find(&s.world, &s.record, &s.decision, &audience);
}

static const struct listener *listener_of(enum name who)
{
	struct uuid id = id_of(who);

	for (size_t i = 0; i < audience.count; i++)
		if (uuid_equal(&audience.list[i].id, &id))
			return &audience.list[i];
	return NULL;
}

static void assert_roles(enum name who, enum role before, enum role after)
{
	const struct listener *l = listener_of(who);

	assert_non_null(l);
	if (l->before.role != before || l->after.role != after)
		fail_msg("%d: from %d to %d", who, l->before.role, l->after.role);
}

static void assert_through(const struct entitlement *standing, enum name group)
{
	struct uuid id = id_of(group);

	assert_true(uuid_equal(&standing->group_id, &id));
}

/* ---- who ---- */

static void audience_is_everybody_named_but_actor_owner_and_deleted_users(void **state)
{
	struct grant_wish wishes[] = { wish(group(CREW), ROLE_USE), wish(group(ACME), ROLE_USE),
				       wish(user(BOB), ROLE_USE) };
	static const enum name concerned[] = { BOB, CAROL, DAVE, SAM, ROBOT };

	(void)state;
	(void)share(&s, actor(ERIN), wishes, 3);
	find();
	assert_int_equal(audience.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(audience.list[i].id.bytes[15], concerned[i]);
}

static void decision_that_changes_nothing_has_no_audience(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_USE);
	find();
	assert_int_equal(audience.count, 0);
	(void)share_one(&s, actor(CAROL), user(BOB), ROLE_ADMIN);
	find();
	assert_int_equal(audience.count, 0);
}

/* ---- one person, one other path ---- */

/* BOB may have a grant through TEAM, which stays, while his own changes; and the other way round. */
static void greatest_role_counts_before_and_after(void **state)
{
	static const enum role roles[] = { ROLE_NONE, ROLE_USE, ROLE_ADMIN };

	(void)state;
	for (int i = 0; i < 54; i++) {
		enum role other = roles[i % 3];
		enum role before = roles[i / 3 % 3];
		enum role after = roles[i / 9 % 3];
		bool direct = i / 27;
		struct subject changed = direct ? user(BOB) : group(TEAM);

		if (before == after)
			continue;
		scene_reset(&s);
		if (other)
			grant(&s, direct ? group(TEAM) : user(BOB), other, ABSENT);
		if (before)
			grant(&s, changed, before, ABSENT);
		if (after)
			(void)share_one(&s, actor(ERIN), changed, after);
		else
			(void)unshare_one(&s, actor(ERIN), changed);
		find();
		assert_int_equal(audience.count, direct ? 1 : 2);
		assert_roles(BOB, before > other ? before : other, after > other ? after : other);
	}
}

static void all_changes_of_a_command_count_together(void **state)
{
	struct subject both[] = { group(TEAM), group(CREW) };
	struct grant_wish swap[] = { wish(user(CAROL), ROLE_USE), wish(group(CREW), ROLE_ADMIN) };

	(void)state;
	grant(&s, both[0], ROLE_USE, ABSENT);
	grant(&s, both[1], ROLE_USE, ABSENT);
	(void)unshare(&s, actor(ERIN), REASON_COMMAND, both, 2);
	find();
	assert_roles(CAROL, ROLE_USE, ROLE_NONE);
	(void)share(&s, actor(ERIN), swap, 2);
	find();
	assert_roles(CAROL, ROLE_USE, ROLE_ADMIN);
	assert_through(&listener_of(CAROL)->before, TEAM);
	assert_through(&listener_of(CAROL)->after, CREW);
}

static void direct_grant_is_named_before_a_group_and_of_groups_the_smallest(void **state)
{
	(void)state;
	grant(&s, group(CREW), ROLE_USE, ABSENT);
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	(void)share_one(&s, actor(ERIN), user(CAROL), ROLE_USE);
	find();
	assert_through(&listener_of(CAROL)->before, TEAM);
	assert_through(&listener_of(CAROL)->after, NIL);
}

/* ---- time ---- */

static void role_ends_with_the_last_grant_that_gives_it(void **state)
{
	struct grant_wish w = wish_until(user(BOB), ROLE_ADMIN, NOW_MS + 5);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 3);
	grant(&s, group(TEAM), ROLE_USE, NOW_MS + 9);
	(void)share(&s, actor(ERIN), &w, 1);
	find();
	assert_int_equal(listener_of(BOB)->before.until, NOW_MS + 9);
	assert_int_equal(listener_of(BOB)->before.access_until, NOW_MS + 9);
	assert_int_equal(listener_of(BOB)->after.until, NOW_MS + 5);
	assert_int_equal(listener_of(BOB)->after.access_until, NOW_MS + 9);
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	find();
	assert_true(listener_of(BOB)->before.until == ABSENT);
	assert_true(listener_of(BOB)->after.access_until == ABSENT);
}

static void expired_grant_counts_only_before_its_own_removal(void **state)
{
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, NOW_MS);
	(void)share_one(&s, actor(ERIN), group(TEAM), ROLE_USE);
	find();
	assert_roles(BOB, ROLE_NONE, ROLE_USE);
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_USE);
	find();
	assert_roles(BOB, ROLE_NONE, ROLE_USE);
	(void)unshare(&s, SYSTEM, REASON_EXPIRED, &bob, 1);
	find();
	assert_roles(BOB, ROLE_ADMIN, ROLE_NONE);
}

/* ---- policy ---- */

static void whoever_policy_stops_has_no_role_on_either_side(void **state)
{
	struct subject both[] = { user(BOB), user(SAM) };
	struct grant_wish wishes[] = { wish(user(BOB), ROLE_USE), wish(user(SAM), ROLE_USE) };

	(void)state;
	(void)share(&s, actor(ERIN), wishes, 2);
	find();
	assert_roles(BOB, ROLE_NONE, ROLE_USE);
	assert_roles(SAM, ROLE_NONE, ROLE_NONE); /* suspended */
	grant(&s, both[0], ROLE_USE, ABSENT);
	grant(&s, both[1], ROLE_USE, ABSENT);
	(void)unshare(&s, actor(ERIN), REASON_COMMAND, both, 2);
	find();
	assert_roles(BOB, ROLE_USE, ROLE_NONE);
	assert_roles(SAM, ROLE_NONE, ROLE_NONE);
	s.workspace.status = WORKSPACE_DORMANT;
	find();
	assert_roles(BOB, ROLE_NONE, ROLE_NONE);
	s.workspace.status = WORKSPACE_ACTIVE;
	put_organization(&s, ACME, SHARING_SERVICE_ACCOUNTS);
	find();
	assert_roles(BOB, ROLE_NONE, ROLE_NONE);
}

static void deletion_takes_all_that_people_had(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, group(CREW), ROLE_USE, ABSENT);
	(void)deletion(&s);
	find();
	assert_int_equal(audience.count, 4);
	assert_roles(BOB, ROLE_ADMIN, ROLE_NONE);
	assert_roles(CAROL, ROLE_USE, ROLE_NONE);
	assert_roles(SAM, ROLE_NONE, ROLE_NONE);
}

static void new_owner_is_not_concerned_by_the_grant_that_goes(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	fact.owner_id = id_of(BOB);
	(void)workspace_fact(&s, &fact);
	assert_int_equal(s.decision.change_count, 1);
	find();
	assert_int_equal(audience.count, 1); /* ALICE, who loses the workspace to him */
	assert_roles(ALICE, ROLE_NONE, ROLE_NONE);
}

/* ---- against checks ---- */

static uint64_t dice;

static unsigned roll(unsigned n)
{
	dice = dice * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(dice >> 33) % n;
}

enum { SUBJECT_COUNT = 10 };

static struct subject any_subject(unsigned i)
{
	static const enum name users[] = { BOB, CAROL, DAVE, SAM, OLGA };
	static const enum name groups[] = { TEAM, CREW, STRANGERS, ACME, GLOBEX };

	return i < 5 ? user(users[i]) : group(groups[i - 5]);
}

static int64_t any_expiry(bool expired_too)
{
	static const int64_t times[] = {
		NOW_MS - 1, NOW_MS, ABSENT, ABSENT, NOW_MS + 1, NOW_MS + 2
	};

	return times[expired_too ? roll(6) : 2 + roll(4)];
}

/* What a check says of the user: the role that lets her connect. */
static enum role checked_role(enum name who)
{
	static const enum name names[] = { TEAM, CREW, STRANGERS };
	struct uuid groups[3];
	struct uuid id = id_of(who);
	struct access_facts f = {
		.workspace = &s.workspace,
		.user = directory_user(s.directory, &id),
		.owner = directory_user(s.directory, &s.workspace.owner_id),
		.organization = directory_organization(s.directory, &s.workspace.organization_id),
		.sharing_enabled = directory_sharing_enabled(s.directory),
		.groups = groups,
		.now = NOW_MS,
	};
	struct access a;

	for (size_t i = 0; i < 3; i++) {
		groups[f.group_count] = id_of(names[i]);
		f.group_count += directory_in_group(s.directory, &id, &groups[f.group_count]);
	}
	a = access_check(&f, ACTION_SSH);
	return a.allowed ? a.role : ROLE_NONE;
}

static void draw_world(void)
{
	if (!roll(6))
		put_organization(&s, ACME, SHARING_NONE);
	if (!roll(8))
		put_deployment(&s, false);
	if (!roll(6))
		s.workspace.status = WORKSPACE_DORMANT;
	if (!roll(8))
		s.workspace.organization_id = id_of(GLOBEX);
	for (unsigned i = 0; i < SUBJECT_COUNT; i++)
		if (roll(2))
			grant(&s, any_subject(i), roll(3) ? ROLE_USE : ROLE_ADMIN,
			      any_expiry(true));
}

static void draw_decision(struct change *changes)
{
	s.record = (struct record){ .type = RECORD_SHARE_WORKSPACE };
	s.decision = (struct decision){ .outcome = OUTCOME_APPLIED,
					.actor = actor(ERIN),
					.changes = changes };
	for (unsigned i = 0; i < SUBJECT_COUNT; i++) {
		struct subject subject = any_subject((i * 3 + 1) % SUBJECT_COUNT);
		const struct grant *g = workspace_grant(&s.workspace, &subject);
		enum role after = (enum role)roll(3);

		if (roll(3) || (!g && !after))
			continue;
		changes[s.decision.change_count++] =
			(struct change){ subject, g ? g->role : ROLE_NONE, after,
					 after ? any_expiry(false) : ABSENT };
	}
}

/* A grant that the decision removes counts before it, even if it has expired. */
static void revive_removed(void)
{
	for (size_t i = 0; i < s.decision.change_count; i++) {
		const struct change *c = &s.decision.changes[i];
		struct grant *g = workspace_grant(&s.workspace, &c->subject);

		if (g && c->after == ROLE_NONE)
			g->expires_at = ABSENT;
	}
}

static void roles_are_those_that_checks_see(void **state)
{
	static const enum name people[] = { BOB, CAROL, DAVE, SAM, OLGA, ROBOT };
	enum { PEOPLE = 6 };
	struct change changes[SUBJECT_COUNT];
	unsigned differ = 0;

	(void)state;
	for (dice = 1; dice <= 3000; dice++) {
		uint64_t seed = dice;
		enum role before[PEOPLE];

		scene_reset(&s);
		draw_world();
		draw_decision(changes);
		find();
		revive_removed();
		for (size_t i = 0; i < PEOPLE; i++)
			before[i] = checked_role(people[i]);
		(void)fold(&s);
		for (size_t i = 0; i < PEOPLE; i++) {
			enum role after = checked_role(people[i]);
			const struct listener *l = listener_of(people[i]);

			differ += before[i] != after;
			if (l ? l->before.role != before[i] || l->after.role != after
			      : before[i] != after)
				fail_msg("seed %u, person %d: %d to %d", (unsigned)seed, people[i],
					 before[i], after);
		}
		dice = seed;
	}
	assert_true(differ > 1000);
}

/* ---- the work ---- */

static struct uuid numbered(uint8_t kind, unsigned n)
{
	return (struct uuid){ { kind, 0, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
				(uint8_t)n } };
}

/*
 * Twenty thousand people and a thousand grants to groups of one: asking each person about
 * each grant would take minutes.
 */
static void people_are_not_asked_about_each_grant(void **state)
{
	enum { PEOPLE = 20000, GROUPS = 999 };
	static struct uuid all[PEOPLE];
	struct membership home = { id_of(ACME), ORGANIZATION_MEMBER };
	struct record r = { .type = RECORD_USER_CHANGED };

	(void)state;
	for (unsigned i = 0; i < PEOPLE; i++) {
		all[i] = numbered(5, i);
		r.as.user_changed = (struct user_changed){ .id = all[i],
							   .status = USER_ACTIVE,
							   .kind = USER_PERSON,
							   .site_role = SITE_MEMBER,
							   .organizations = &home,
							   .organization_count = 1 };
		assert_true(directory_put(s.directory, &r, NULL));
	}
	r.type = RECORD_GROUP_CHANGED;
	for (unsigned i = 0; i < GROUPS; i++) {
		const struct subject g = { SUBJECT_GROUP, numbered(6, i) };

		r.as.group_changed = (struct group_changed){ g.id, bytes_of("g"), id_of(ACME),
							     &all[(size_t)i * 7], 1 };
		assert_true(directory_put(s.directory, &r, NULL));
		grant(&s, g, ROLE_ADMIN, ABSENT);
	}
	put_group(&s, TEAM, all, PEOPLE);
	(void)share_one(&s, actor(ERIN), group(TEAM), ROLE_USE);
	find();
	assert_int_equal(audience.count, PEOPLE);
	for (size_t i = 0; i < PEOPLE; i++) {
		bool admin = i % 7 == 0 && i / 7 < GROUPS;

		assert_int_equal(audience.list[i].before.role, admin ? ROLE_ADMIN : ROLE_NONE);
		assert_int_equal(audience.list[i].after.role, admin ? ROLE_ADMIN : ROLE_USE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(audience_is_everybody_named_but_actor_owner_and_deleted_users),
		TEST(decision_that_changes_nothing_has_no_audience),
		TEST(greatest_role_counts_before_and_after),
		TEST(all_changes_of_a_command_count_together),
		TEST(direct_grant_is_named_before_a_group_and_of_groups_the_smallest),
		TEST(role_ends_with_the_last_grant_that_gives_it),
		TEST(expired_grant_counts_only_before_its_own_removal),
		TEST(whoever_policy_stops_has_no_role_on_either_side),
		TEST(deletion_takes_all_that_people_had),
		TEST(new_owner_is_not_concerned_by_the_grant_that_goes),
		TEST(roles_are_those_that_checks_see),
		TEST(people_are_not_asked_about_each_grant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
