/*
 * A change in words: what entities are called, which elements come and go, and
 * what replaces what. Ids are 16 letters.
 */

#include "producer/operator/directory/change.h"

#include "tests/unit/unit.h"

enum { FACTS_MAX = 8 };

static struct arena arena;
static struct record list[FACTS_MAX];
static struct directory_facts facts;
static struct directory_finder names;
static struct labels labels;

/* "alice" becomes "alice-----------". */
static struct uuid id_of(const char *text)
{
	struct uuid id;

	memset(id.bytes, '-', sizeof(id.bytes));
	memcpy(id.bytes, text, strlen(text));
	return id;
}

static struct record user(const char *id, const char *name, enum user_status status)
{
	struct record r = { .type = RECORD_USER_CHANGED };

	r.as.user_changed.id = id_of(id);
	r.as.user_changed.username = bytes_of(name);
	r.as.user_changed.name = bytes_of("Name");
	r.as.user_changed.status = status;
	return r;
}

/* Of "acme". */
static struct record group(const char *name, struct uuid *members, size_t count)
{
	struct record r = { .type = RECORD_GROUP_CHANGED };

	r.as.group_changed.id = id_of("g");
	r.as.group_changed.name = bytes_of(name);
	r.as.group_changed.organization_id = id_of("acme");
	r.as.group_changed.members = members;
	r.as.group_changed.member_count = count;
	return r;
}

static int set_up(void **state)
{
	const struct directory_facts *lists[] = { &facts };

	(void)state;
	arena_init(&arena);
	list[0] = (struct record){ .type = RECORD_ORGANIZATION_CHANGED };
	list[0].as.organization_changed.id = id_of("acme");
	list[0].as.organization_changed.name = bytes_of("acme");
	list[1] = user("alice", "alice", USER_ACTIVE);
	list[2] = user("bob", "bob", USER_DELETED);
	list[3] = user("carol", "00000000-0000-0000-0000-000000000007", USER_ACTIVE);
	facts = (struct directory_facts){ .list = list, .count = 4 };
	directory_finder_init(&names, lists, 1, &arena);
	labels = (struct labels){ .names = &names, .arena = &arena };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void assert_text(struct bytes text, const char *wanted)
{
	assert_int_equal(text.len, strlen(wanted));
	assert_memory_equal(text.data, wanted, text.len);
}

static void assert_is_id(struct bytes text, const struct uuid *id)
{
	struct uuid found;

	assert_int_equal(uuid_parse(&found, text), 0);
	assert_true(uuid_equal(&found, id));
}

static void deleted_user_has_a_name_for_people_and_none_in_a_file(void **state)
{
	const struct uuid bob = id_of("bob");

	(void)state;
	assert_text(label_person(&labels, &bob), "bob");
	assert_is_id(label_user(&labels, &bob), &bob);
}

static void name_that_looks_like_an_id_is_not_used_in_a_file(void **state)
{
	const struct uuid carol = id_of("carol");

	(void)state;
	assert_is_id(label_user(&labels, &carol), &carol);
}

static void name_that_a_file_cannot_say_is_not_used(void **state)
{
	static const char *const good[] = { "alice", "a b", "\xc3\xbc", "a:b,c", "me" };
	static const char *const bad[] = { "", "/team/dev", "a/b",
					   "00000000-0000-0000-0000-000000000007" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(label_is_usable(bytes_of(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(label_is_usable(bytes_of(bad[i])));
	assert_false(label_is_usable((struct bytes){ (const uint8_t *)"a\0b", 3 }));
}

static void name_that_several_have_is_not_used(void **state)
{
	struct uuid doubles[] = { id_of("acme"), id_of("alice") };
	const struct labels l = { &names, &arena, { doubles, 2 } };

	(void)state;
	assert_is_id(label_organization(&l, &doubles[0]), &doubles[0]);
	assert_is_id(label_user(&l, &doubles[1]), &doubles[1]);
	assert_text(label_user(&labels, &doubles[1]), "alice");
}

static void unknown_ids_stand_for_themselves(void **state)
{
	const struct uuid zoe = id_of("zoe");

	(void)state;
	assert_is_id(label_user(&labels, &zoe), &zoe);
	assert_is_id(label_person(&labels, &zoe), &zoe);
	assert_is_id(label_organization(&labels, &zoe), &zoe);
}

static void groups_and_workspaces_are_named_with_whom_they_belong_to(void **state)
{
	struct record g = group("contractor", NULL, 0);
	struct record w = { .type = RECORD_WORKSPACE_CHANGED };

	(void)state;
	w.as.workspace_changed.name = bytes_of("dev");
	w.as.workspace_changed.owner_id = id_of("bob");
	assert_text(label_record(&labels, &g), "acme/contractor");
	assert_text(label_record(&labels, &w), "bob/dev");
	assert_text(label_record(&labels, &list[1]), "alice");
}

static void members_come_and_go(void **state)
{
	struct uuid before[] = { id_of("alice"), id_of("bob") };
	struct uuid after[] = { id_of("bob"), id_of("zoe") };
	struct record old = group("g", before, 2);
	struct record new = group("g", after, 2);
	const struct directory_change c = { DIRECTORY_CHANGE, DIRECTORY_GROUPS, &old, &new };
	const struct telling t = { &c, labels };
	struct elements in = change_added(&t, DIFFERS_MEMBERS);
	struct elements out = change_removed(&t, DIFFERS_MEMBERS);

	(void)state;
	assert_int_equal(change_differences(&c), DIFFERS_MEMBERS);
	assert_int_equal(in.count, 1);
	assert_is_id(in.list[0], &after[1]);
	assert_int_equal(out.count, 1);
	assert_text(out.list[0], "alice");
}

static void changed_role_goes_as_it_was_and_comes_as_it_is(void **state)
{
	struct membership member = { id_of("acme"), ORGANIZATION_MEMBER };
	struct membership admin = { id_of("acme"), ORGANIZATION_ADMIN };
	struct record old = list[1];
	struct record new = list[1];
	const struct directory_change c = { DIRECTORY_CHANGE, DIRECTORY_USERS, &old, &new };
	const struct telling t = { &c, labels };

	(void)state;
	old.as.user_changed.organizations = &member;
	new.as.user_changed.organizations = &admin;
	old.as.user_changed.organization_count = new.as.user_changed.organization_count = 1;
	assert_text(change_added(&t, DIFFERS_MEMBERSHIPS).list[0], "acme:admin");
	assert_text(change_removed(&t, DIFFERS_MEMBERSHIPS).list[0], "acme");
}

static void one_value_replaces_another(void **state)
{
	struct record old = list[1];
	struct record new = user("alice", "alicia", USER_SUSPENDED);
	const struct directory_change c = { DIRECTORY_CHANGE, DIRECTORY_USERS, &old, &new };
	const struct telling t = { &c, labels };

	(void)state;
	assert_int_equal(change_differences(&c), DIFFERS_NAME | DIFFERS_STATUS);
	assert_text(change_value(&t, &old, DIFFERS_NAME), "alice");
	assert_text(change_value(&t, &new, DIFFERS_NAME), "alicia");
	assert_text(change_value(&t, &new, DIFFERS_STATUS), "suspended");
	assert_text(change_value(&t, &new, DIFFERS_FULL_NAME), "\"Name\"");
	assert_ptr_equal(change_subject(&c), &old);
}

static void every_difference_has_its_key_in_a_file(void **state)
{
	static const struct {
		enum directory_kind kind;
		unsigned difference;
		const char *key;
	} cases[] = {
		{ DIRECTORY_USERS, DIFFERS_NAME, "username" },
		{ DIRECTORY_GROUPS, DIFFERS_NAME, "name" },
		{ DIRECTORY_GROUPS, DIFFERS_ORGANIZATION, "organization" },
		{ DIRECTORY_ORGANIZATIONS, DIFFERS_SHARING, "sharing" },
		{ DIRECTORY_SWITCH, DIFFERS_SHARING, "sharing_enabled" },
		{ DIRECTORY_USERS, DIFFERS_FULL_NAME, "name" },
		{ DIRECTORY_USERS, DIFFERS_EMAIL, "email" },
		{ DIRECTORY_USERS, DIFFERS_STATUS, "status" },
		{ DIRECTORY_USERS, DIFFERS_KIND, "kind" },
		{ DIRECTORY_USERS, DIFFERS_SITE_ROLE, "site_role" },
		{ DIRECTORY_USERS, DIFFERS_MEMBERSHIPS, "organizations" },
		{ DIRECTORY_GROUPS, DIFFERS_MEMBERS, "members" },
		{ DIRECTORY_WORKSPACES, DIFFERS_OWNER, "owner" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(change_key(cases[i].kind, cases[i].difference), cases[i].key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(deleted_user_has_a_name_for_people_and_none_in_a_file),
		TEST(name_that_looks_like_an_id_is_not_used_in_a_file),
		TEST(name_that_a_file_cannot_say_is_not_used),
		TEST(name_that_several_have_is_not_used),
		TEST(unknown_ids_stand_for_themselves),
		TEST(groups_and_workspaces_are_named_with_whom_they_belong_to),
		TEST(members_come_and_go),
		TEST(changed_role_goes_as_it_was_and_comes_as_it_is),
		TEST(one_value_replaces_another),
		TEST(every_difference_has_its_key_in_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
