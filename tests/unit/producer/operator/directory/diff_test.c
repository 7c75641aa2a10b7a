/*
 * What must be announced so that the index becomes what a file states. Ids are
 * 16 letters; the file and the index are lists of facts.
 */

#include "producer/operator/directory/diff.h"

#include "producer/operator/directory/difference.h"
#include "producer/operator/directory/finder.h"

#include "tests/unit/unit.h"

#include <stdio.h>

enum { FACTS_MAX = 8, ALL = (1 << DIRECTORY_KINDS) - 1, NOW = 1234 };

static struct arena arena;
static struct error err;
static struct directory_diff diff;

/* A file, or an index. */
struct side {
	struct record list[FACTS_MAX];
	bool derived[FACTS_MAX];
	size_t count;
	unsigned sections;
};

static struct side file;
static struct side held;
static struct uuid shadowed[2]; /* of the index */
static size_t shadowed_count;
static bool all_shadowed;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	err = (struct error){ 0 };
	file = (struct side){ .sections = ALL };
	held = (struct side){ 0 };
	shadowed_count = 0;
	all_shadowed = false;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

/* "alice" becomes "alice-----------". */
static struct uuid id_of(const char *text)
{
	struct uuid id;

	memset(id.bytes, '-', sizeof(id.bytes));
	memcpy(id.bytes, text, strlen(text));
	return id;
}

static struct record *put(struct side *s, enum record_type type)
{
	struct record *r = &s->list[s->count++];

	*r = (struct record){ .type = type };
	return r;
}

static struct organization_changed *organization(struct side *s, const char *id, const char *name)
{
	struct organization_changed *o =
		&put(s, RECORD_ORGANIZATION_CHANGED)->as.organization_changed;

	*o = (struct organization_changed){ id_of(id), bytes_of(name), SHARING_EVERYONE, ABSENT };
	return o;
}

static void sharing(struct side *s, bool on)
{
	put(s, RECORD_DEPLOYMENT_CHANGED)->as.deployment_changed.sharing_enabled = on;
}

/* A member of these organizations; the list ends with NULL. */
static struct user_changed *user(struct side *s, const char *id, const char *name,
				 const char *const *organizations)
{
	struct user_changed *u = &put(s, RECORD_USER_CHANGED)->as.user_changed;

	*u = (struct user_changed){ .id = id_of(id),
				    .username = bytes_of(name),
				    .name = bytes_of("Name"),
				    .email = bytes_of("e@example.com"),
				    .status = USER_ACTIVE,
				    .kind = USER_PERSON,
				    .site_role = SITE_MEMBER };
	u->organizations = arena_zalloc(&arena, FACTS_MAX, sizeof(*u->organizations));
	for (; organizations && organizations[u->organization_count]; u->organization_count++)
		u->organizations[u->organization_count] =
			(struct membership){ id_of(organizations[u->organization_count]),
					     ORGANIZATION_MEMBER };
	return u;
}

static struct user_changed *plain_user(struct side *s, const char *name)
{
	return user(s, name, name, NULL);
}

/* Of "acme", with these members, in the order of their ids. */
static struct group_changed *group(struct side *s, const char *id, const char *name,
				   const char *const *members)
{
	struct group_changed *g = &put(s, RECORD_GROUP_CHANGED)->as.group_changed;

	*g = (struct group_changed){ .id = id_of(id),
				     .name = bytes_of(name),
				     .organization_id = id_of("acme") };
	g->members = arena_zalloc(&arena, FACTS_MAX, sizeof(*g->members));
	for (; members && members[g->member_count]; g->member_count++)
		g->members[g->member_count] = id_of(members[g->member_count]);
	return g;
}

/* Of "acme". */
static struct workspace_changed *workspace(struct side *s, const char *id, const char *owner)
{
	struct workspace_changed *w = &put(s, RECORD_WORKSPACE_CHANGED)->as.workspace_changed;

	*w = (struct workspace_changed){ .workspace_id = id_of(id),
					 .organization_id = id_of("acme"),
					 .owner_id = id_of(owner),
					 .name = bytes_of("dev"),
					 .status = WORKSPACE_ACTIVE,
					 .changed_at = s == &file ? NOW : ABSENT };
	return w;
}

static int compare(bool prune)
{
	const struct directory_facts wanted = { .list = file.list,
						.count = file.count,
						.sections = file.sections,
						.derived = file.derived,
						.now_ms = NOW };
	const struct directory_facts have = { .list = held.list,
					      .count = held.count,
					      .shadowed = shadowed,
					      .shadowed_count = shadowed_count,
					      .all_shadowed = all_shadowed };
	static struct directory_facts kept[2];

	kept[0] = wanted;
	kept[1] = have;
	return directory_diff(&kept[0], &kept[1], prune, &arena, &diff, &err);
}

/* "+user:alice ~group:g -workspace:w" in the order of announcing; "" for nothing. */
static const char *told(bool prune)
{
	static char text[512];
	size_t len = 0;

	text[0] = 0;
	assert_int_equal(compare(prune), 0);
	for (size_t i = 0; i < diff.count; i++) {
		const struct directory_change *c = &diff.list[i];
		const struct uuid *id = directory_id(c->old ? c->old : c->new);
		char name[sizeof(*id) + 1] = "";

		memcpy(name, id, sizeof(*id));
		name[strcspn(name, "-")] = 0;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%c%s:%s", i ? " " : "",
					" +~-"[c->verb], directory_kinds[c->kind].one, name);
	}
	return text;
}

static void refused(bool prune, const char *a, const char *b)
{
	assert_int_equal(compare(prune), ERROR_INPUT);
	assert_non_null(strstr(err.text, a));
	assert_non_null(strstr(err.text, b));
}

/* ---- created and changed ---- */

static void empty_file_changes_nothing(void **state)
{
	(void)state;
	file.sections = 0;
	plain_user(&held, "alice");
	assert_string_equal(told(false), "");
	assert_string_equal(told(true), "");
}

static void whatever_the_index_lacks_is_created_in_order_of_the_file(void **state)
{
	(void)state;
	organization(&file, "acme", "acme");
	plain_user(&file, "alice");
	group(&file, "team", "team", NULL);
	workspace(&file, "dev", "alice");
	assert_string_equal(told(false),
			    "+organization:acme +user:alice +group:team +workspace:dev");
	assert_int_equal(diff.counts[DIRECTORY_USERS].created, 1);
	assert_ptr_equal(diff.list[1].new, &file.list[1]);
	assert_null(diff.list[1].old);
}

static void what_is_the_same_is_not_announced(void **state)
{
	static const char *const of[] = { "acme", "globex", NULL };
	static const char *const members[] = { "alice", "bob", NULL };
	struct side *sides[] = { &file, &held };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		organization(sides[i], "acme", "acme");
		sharing(sides[i], true);
		user(sides[i], "alice", "alice", of);
		group(sides[i], "team", "team", members);
		workspace(sides[i], "dev", "alice");
	}
	assert_string_equal(told(true), "");
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		assert_int_equal(diff.counts[kind].unchanged, 1);
}

/* The topic will lose it, although the index has it. */
static void what_is_shadowed_is_announced_again(void **state)
{
	struct side *sides[] = { &file, &held };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		sharing(sides[i], true);
		organization(sides[i], "acme", "acme");
		plain_user(sides[i], "alice");
		workspace(sides[i], "dev", "alice");
	}
	shadowed[0] = id_of("acme");
	shadowed[1] = id_of("dev");
	shadowed_count = 2;
	assert_string_equal(told(false), "~organization:acme");
	assert_int_equal(diff.counts[DIRECTORY_ORGANIZATIONS].changed, 1);
	shadowed[0] = (struct uuid){ { 0 } };
	shadowed_count = 1;
	assert_int_equal(compare(false), 0);
	assert_int_equal(diff.count, 1);
	assert_int_equal(diff.list[0].kind, DIRECTORY_SWITCH);
}

/* It is wanted again, signed. Workspaces need no record that is signed: their state is known. */
static void all_of_the_directory_is_announced_again(void **state)
{
	struct side *sides[] = { &file, &held };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		organization(sides[i], "acme", "acme");
		plain_user(sides[i], "alice");
		workspace(sides[i], "dev", "alice");
	}
	plain_user(&held, "bob");
	all_shadowed = true;
	assert_string_equal(told(false), "~organization:acme ~user:alice");
	assert_int_equal(diff.counts[DIRECTORY_WORKSPACES].unchanged, 1);
}

static void index_may_hold_more_than_the_file_states(void **state)
{
	(void)state;
	plain_user(&held, "alice");
	plain_user(&held, "bob");
	plain_user(&file, "bob");
	assert_string_equal(told(false), "");
	assert_int_equal(diff.counts[DIRECTORY_USERS].unchanged, 1);
}

static void an_id_of_another_kind_is_another_entity(void **state)
{
	(void)state;
	plain_user(&held, "same");
	group(&file, "same", "same", NULL);
	assert_string_equal(told(false), "+group:same");
}

static void every_field_of_a_user_makes_a_difference(void **state)
{
	static const char *const acme[] = { "acme", NULL };
	static const char *const globex[] = { "globex", NULL };
	static const unsigned differences[] = { DIFFERS_NAME,        DIFFERS_FULL_NAME,
						DIFFERS_EMAIL,       DIFFERS_STATUS,
						DIFFERS_KIND,        DIFFERS_SITE_ROLE,
						DIFFERS_MEMBERSHIPS, DIFFERS_MEMBERSHIPS,
						DIFFERS_MEMBERSHIPS };
	struct user_changed *old = user(&held, "alice", "alice", acme);

	(void)state;
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		struct user_changed *u;

		file.count = 0;
		u = user(&file, "alice", i == 0 ? "alicia" : "alice", i == 7 ? globex : acme);
		u->name = i == 1 ? bytes_of("") : u->name;
		u->email = i == 2 ? bytes_of("") : u->email;
		u->status = i == 3 ? USER_SUSPENDED : u->status;
		u->kind = i == 4 ? USER_AGENT : u->kind;
		u->site_role = i == 5 ? SITE_OWNER : u->site_role;
		if (i == 6)
			u->organizations[0].role = ORGANIZATION_ADMIN;
		u->organization_count -= i == 8;
		assert_string_equal(told(false), "~user:alice");
		assert_int_equal(directory_differences(&held.list[0], &file.list[0]),
				 differences[i]);
	}
	assert_int_equal(old->status, USER_ACTIVE);
}

static void order_of_organizations_makes_no_difference(void **state)
{
	static const char *const one[] = { "acme", "globex", NULL };
	static const char *const other[] = { "globex", "acme", NULL };

	(void)state;
	user(&held, "alice", "alice", one);
	user(&file, "alice", "alice", other);
	assert_string_equal(told(false), "");
}

/* Others may list one twice; whoever asks takes the first. */
static void organization_listed_twice_counts_as_it_is_listed_first(void **state)
{
	static const char *const twice[] = { "acme", "acme", NULL };
	static const char *const once[] = { "acme", NULL };
	struct user_changed *u = user(&held, "alice", "alice", twice);

	(void)state;
	u->organizations[1].role = ORGANIZATION_ADMIN;
	user(&file, "alice", "alice", once);
	assert_string_equal(told(false), "");
	u->organizations[0].role = ORGANIZATION_ADMIN;
	assert_string_equal(told(false), "~user:alice");
}

static void organization_more_or_less_makes_a_difference(void **state)
{
	static const char *const fewer[] = { "acme", NULL };
	static const char *const more[] = { "acme", "globex", NULL };

	(void)state;
	user(&held, "alice", "alice", fewer);
	user(&held, "bob", "bob", more);
	user(&file, "alice", "alice", more);
	user(&file, "bob", "bob", fewer);
	assert_string_equal(told(false), "~user:alice ~user:bob");
}

static void every_field_of_a_group_makes_a_difference(void **state)
{
	static const char *const before[] = { "alice", "bob", NULL };
	static const char *const after[] = { "alice", "carol", NULL };
	static const char *const fewer[] = { "alice", NULL };

	(void)state;
	group(&held, "team", "team", before);
	group(&file, "team", "crew", before);
	assert_string_equal(told(false), "~group:team");
	file.count = 0;
	group(&file, "team", "team", after);
	assert_string_equal(told(false), "~group:team");
	assert_int_equal(directory_differences(&held.list[0], &file.list[0]), DIFFERS_MEMBERS);
	file.count = 0;
	group(&file, "team", "team", fewer);
	assert_string_equal(told(false), "~group:team");
	file.count = 0;
	group(&file, "team", "team", before)->organization_id = id_of("globex");
	assert_string_equal(told(false), "~group:team");
}

static void every_field_of_a_workspace_but_its_time_makes_a_difference(void **state)
{
	(void)state;
	workspace(&held, "dev", "alice");
	workspace(&file, "dev", "alice")->changed_at = NOW + 1;
	assert_string_equal(told(false), "");
	file.list[0].as.workspace_changed.name = bytes_of("api");
	assert_string_equal(told(false), "~workspace:dev");
	file.count = 0;
	workspace(&file, "dev", "bob");
	assert_string_equal(told(false), "~workspace:dev");
	file.count = 0;
	workspace(&file, "dev", "alice")->status = WORKSPACE_DORMANT;
	assert_string_equal(told(false), "~workspace:dev");
	file.count = 0;
	workspace(&file, "dev", "alice")->organization_id = id_of("globex");
	assert_string_equal(told(false), "~workspace:dev");
}

static void organization_and_switch_differ_in_their_sharing(void **state)
{
	(void)state;
	organization(&held, "acme", "acme");
	sharing(&held, true);
	organization(&file, "acme", "acme")->sharing = SHARING_NONE;
	sharing(&file, false);
	assert_string_equal(told(false), "~organization:acme ~deployment:");
}

static void organizations_differ_in_how_long_grants_last(void **state)
{
	(void)state;
	organization(&held, "acme", "acme");
	organization(&file, "acme", "acme");
	assert_string_equal(told(false), "");
	file.count = 0;
	organization(&file, "acme", "acme")->grant_lifetime_max_ms = 60;
	assert_string_equal(told(false), "~organization:acme");
}

static void two_that_swap_their_names_are_both_changed(void **state)
{
	(void)state;
	user(&held, "a", "alice", NULL);
	user(&held, "b", "bob", NULL);
	user(&file, "a", "bob", NULL);
	user(&file, "b", "alice", NULL);
	assert_string_equal(told(true), "~user:a ~user:b");
}

/* ---- deleted users, derived ids ---- */

static void deleted_user_whom_the_file_names_comes_back(void **state)
{
	(void)state;
	plain_user(&held, "zoe")->status = USER_DELETED;
	plain_user(&file, "zoe");
	file.derived[0] = true;
	assert_string_equal(told(true), "~user:zoe");
}

static void deleted_user_that_nobody_knows_is_no_difference(void **state)
{
	(void)state;
	plain_user(&file, "zoe")->status = USER_DELETED;
	file.derived[0] = true;
	assert_string_equal(told(true), "");
	file.derived[0] = false; /* an id of their own: to be remembered */
	assert_string_equal(told(true), "+user:zoe");
	file.derived[0] = true;
	file.list[0].as.user_changed.status = USER_ACTIVE;
	assert_string_equal(told(true), "+user:zoe");
}

static void deleted_user_that_the_file_lacks_is_no_difference(void **state)
{
	(void)state;
	plain_user(&held, "zoe")->status = USER_DELETED;
	assert_string_equal(told(true), "");
	assert_int_equal(diff.counts[DIRECTORY_USERS].deleted, 0);
}

/* The index has the id that the name gives, but under another name: it was renamed. */
static void derived_id_of_somebody_else_is_refused(void **state)
{
	(void)state;
	user(&held, "alice", "alicia", NULL);
	user(&file, "alice", "alice", NULL);
	assert_string_equal(told(false), "~user:alice");
	file.derived[0] = true;
	refused(false, "user alice", "alicia");
	file.count = held.count = 0;
	workspace(&held, "dev", "bob");
	workspace(&file, "dev", "alice");
	refused(false, "workspace dev", "id");
}

/* ---- what the file lacks ---- */

static void nothing_is_deleted_without_prune(void **state)
{
	(void)state;
	plain_user(&held, "zoe");
	workspace(&held, "dev", "zoe");
	group(&held, "team", "team", NULL);
	organization(&held, "acme", "acme");
	assert_string_equal(told(false), "");
}

static void what_refers_goes_before_what_is_referred_to(void **state)
{
	static const char *const acme[] = { "acme", NULL };

	(void)state;
	organization(&held, "acme", "acme");
	sharing(&held, true);
	user(&held, "zoe", "zoe", acme);
	group(&held, "team", "team", NULL);
	workspace(&held, "dev", "zoe");
	plain_user(&file, "alice");
	assert_string_equal(told(true),
			    "+user:alice -workspace:dev -group:team -user:zoe -organization:acme");
	assert_int_equal(diff.counts[DIRECTORY_USERS].deleted, 1);
	assert_int_equal(diff.counts[DIRECTORY_SWITCH].deleted, 0);
}

static void only_kinds_with_a_section_are_pruned(void **state)
{
	(void)state;
	plain_user(&held, "zoe");
	group(&held, "team", "team", NULL);
	workspace(&held, "dev", "zoe");
	file.sections = 1U << DIRECTORY_GROUPS;
	assert_string_equal(told(true), "-group:team");
	file.sections = 1U << DIRECTORY_WORKSPACES;
	assert_string_equal(told(true), "-workspace:dev");
	file.sections = 1U << DIRECTORY_USERS;
	assert_string_equal(told(true), "-user:zoe");
	file.sections = 1U << DIRECTORY_SWITCH;
	assert_string_equal(told(true), "");
}

static void pruned_user_becomes_a_deleted_one(void **state)
{
	const struct user_changed *u;

	(void)state;
	plain_user(&held, "zoe");
	assert_string_equal(told(true), "-user:zoe");
	u = &diff.list[0].new->as.user_changed;
	assert_int_equal(diff.list[0].new->type, RECORD_USER_CHANGED);
	assert_int_equal(u->status, USER_DELETED);
	assert_true(bytes_equal_text(u->username, "zoe"));
	assert_int_equal(held.list[0].as.user_changed.status, USER_ACTIVE);
}

static void pruned_workspace_is_announced_as_deleted_now(void **state)
{
	(void)state;
	workspace(&held, "dev", "zoe");
	assert_string_equal(told(true), "-workspace:dev");
	assert_int_equal(diff.list[0].new->type, RECORD_WORKSPACE_DELETED);
	assert_int_equal(diff.list[0].new->as.workspace_deleted.deleted_at, NOW);
}

static void pruned_group_gets_a_tombstone(void **state)
{
	(void)state;
	group(&held, "team", "team", NULL);
	assert_string_equal(told(true), "-group:team");
	assert_null(diff.list[0].new);
	assert_ptr_equal(diff.list[0].old, &held.list[0]);
}

/* ---- what must not go ---- */

static void organization_in_use_is_not_deleted(void **state)
{
	static const char *const acme[] = { "acme", NULL };

	(void)state;
	file.sections = 1U << DIRECTORY_ORGANIZATIONS;
	organization(&held, "acme", "acme");
	user(&held, "zoe", "zoe", acme);
	refused(true, "organization acme", "user zoe");
	held.list[1].as.user_changed.status = USER_DELETED;
	assert_string_equal(told(true), "-organization:acme");
	held.count = 1;
	group(&held, "team", "team", NULL);
	refused(true, "organization acme", "group team");
	held.count = 1;
	workspace(&held, "dev", "zoe");
	refused(true, "organization acme", "workspace dev");
}

static void organization_that_the_file_uses_is_not_deleted(void **state)
{
	static const char *const acme[] = { "acme", NULL };

	(void)state;
	organization(&held, "acme", "acme");
	user(&file, "zoe", "zoe", acme);
	refused(true, "organization acme", "user zoe");
}

/* Zoe was in the organization; the file says that she no longer is. */
static void organization_that_the_file_leaves_may_go(void **state)
{
	static const char *const acme[] = { "acme", NULL };

	(void)state;
	organization(&held, "acme", "acme");
	user(&held, "zoe", "zoe", acme);
	plain_user(&file, "zoe");
	assert_string_equal(told(true), "~user:zoe -organization:acme");
}

static void user_whom_the_file_names_is_not_deleted(void **state)
{
	static const char *const members[] = { "zoe", NULL };

	(void)state;
	plain_user(&held, "zoe");
	group(&file, "team", "team", members);
	refused(true, "user zoe", "group team");
	file.count = 0;
	workspace(&file, "dev", "zoe");
	refused(true, "user zoe", "workspace dev");
	assert_string_equal(told(false), "+workspace:dev");
}

/* ---- finding ---- */

static void earlier_list_counts_when_two_have_an_id(void **state)
{
	const struct directory_facts lists[] = { { .list = file.list, .count = 1 },
						 { .list = held.list, .count = 2 } };
	const struct directory_facts *both[] = { &lists[0], &lists[1] };
	struct directory_finder finder;
	struct uuid zoe = id_of("zoe");
	struct uuid bob = id_of("bob");
	struct uuid nobody = id_of("nobody");

	(void)state;
	plain_user(&file, "zoe");
	plain_user(&held, "zoe");
	plain_user(&held, "bob");
	directory_finder_init(&finder, both, 2, &arena);
	assert_ptr_equal(directory_find(&finder, DIRECTORY_USERS, &zoe), &file.list[0]);
	assert_ptr_equal(directory_find(&finder, DIRECTORY_USERS, &bob), &held.list[1]);
	assert_null(directory_find(&finder, DIRECTORY_GROUPS, &zoe));
	assert_null(directory_find(&finder, DIRECTORY_USERS, &nobody));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_file_changes_nothing),
		TEST(whatever_the_index_lacks_is_created_in_order_of_the_file),
		TEST(what_is_the_same_is_not_announced),
		TEST(what_is_shadowed_is_announced_again),
		TEST(all_of_the_directory_is_announced_again),
		TEST(index_may_hold_more_than_the_file_states),
		TEST(an_id_of_another_kind_is_another_entity),
		TEST(every_field_of_a_user_makes_a_difference),
		TEST(order_of_organizations_makes_no_difference),
		TEST(organization_listed_twice_counts_as_it_is_listed_first),
		TEST(organization_more_or_less_makes_a_difference),
		TEST(every_field_of_a_group_makes_a_difference),
		TEST(every_field_of_a_workspace_but_its_time_makes_a_difference),
		TEST(organization_and_switch_differ_in_their_sharing),
		TEST(organizations_differ_in_how_long_grants_last),
		TEST(two_that_swap_their_names_are_both_changed),
		TEST(deleted_user_whom_the_file_names_comes_back),
		TEST(deleted_user_that_nobody_knows_is_no_difference),
		TEST(deleted_user_that_the_file_lacks_is_no_difference),
		TEST(derived_id_of_somebody_else_is_refused),
		TEST(nothing_is_deleted_without_prune),
		TEST(what_refers_goes_before_what_is_referred_to),
		TEST(only_kinds_with_a_section_are_pruned),
		TEST(pruned_user_becomes_a_deleted_one),
		TEST(pruned_workspace_is_announced_as_deleted_now),
		TEST(pruned_group_gets_a_tombstone),
		TEST(organization_in_use_is_not_deleted),
		TEST(organization_that_the_file_uses_is_not_deleted),
		TEST(organization_that_the_file_leaves_may_go),
		TEST(user_whom_the_file_names_is_not_deleted),
		TEST(earlier_list_counts_when_two_have_an_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
