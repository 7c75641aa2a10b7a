/*
 * Who may do what: every cell of the table of roles, every policy alone, how
 * grants add up, and who may share without a grant. Each test proves one claim
 * on a workspace that ALICE owns in the organization ACME, which allows sharing
 * with everyone; the access of BOB, a member of ACME, is checked. A test
 * changes only what its claim is about.
 */

#include "cache/access.h"

#include "tests/unit/unit.h"

enum name { NIL, ALICE, BOB, CAROL, TEAM, CREW, OTHERS, ACME, GLOBEX, DEV };
enum { NOW = 1000000, GRANTS = 8 };

static struct uuid id_of(enum name name)
{
	return (struct uuid){ { 0x01, 0x90, [15] = (uint8_t)name } };
}

/* ---- the world of one test ---- */

static struct grant grants[GRANTS];
static struct workspace workspace;
static struct membership home; /* BOB's */
static struct user_changed alice;
static struct user_changed bob;
static struct organization_changed acme;
static struct uuid groups[2]; /* BOB's: TEAM and CREW */
static struct access_facts facts;

static int set_up(void **state)
{
	(void)state;
	home = (struct membership){ id_of(ACME), ORGANIZATION_MEMBER };
	alice = (struct user_changed){ .id = id_of(ALICE),
				       .status = USER_ACTIVE,
				       .kind = USER_PERSON,
				       .site_role = SITE_MEMBER };
	bob = alice;
	bob.id = id_of(BOB);
	bob.organizations = &home;
	bob.organization_count = 1;
	acme = (struct organization_changed){ .id = id_of(ACME), .sharing = SHARING_EVERYONE };
	workspace = (struct workspace){ .id = id_of(DEV),
					.registered = true,
					.status = WORKSPACE_ACTIVE,
					.organization_id = id_of(ACME),
					.owner_id = id_of(ALICE),
					.grants = grants };
	groups[0] = id_of(TEAM);
	groups[1] = id_of(CREW);
	facts = (struct access_facts){ .workspace = &workspace,
				       .user = &bob,
				       .owner = &alice,
				       .organization = &acme,
				       .sharing_enabled = true,
				       .groups = groups,
				       .group_count = 2,
				       .now = NOW };
	return 0;
}

static void grant_until(enum subject_kind kind, enum name who, enum role role, int64_t expires_at)
{
	assert_true(workspace.grant_count < GRANTS);
	grants[workspace.grant_count++] = (struct grant){
		{ kind, id_of(who) }, role, id_of(ALICE), 1, expires_at,
	};
}

static void grant_user(enum name who, enum role role)
{
	grant_until(SUBJECT_USER, who, role, ABSENT);
}

static void grant_group(enum name which, enum role role)
{
	grant_until(SUBJECT_GROUP, which, role, ABSENT);
}

/* What BOB may do. */
static struct access check_bob(enum action action)
{
	return access_check(&facts, action);
}

static void assert_answer(enum action action, bool allowed, enum access_reason reason)
{
	struct access a = check_bob(action);

	if (a.allowed != allowed || a.reason != reason)
		fail_msg("%s is %s: %s", action_name(action), a.allowed ? "allowed" : "denied",
			 access_reason_name(a.reason));
}

static void assert_yes(enum action action, enum access_reason reason)
{
	assert_answer(action, true, reason);
}

static void assert_no(enum action action, enum access_reason reason)
{
	assert_answer(action, false, reason);
}

static void assert_denials(unsigned denials)
{
	assert_int_equal(check_bob(ACTION_READ).denials, denials);
}

static void assert_through(enum action action, enum name group, enum role role)
{
	struct access a = check_bob(action);
	struct uuid id = group == NIL ? (struct uuid){ { 0 } } : id_of(group);

	assert_true(uuid_equal(&a.group, &id));
	assert_int_equal(a.role, role);
}

/* ---- the table of roles, cell by cell ---- */

/* Written down a second time, so that a slip in roles.c shows. */
static const struct {
	const char *name;
	enum action action;
	bool use, admin, owner;
} table[] = {
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
enum { ROWS = sizeof(table) / sizeof(table[0]) };

static void table_has_every_action(void **state)
{
	(void)state;
	assert_int_equal(ROWS, ACTION_COUNT);
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(table[i].action, i);
		assert_string_equal(action_name(table[i].action), table[i].name);
	}
}

static void assert_column(enum role role, enum access_reason reason)
{
	for (size_t i = 0; i < ROWS; i++) {
		bool yes = role == ROLE_USE     ? table[i].use
			   : role == ROLE_ADMIN ? table[i].admin
						: table[i].owner;

		assert_answer(table[i].action, yes, yes ? reason : ACCESS_NO_GRANT);
		assert_int_equal(check_bob(table[i].action).role, role);
	}
}

static void direct_grant_allows_the_cells_of_its_role(void **state)
{
	(void)state;
	for (int role = ROLE_USE; role <= ROLE_ADMIN; role++) {
		workspace.grant_count = 0;
		grant_user(BOB, (enum role)role);
		assert_column((enum role)role, ACCESS_DIRECT);
	}
}

static void grant_to_a_group_allows_the_cells_of_its_role(void **state)
{
	(void)state;
	for (int role = ROLE_USE; role <= ROLE_ADMIN; role++) {
		workspace.grant_count = 0;
		grant_group(CREW, (enum role)role);
		assert_column((enum role)role, ACCESS_GROUP);
	}
}

static void grant_to_everyone_allows_the_cells_of_its_role(void **state)
{
	(void)state;
	facts.group_count = 0;
	for (int role = ROLE_USE; role <= ROLE_ADMIN; role++) {
		workspace.grant_count = 0;
		grant_group(ACME, (enum role)role);
		assert_column((enum role)role, ACCESS_GROUP);
	}
}

/* As after a workspace has moved from GLOBEX to ACME. */
static void grant_to_everyone_of_another_organization_gives_nothing(void **state)
{
	struct membership both[] = { home, { id_of(GLOBEX), ORGANIZATION_MEMBER } };

	(void)state;
	facts.group_count = 0;
	bob.organizations = both;
	bob.organization_count = 2;
	grant_group(GLOBEX, ROLE_USE);
	assert_no(ACTION_READ, ACCESS_NO_GRANT);
}

static void owner_may_do_everything(void **state)
{
	(void)state;
	workspace.owner_id = id_of(BOB);
	facts.owner = &bob;
	assert_column(ROLE_OWNER, ACCESS_OWNER);
}

static void user_without_a_grant_may_do_nothing(void **state)
{
	(void)state;
	grant_user(CAROL, ROLE_ADMIN);
	grant_group(OTHERS, ROLE_ADMIN);
	grant_group(GLOBEX, ROLE_ADMIN);
	for (size_t i = 0; i < ROWS; i++) {
		assert_no(table[i].action, ACCESS_NO_GRANT);
		assert_int_equal(check_bob(table[i].action).role, ROLE_NONE);
	}
}

static void user_and_group_of_the_same_id_do_not_share_a_grant(void **state)
{
	(void)state;
	grant_group(BOB, ROLE_ADMIN);
	grant_user(TEAM, ROLE_ADMIN);
	grant_user(ACME, ROLE_ADMIN);
	assert_no(ACTION_READ, ACCESS_NO_GRANT);
}

/* ---- policies, each alone: denied with its reason, and allowed again when it is undone ---- */

/* BOB has a direct grant; a policy that holds denies every action, with this reason. */
static void assert_denied(enum access_reason reason, unsigned denials)
{
	struct access a = check_bob(ACTION_READ);

	for (size_t i = 0; i < ROWS; i++)
		assert_false(check_bob(table[i].action).allowed);
	assert_no(ACTION_READ, reason);
	assert_int_equal(a.denials, denials);
}

static void assert_restored(void)
{
	assert_yes(ACTION_READ, ACCESS_DIRECT);
	assert_denials(0);
}

static void sharing_disabled_for_the_deployment_denies(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	facts.sharing_enabled = false;
	assert_denied(ACCESS_POLICY, DENIAL_DEPLOYMENT);
	facts.sharing_enabled = true;
	assert_restored();
}

static void organization_without_sharing_denies(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	acme.sharing = SHARING_NONE;
	assert_denied(ACCESS_POLICY, DENIAL_ORGANIZATION);
	acme.sharing = SHARING_EVERYONE;
	assert_restored();
}

static void organization_of_service_accounts_denies_what_a_person_owns(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	acme.sharing = SHARING_SERVICE_ACCOUNTS;
	assert_denied(ACCESS_POLICY, DENIAL_SERVICE_ACCOUNTS);
	alice.kind = USER_AGENT;
	assert_denied(ACCESS_POLICY, DENIAL_SERVICE_ACCOUNTS);
	acme.sharing = SHARING_EVERYONE;
	assert_restored();
}

static void organization_of_service_accounts_allows_what_one_owns(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	acme.sharing = SHARING_SERVICE_ACCOUNTS;
	alice.kind = USER_SERVICE_ACCOUNT;
	assert_restored();
	/* The owner's kind counts, not the kind of the user whose access is checked. */
	alice.kind = USER_PERSON;
	bob.kind = USER_SERVICE_ACCOUNT;
	assert_denied(ACCESS_POLICY, DENIAL_SERVICE_ACCOUNTS);
}

static void organization_of_service_accounts_denies_what_an_unknown_owner_has(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	acme.sharing = SHARING_SERVICE_ACCOUNTS;
	facts.owner = NULL;
	assert_denied(ACCESS_POLICY, DENIAL_SERVICE_ACCOUNTS);
}

static void unknown_owner_does_not_matter_to_other_policies(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	facts.owner = NULL;
	assert_restored();
}

static void unknown_organization_denies(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	facts.organization = NULL;
	assert_denied(ACCESS_POLICY, DENIAL_UNKNOWN_ORGANIZATION);
	facts.organization = &acme;
	assert_restored();
}

static void policy_of_a_later_version_denies(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	acme.sharing = 0; /* a symbol that this version does not know */
	assert_denied(ACCESS_POLICY, DENIAL_ORGANIZATION);
}

static void suspended_user_may_do_nothing(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	bob.status = USER_SUSPENDED;
	assert_denied(ACCESS_SUSPENDED, DENIAL_SUSPENDED);
	bob.status = USER_ACTIVE;
	assert_restored();
}

static void user_status_of_a_later_version_does_not_count_as_active(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	bob.status = 0;
	assert_denied(ACCESS_SUSPENDED, DENIAL_SUSPENDED);
}

static void suspension_counts_more_than_ownership_and_rank(void **state)
{
	(void)state;
	bob.status = USER_SUSPENDED;
	workspace.owner_id = id_of(BOB);
	assert_denied(ACCESS_SUSPENDED, DENIAL_SUSPENDED);
	workspace.owner_id = id_of(ALICE);
	bob.site_role = SITE_OWNER;
	home.role = ORGANIZATION_ADMIN;
	assert_denied(ACCESS_SUSPENDED, DENIAL_SUSPENDED);
}

static void suspension_of_the_owner_does_not_affect_others(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	alice.status = USER_SUSPENDED;
	assert_restored();
}

static void dormant_workspace_denies(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	workspace.status = WORKSPACE_DORMANT;
	assert_denied(ACCESS_POLICY, DENIAL_DORMANT);
	workspace.status = WORKSPACE_ACTIVE;
	assert_restored();
}

static void user_who_left_the_organization_may_do_nothing(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	bob.organization_count = 0;
	assert_denied(ACCESS_POLICY, DENIAL_NOT_A_MEMBER);
	bob.organization_count = 1;
	home.id = id_of(GLOBEX);
	assert_denied(ACCESS_POLICY, DENIAL_NOT_A_MEMBER);
	home.id = id_of(ACME);
	assert_restored();
}

static void user_who_left_the_organization_keeps_nothing_through_groups(void **state)
{
	(void)state;
	grant_group(TEAM, ROLE_ADMIN);
	bob.organization_count = 0;
	assert_denied(ACCESS_POLICY, DENIAL_NOT_A_MEMBER);
}

static void expired_grant_denies(void **state)
{
	(void)state;
	grant_until(SUBJECT_USER, BOB, ROLE_ADMIN, NOW - 1);
	assert_denied(ACCESS_EXPIRED, 0);
	grants[0].expires_at = NOW; /* it counts before that moment, not at it */
	assert_denied(ACCESS_EXPIRED, 0);
	grants[0].expires_at = NOW + 1;
	assert_restored();
	assert_true(check_bob(ACTION_READ).expires_at == NOW + 1);
	grants[0].expires_at = ABSENT;
	assert_restored();
	assert_true(check_bob(ACTION_READ).expires_at == ABSENT);
}

static void policy_says_which_role_would_count(void **state)
{
	struct access a;

	(void)state;
	grant_until(SUBJECT_GROUP, TEAM, ROLE_ADMIN, NOW + 1);
	workspace.status = WORKSPACE_DORMANT;
	assert_through(ACTION_READ, TEAM, ROLE_ADMIN);
	a = check_bob(ACTION_READ);
	assert_true(a.expires_at == NOW + 1);
}

static void policy_is_not_the_reason_where_nothing_was_granted(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_USE);
	facts.sharing_enabled = false;
	assert_no(ACTION_READ, ACCESS_POLICY);
	assert_no(ACTION_RENAME, ACCESS_NO_GRANT);
	workspace.grant_count = 0;
	assert_no(ACTION_READ, ACCESS_NO_GRANT);
	assert_denials(DENIAL_DEPLOYMENT);
}

/* ---- the mask of all that hold ---- */

static void denials_are_all_that_hold(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	facts.sharing_enabled = false;
	acme.sharing = SHARING_NONE;
	workspace.status = WORKSPACE_DORMANT;
	bob.organization_count = 0;
	assert_denied(ACCESS_POLICY, DENIAL_DEPLOYMENT | DENIAL_ORGANIZATION | DENIAL_DORMANT |
					     DENIAL_NOT_A_MEMBER);
	bob.status = USER_SUSPENDED;
	assert_denied(ACCESS_SUSPENDED, DENIAL_SUSPENDED | DENIAL_DEPLOYMENT | DENIAL_ORGANIZATION |
						DENIAL_DORMANT | DENIAL_NOT_A_MEMBER);
	acme.sharing = SHARING_SERVICE_ACCOUNTS;
	assert_denied(ACCESS_SUSPENDED, DENIAL_SUSPENDED | DENIAL_DEPLOYMENT |
						DENIAL_SERVICE_ACCOUNTS | DENIAL_DORMANT |
						DENIAL_NOT_A_MEMBER);
	facts.organization = NULL;
	assert_denied(ACCESS_SUSPENDED, DENIAL_SUSPENDED | DENIAL_DEPLOYMENT |
						DENIAL_UNKNOWN_ORGANIZATION | DENIAL_DORMANT |
						DENIAL_NOT_A_MEMBER);
}

static void denials_are_reported_to_the_owner_too(void **state)
{
	(void)state;
	workspace.owner_id = id_of(BOB);
	workspace.status = WORKSPACE_DORMANT;
	facts.sharing_enabled = false;
	assert_yes(ACTION_READ, ACCESS_OWNER);
	assert_denials(DENIAL_DORMANT | DENIAL_DEPLOYMENT);
}

static void every_denial_and_reason_has_words_of_its_own(void **state)
{
	(void)state;
	for (unsigned a = 1; a <= DENIAL_NOT_A_MEMBER; a <<= 1)
		for (unsigned b = 1; b < a; b <<= 1)
			assert_string_not_equal(access_denial_text((enum access_denial)a),
						access_denial_text((enum access_denial)b));
	for (int a = ACCESS_OWNER; a <= ACCESS_UNKNOWN_WORKSPACE; a++) {
		assert_true(strlen(access_reason_name((enum access_reason)a)) > 0);
		for (int b = ACCESS_OWNER; b < a; b++)
			assert_string_not_equal(access_reason_name((enum access_reason)a),
						access_reason_name((enum access_reason)b));
	}
}

/* ---- what several grants make together ---- */

static void better_role_wins(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_USE);
	grant_group(TEAM, ROLE_ADMIN);
	assert_yes(ACTION_RENAME, ACCESS_GROUP);
	assert_yes(ACTION_READ, ACCESS_GROUP);
	assert_through(ACTION_READ, TEAM, ROLE_ADMIN);
	grants[0].role = ROLE_ADMIN;
	grants[1].role = ROLE_USE;
	assert_yes(ACTION_RENAME, ACCESS_DIRECT);
	assert_through(ACTION_RENAME, NIL, ROLE_ADMIN);
}

static void direct_grant_is_preferred_on_a_tie(void **state)
{
	(void)state;
	grant_group(TEAM, ROLE_USE);
	grant_user(BOB, ROLE_USE);
	grant_group(ACME, ROLE_USE);
	assert_yes(ACTION_READ, ACCESS_DIRECT);
	assert_through(ACTION_READ, NIL, ROLE_USE);
}

static void each_group_counts(void **state)
{
	(void)state;
	grant_group(OTHERS, ROLE_ADMIN); /* BOB is not in it */
	grant_group(TEAM, ROLE_USE);
	grant_group(CREW, ROLE_ADMIN);
	grant_group(ACME, ROLE_USE);
	assert_yes(ACTION_RENAME, ACCESS_GROUP);
	assert_through(ACTION_RENAME, CREW, ROLE_ADMIN);
}

static void valid_grant_counts_beside_a_better_one_that_has_expired(void **state)
{
	(void)state;
	grant_until(SUBJECT_GROUP, TEAM, ROLE_ADMIN, NOW);
	grant_user(BOB, ROLE_USE);
	assert_yes(ACTION_READ, ACCESS_DIRECT);
	assert_no(ACTION_RENAME, ACCESS_EXPIRED);
	assert_through(ACTION_RENAME, TEAM, ROLE_ADMIN);
	assert_no(ACTION_DELETE, ACCESS_NO_GRANT);
	assert_through(ACTION_DELETE, NIL, ROLE_USE);
}

static void expired_grant_that_does_not_allow_the_action_is_not_the_reason(void **state)
{
	(void)state;
	grant_until(SUBJECT_USER, BOB, ROLE_USE, NOW);
	assert_no(ACTION_READ, ACCESS_EXPIRED);
	assert_no(ACTION_RENAME, ACCESS_NO_GRANT);
}

static void expired_grant_of_another_user_is_not_the_reason(void **state)
{
	(void)state;
	grant_until(SUBJECT_USER, CAROL, ROLE_ADMIN, NOW);
	grant_until(SUBJECT_GROUP, OTHERS, ROLE_ADMIN, NOW);
	assert_no(ACTION_READ, ACCESS_NO_GRANT);
}

static void order_of_grants_does_not_matter(void **state)
{
	(void)state;
	for (size_t first = 0; first < 3; first++) {
		static const struct {
			enum subject_kind kind;
			enum name who;
			enum role role;
			int64_t expires_at;
		} some[] = {
			{ SUBJECT_USER, BOB, ROLE_USE, ABSENT },
			{ SUBJECT_GROUP, TEAM, ROLE_ADMIN, NOW + 5 },
			{ SUBJECT_GROUP, ACME, ROLE_ADMIN, NOW - 5 },
		};

		workspace.grant_count = 0;
		for (size_t i = 0; i < 3; i++)
			grant_until(some[(first + i) % 3].kind, some[(first + i) % 3].who,
				    some[(first + i) % 3].role, some[(first + i) % 3].expires_at);
		assert_yes(ACTION_RENAME, ACCESS_GROUP);
		assert_through(ACTION_RENAME, TEAM, ROLE_ADMIN);
		assert_true(check_bob(ACTION_RENAME).expires_at == NOW + 5);
	}
}

/* ---- ranks ---- */

/* BOB may share, with whatever role, and do nothing else. */
static void assert_shares_only(enum access_reason reason)
{
	for (size_t i = 0; i < ROWS; i++) {
		bool share = table[i].action == ACTION_SHARE_USE ||
			     table[i].action == ACTION_SHARE_ADMIN;

		assert_answer(table[i].action, share, share ? reason : ACCESS_NO_GRANT);
	}
}

static void organization_admin_may_share_and_nothing_else(void **state)
{
	(void)state;
	home.role = ORGANIZATION_ADMIN;
	assert_shares_only(ACCESS_ORGANIZATION_ADMIN);
}

static void site_owner_may_share_and_nothing_else(void **state)
{
	(void)state;
	bob.site_role = SITE_OWNER;
	assert_shares_only(ACCESS_SITE_OWNER);
	bob.organization_count = 0; /* it does not matter which organizations BOB is in */
	assert_shares_only(ACCESS_SITE_OWNER);
}

static void admin_of_another_organization_may_do_nothing(void **state)
{
	(void)state;
	home = (struct membership){ id_of(GLOBEX), ORGANIZATION_ADMIN };
	assert_no(ACTION_SHARE_USE, ACCESS_NO_GRANT);
	assert_no(ACTION_READ, ACCESS_NO_GRANT);
}

static void right_to_share_adds_to_what_was_granted(void **state)
{
	(void)state;
	home.role = ORGANIZATION_ADMIN;
	grant_user(BOB, ROLE_USE);
	assert_yes(ACTION_READ, ACCESS_DIRECT);
	assert_yes(ACTION_SHARE_ADMIN, ACCESS_ORGANIZATION_ADMIN);
	assert_no(ACTION_RENAME, ACCESS_NO_GRANT);
}

static void assert_sharing_is_subject_to_policy(enum access_reason reason)
{
	assert_yes(ACTION_SHARE_USE, reason);
	facts.sharing_enabled = false;
	assert_no(ACTION_SHARE_USE, ACCESS_POLICY);
	assert_no(ACTION_SHARE_ADMIN, ACCESS_POLICY);
	facts.sharing_enabled = true;
	acme.sharing = SHARING_NONE;
	assert_no(ACTION_SHARE_USE, ACCESS_POLICY);
	acme.sharing = SHARING_SERVICE_ACCOUNTS;
	assert_no(ACTION_SHARE_USE, ACCESS_POLICY);
	acme.sharing = SHARING_EVERYONE;
	facts.organization = NULL;
	assert_no(ACTION_SHARE_USE, ACCESS_POLICY);
	facts.organization = &acme;
	/* Dormant workspaces may be shared: the grants wait. */
	workspace.status = WORKSPACE_DORMANT;
	assert_yes(ACTION_SHARE_USE, reason);
	assert_yes(ACTION_SHARE_ADMIN, reason);
}

static void sharing_by_the_owner_is_subject_to_policy(void **state)
{
	(void)state;
	workspace.owner_id = id_of(BOB);
	facts.owner = &bob;
	assert_sharing_is_subject_to_policy(ACCESS_OWNER);
}

static void sharing_by_an_organization_admin_is_subject_to_policy(void **state)
{
	(void)state;
	home.role = ORGANIZATION_ADMIN;
	assert_sharing_is_subject_to_policy(ACCESS_ORGANIZATION_ADMIN);
}

static void sharing_by_a_site_owner_is_subject_to_policy(void **state)
{
	(void)state;
	bob.site_role = SITE_OWNER;
	assert_sharing_is_subject_to_policy(ACCESS_SITE_OWNER);
}

static void other_rights_of_the_owner_do_not_depend_on_policy(void **state)
{
	(void)state;
	workspace.owner_id = id_of(BOB);
	workspace.status = WORKSPACE_DORMANT;
	facts.owner = NULL;
	facts.organization = NULL;
	facts.sharing_enabled = false;
	bob.organization_count = 0;
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].action != ACTION_SHARE_USE && table[i].action != ACTION_SHARE_ADMIN)
			assert_yes(table[i].action, ACCESS_OWNER);
}

/* ---- users and workspaces that do not exist ---- */

static void assert_nothing_is_known(enum access_reason reason)
{
	for (size_t i = 0; i < ROWS; i++)
		assert_no(table[i].action, reason);
	assert_denials(0);
}

static void unknown_user_may_do_nothing(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	facts.user = NULL;
	assert_nothing_is_known(ACCESS_UNKNOWN_USER);
}

static void deleted_user_may_do_nothing_even_as_owner_or_admin(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	workspace.owner_id = id_of(BOB);
	bob.site_role = SITE_OWNER;
	home.role = ORGANIZATION_ADMIN;
	bob.status = USER_DELETED;
	assert_nothing_is_known(ACCESS_UNKNOWN_USER);
}

static void unregistered_workspace_allows_nothing_to_anyone(void **state)
{
	(void)state;
	grant_user(BOB, ROLE_ADMIN);
	bob.site_role = SITE_OWNER;
	workspace.registered = false;
	assert_nothing_is_known(ACCESS_UNKNOWN_WORKSPACE);
	facts.user = NULL;
	assert_nothing_is_known(ACCESS_UNKNOWN_WORKSPACE);
}

static void user_without_groups_and_organizations_can_be_checked(void **state)
{
	(void)state;
	facts.groups = NULL;
	facts.group_count = 0;
	bob.organizations = NULL;
	bob.organization_count = 0;
	grant_group(TEAM, ROLE_ADMIN);
	assert_no(ACTION_READ, ACCESS_NO_GRANT);
	assert_denials(DENIAL_NOT_A_MEMBER);
}

#define SET_UP_TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SET_UP_TEST(table_has_every_action),
		SET_UP_TEST(direct_grant_allows_the_cells_of_its_role),
		SET_UP_TEST(grant_to_a_group_allows_the_cells_of_its_role),
		SET_UP_TEST(grant_to_everyone_allows_the_cells_of_its_role),
		SET_UP_TEST(grant_to_everyone_of_another_organization_gives_nothing),
		SET_UP_TEST(owner_may_do_everything),
		SET_UP_TEST(user_without_a_grant_may_do_nothing),
		SET_UP_TEST(user_and_group_of_the_same_id_do_not_share_a_grant),
		SET_UP_TEST(sharing_disabled_for_the_deployment_denies),
		SET_UP_TEST(organization_without_sharing_denies),
		SET_UP_TEST(organization_of_service_accounts_denies_what_a_person_owns),
		SET_UP_TEST(organization_of_service_accounts_allows_what_one_owns),
		SET_UP_TEST(organization_of_service_accounts_denies_what_an_unknown_owner_has),
		SET_UP_TEST(unknown_owner_does_not_matter_to_other_policies),
		SET_UP_TEST(unknown_organization_denies),
		SET_UP_TEST(policy_of_a_later_version_denies),
		SET_UP_TEST(suspended_user_may_do_nothing),
		SET_UP_TEST(user_status_of_a_later_version_does_not_count_as_active),
		SET_UP_TEST(suspension_counts_more_than_ownership_and_rank),
		SET_UP_TEST(suspension_of_the_owner_does_not_affect_others),
		SET_UP_TEST(dormant_workspace_denies),
		SET_UP_TEST(user_who_left_the_organization_may_do_nothing),
		SET_UP_TEST(user_who_left_the_organization_keeps_nothing_through_groups),
		SET_UP_TEST(expired_grant_denies),
		SET_UP_TEST(policy_says_which_role_would_count),
		SET_UP_TEST(policy_is_not_the_reason_where_nothing_was_granted),
		SET_UP_TEST(denials_are_all_that_hold),
		SET_UP_TEST(denials_are_reported_to_the_owner_too),
		SET_UP_TEST(every_denial_and_reason_has_words_of_its_own),
		SET_UP_TEST(better_role_wins),
		SET_UP_TEST(direct_grant_is_preferred_on_a_tie),
		SET_UP_TEST(each_group_counts),
		SET_UP_TEST(valid_grant_counts_beside_a_better_one_that_has_expired),
		SET_UP_TEST(expired_grant_that_does_not_allow_the_action_is_not_the_reason),
		SET_UP_TEST(expired_grant_of_another_user_is_not_the_reason),
		SET_UP_TEST(order_of_grants_does_not_matter),
		SET_UP_TEST(organization_admin_may_share_and_nothing_else),
		SET_UP_TEST(site_owner_may_share_and_nothing_else),
		SET_UP_TEST(admin_of_another_organization_may_do_nothing),
		SET_UP_TEST(right_to_share_adds_to_what_was_granted),
		SET_UP_TEST(sharing_by_the_owner_is_subject_to_policy),
		SET_UP_TEST(sharing_by_an_organization_admin_is_subject_to_policy),
		SET_UP_TEST(sharing_by_a_site_owner_is_subject_to_policy),
		SET_UP_TEST(other_rights_of_the_owner_do_not_depend_on_policy),
		SET_UP_TEST(unknown_user_may_do_nothing),
		SET_UP_TEST(deleted_user_may_do_nothing_even_as_owner_or_admin),
		SET_UP_TEST(unregistered_workspace_allows_nothing_to_anyone),
		SET_UP_TEST(user_without_groups_and_organizations_can_be_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
