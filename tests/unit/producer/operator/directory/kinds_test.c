/* Ids of the wrong kind, wherever a fact may have an id. Ids are 16 letters. */

#include "producer/operator/directory/kinds.h"

#include "tests/unit/unit.h"

enum { FACTS_MAX = 12 };

static struct arena arena;
static struct error err;
static struct record file[FACTS_MAX];
static struct record held[FACTS_MAX];
static bool derived[FACTS_MAX];
static struct directory_facts wanted;
static struct directory_facts have;
static struct directory_finder known;

static struct uuid id_of(const char *text)
{
	struct uuid id;

	memset(id.bytes, '-', sizeof(id.bytes));
	memcpy(id.bytes, text, strlen(text));
	return id;
}

static struct record *put(struct directory_facts *f, enum record_type type)
{
	struct record *r = &f->list[f->count++];

	*r = (struct record){ .type = type };
	return r;
}

static void put_user(struct directory_facts *f, const char *id, struct membership *m)
{
	struct user_changed *u = &put(f, RECORD_USER_CHANGED)->as.user_changed;

	*u = (struct user_changed){ .id = id_of(id), .username = bytes_of(id) };
	u->organizations = m;
	u->organization_count = m != NULL;
}

static void put_group(struct directory_facts *f, const char *id, const char *organization,
		      struct uuid *member)
{
	struct group_changed *g = &put(f, RECORD_GROUP_CHANGED)->as.group_changed;

	*g = (struct group_changed){ id_of(id), bytes_of(id), id_of(organization), member,
				     member != NULL };
}

static void put_workspace(struct directory_facts *f, const char *id, const char *organization,
			  const char *owner)
{
	struct workspace_changed *w = &put(f, RECORD_WORKSPACE_CHANGED)->as.workspace_changed;

	w->workspace_id = id_of(id);
	w->organization_id = id_of(organization);
	w->owner_id = id_of(owner);
	w->name = bytes_of(id);
}

/* The index has one thing of each kind, called after it. */
static int set_up(void **state)
{
	struct organization_changed *o;

	(void)state;
	arena_init(&arena);
	err = (struct error){ 0 };
	wanted = (struct directory_facts){ .list = file, .derived = derived };
	have = (struct directory_facts){ .list = held };
	o = &put(&have, RECORD_ORGANIZATION_CHANGED)->as.organization_changed;
	*o = (struct organization_changed){ id_of("o"), bytes_of("o"), SHARING_EVERYONE, ABSENT };
	put_user(&have, "u", NULL);
	put_group(&have, "g", "o", NULL);
	put_workspace(&have, "w", "o", "u");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static int check(void)
{
	const struct directory_facts *lists[] = { &wanted, &have };
	struct directory_diff diff;

	directory_finder_init(&known, lists, 2, &arena);
	assert_int_equal(directory_diff(&wanted, &have, false, &arena, &diff, &err), 0);
	return kinds_check(&diff, &wanted, &known, &err);
}

static void refused(const char *text)
{
	assert_int_equal(check(), ERROR_INPUT);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" is not in: %s", text, err.text);
	wanted.count = 0;
}

static void accepted(void)
{
	if (check())
		fail_msg("%s", err.text);
	wanted.count = 0;
}

static void reference_to_another_kind_is_refused_by_name(void **state)
{
	static const char *const kinds[][2] = {
		{ "o", "is the organization o" },
		{ "u", "is the user u" },
		{ "g", "is the group g" },
		{ "w", "is the workspace w" },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct membership m = { id_of(kinds[i][0]), ORGANIZATION_MEMBER };
		bool user = kinds[i][0][0] == 'u';
		bool organization = kinds[i][0][0] == 'o';

		put_user(&wanted, "new", &m);
		organization ? accepted() : refused(kinds[i][1]);
		put_group(&wanted, "new", kinds[i][0], NULL);
		organization ? accepted() : refused(kinds[i][1]);
		put_group(&wanted, "new", "o", &m.id);
		user ? accepted() : refused(kinds[i][1]);
		put_workspace(&wanted, "new", kinds[i][0], "u");
		organization ? accepted() : refused(kinds[i][1]);
		put_workspace(&wanted, "new", "o", kinds[i][0]);
		user ? accepted() : refused(kinds[i][1]);
	}
}

static void what_the_file_states_counts_like_the_index(void **state)
{
	struct uuid inner = id_of("inner");

	(void)state;
	put_group(&wanted, "inner", "o", NULL);
	put_group(&wanted, "outer", "o", &inner);
	refused("groups[1] \"outer\": members are users, and ");
	put_user(&wanted, "inner", NULL);
	put_group(&wanted, "outer", "o", &inner);
	accepted();
}

static void reference_that_the_index_has_is_left_alone(void **state)
{
	struct uuid members[] = { id_of("g"), { { 0 } }, id_of("o") };

	(void)state;
	put_group(&have, "odd", "u", &members[0]);
	put_group(&wanted, "odd", "u", &members[0]);
	file[0].as.group_changed.name = bytes_of("renamed");
	accepted();
	put_group(&wanted, "odd", "u", &members[2]);
	refused("members are users");
	put_group(&wanted, "odd", "g", &members[0]);
	refused("organization must name an organization");
	put_group(&wanted, "odd", "u", &members[1]);
	refused("members are users, and the id of all zeros is nobody's");
}

static void id_that_nothing_has_may_be_used(void **state)
{
	struct uuid unknown = id_of("later");

	(void)state;
	put_group(&wanted, "new", "later", &unknown);
	put_workspace(&wanted, "new", "later", "later");
	accepted();
}

static void id_of_another_kind_is_not_taken(void **state)
{
	(void)state;
	put_user(&wanted, "g", NULL);
	refused("users[0] \"g\": an id belongs to one thing only, and ");
	put_group(&wanted, "o", "o", NULL);
	refused("is the organization o");
	put_workspace(&wanted, "u", "o", "u"); /* has a topic of its own */
	put_user(&wanted, "w", NULL);
	accepted();
}

static void candidates_are_what_the_index_must_be_asked_for(void **state)
{
	struct uuid members[] = { id_of("u"), id_of("x") };
	const struct directory_facts *lists[] = { &wanted, &have };
	struct directory_diff diff;
	struct kind_candidates c;

	(void)state;
	put_group(&wanted, "new", "o", members);
	file[0].as.group_changed.member_count = 2;
	directory_finder_init(&known, lists, 2, &arena);
	assert_int_equal(directory_diff(&wanted, &have, false, &arena, &diff, &err), 0);
	c = kinds_candidates(&diff, &known, &arena);
	assert_int_equal(c.count, 2);
	assert_int_equal(c.list[0].kinds, 1 << DIRECTORY_ORGANIZATIONS | 1 << DIRECTORY_USERS);
	assert_memory_equal(c.list[1].id.bytes, "x-", 2);
	assert_int_equal(c.list[1].kinds, 1 << DIRECTORY_ORGANIZATIONS | 1 << DIRECTORY_GROUPS |
						  1 << DIRECTORY_WORKSPACES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reference_to_another_kind_is_refused_by_name),
		TEST(what_the_file_states_counts_like_the_index),
		TEST(reference_that_the_index_has_is_left_alone),
		TEST(id_that_nothing_has_may_be_used),
		TEST(id_of_another_kind_is_not_taken),
		TEST(candidates_are_what_the_index_must_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
