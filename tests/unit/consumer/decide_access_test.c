/*
 * A check and decide() must agree on who may share with the role `use`. The facts
 * are drawn at random, and both see the same. They differ in one point, on
 * purpose: in a check the grants of a dormant workspace allow nothing, but whoever
 * may share by such a grant may still do so, to prepare for its return.
 */

#include "cache/access.h"
#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

enum { DRAWS = 20000, GROUPS = 3 };

static struct scene s;
static uint64_t seed;

/* A number below `max`; https://prng.di.unimi.it/splitmix64.c */
static unsigned draw(unsigned max)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (unsigned)((z ^ (z >> 31)) % max);
}

static bool one_in(unsigned chances)
{
	return draw(chances) == 0;
}

/* ---- the facts ---- */

static void draw_people(void)
{
	static const enum user_status statuses[] = { USER_ACTIVE, USER_SUSPENDED, USER_DELETED };
	static const enum user_kind kinds[] = { USER_PERSON, USER_SERVICE_ACCOUNT, USER_AGENT };

	for (int who = ALICE; who <= ROBOT; who++)
		put_user(&s, (enum name)who, one_in(3) ? statuses[draw(3)] : USER_ACTIVE,
			 kinds[draw(3)]);
}

static void draw_workspace(void)
{
	static const enum role roles[] = { ROLE_USE, ROLE_ADMIN };
	static const int64_t ends[] = { ABSENT, ABSENT, NOW_MS - 1, NOW_MS, NOW_MS + 1 };
	struct workspace *w = &s.workspace;
	unsigned grants = draw(6);

	while (w->grant_count)
		workspace_drop_grant(w, &w->grants[0].subject);
	w->status = one_in(4) ? WORKSPACE_DORMANT : WORKSPACE_ACTIVE;
	w->owner_id = id_of(one_in(8) ? NOBODY : one_in(2) ? ALICE : (enum name)(1 + draw(ROBOT)));
	w->organization_id = id_of(one_in(10) ? NOBODY : one_in(5) ? GLOBEX : ACME);
	for (unsigned i = 0; i < grants; i++) {
		/* Some of the subjects do not exist: NO_GROUP and NOBODY. */
		static const enum name groups[] = { TEAM, CREW, STRANGERS, NO_GROUP, ACME, GLOBEX };
		struct subject to =
			one_in(2) ? user((enum name)(1 + draw(NOBODY))) : group(groups[draw(6)]);

		grant(&s, to, roles[draw(2)], ends[draw(5)]);
	}
}

static void draw_facts(void)
{
	draw_people();
	put_organization(&s, ACME,
			 one_in(3) ? (enum sharing_policy)(1 + draw(3)) : SHARING_EVERYONE);
	put_organization(&s, GLOBEX, (enum sharing_policy)(1 + draw(3)));
	put_deployment(&s, !one_in(6));
	draw_workspace();
}

/* ---- both answers ---- */

/* Checks with the facts that a reader would find in the index. */
static struct access check_share_use(enum name who)
{
	static const enum name all[GROUPS] = { TEAM, CREW, STRANGERS }; /* ids rise */
	const struct uuid id = id_of(who);
	struct uuid groups[GROUPS];
	struct access_facts f = {
		.workspace = &s.workspace,
		.user = directory_user(s.directory, &id),
		.owner = directory_user(s.directory, &s.workspace.owner_id),
		.organization = directory_organization(s.directory, &s.workspace.organization_id),
		.sharing_enabled = directory_sharing_enabled(s.directory),
		.groups = groups,
		.now = NOW_MS,
	};

	for (size_t i = 0; i < GROUPS; i++) {
		struct uuid group_id = id_of(all[i]);

		if (directory_in_group(s.directory, &id, &group_id))
			groups[f.group_count++] = group_id;
	}
	return access_check(&f, ACTION_SHARE_USE);
}

static bool decide_allows_share_use(enum name who)
{
	(void)share_one(&s, actor(who), user(DAVE), ROLE_USE);
	return s.decision.code != REJECT_FORBIDDEN && s.decision.code != REJECT_SHARING_DISABLED;
}

/* What a check would allow if the workspace were not dormant. */
static bool check_allows_share_use(enum name who)
{
	enum workspace_status status = s.workspace.status;
	struct access a;

	s.workspace.status = WORKSPACE_ACTIVE;
	a = check_share_use(who);
	s.workspace.status = status;
	return a.allowed;
}

static void assert_agreed(enum name who, unsigned long draw_number)
{
	bool yes = check_allows_share_use(who);

	if (decide_allows_share_use(who) != yes)
		fail_msg("draw %lu: check of %d says %s, decide %s", draw_number, (int)who,
			 yes ? "yes" : "no", reject_code_name(s.decision.code));
	arena_reset(&s.arena);
}

/* ---- tests ---- */

static void check_and_decide_agree_on_who_may_share_use(void **state)
{
	unsigned long yes = 0;

	(void)state;
	for (unsigned long i = 0; i < DRAWS; i++) {
		enum name who;

		seed = i;
		who = (enum name)(1 + draw(NOBODY));
		draw_facts();
		assert_agreed(who, i);
		yes += check_allows_share_use(who);
	}
	/* The draws are varied enough for both answers. */
	assert_in_range(yes, DRAWS / 10, DRAWS * 9 / 10);
}

/* The one exception: decide() does not ask whether the workspace is dormant. */
static void dormancy_denies_checks_but_no_commands(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	s.workspace.status = WORKSPACE_DORMANT;
	assert_int_equal(check_share_use(BOB).reason, ACCESS_POLICY);
	assert_int_equal(check_share_use(BOB).denials, DENIAL_DORMANT);
	assert_true(decide_allows_share_use(BOB));
	/* Neither keeps the owner from sharing. */
	assert_true(check_share_use(ALICE).allowed);
	assert_true(decide_allows_share_use(ALICE));
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(check_and_decide_agree_on_who_may_share_use),
		TEST(dormancy_denies_checks_but_no_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
