/*
 * Names that a file gives: which follow the rule, and which are another's. Ids
 * are 16 letters. The file and the index are lists of facts, and rivals are what
 * the index would answer.
 */

#include "producer/operator/directory/claims.h"

#include "tests/unit/unit.h"

enum { FACTS_MAX = 8 };

static struct arena arena;
static struct error err;
static struct record file[FACTS_MAX];
static struct record held[FACTS_MAX];
static bool derived[FACTS_MAX];
static struct directory_facts wanted;
static struct directory_facts have;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	err = (struct error){ 0 };
	wanted = (struct directory_facts){ .list = file, .derived = derived };
	have = (struct directory_facts){ .list = held };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static struct uuid id_of(const char *text)
{
	struct uuid id;

	memset(id.bytes, '-', sizeof(id.bytes));
	memcpy(id.bytes, text, strlen(text));
	return id;
}

static struct user_changed *user(struct directory_facts *f, const char *id, const char *name)
{
	struct record *r = &f->list[f->count++];

	*r = (struct record){ .type = RECORD_USER_CHANGED };
	r->as.user_changed.id = id_of(id);
	r->as.user_changed.username = bytes_of(name);
	r->as.user_changed.status = USER_ACTIVE;
	return &r->as.user_changed;
}

static void group(struct directory_facts *f, const char *id, const char *organization,
		  const char *name)
{
	struct record *r = &f->list[f->count++];

	*r = (struct record){ .type = RECORD_GROUP_CHANGED };
	r->as.group_changed.id = id_of(id);
	r->as.group_changed.organization_id = id_of(organization);
	r->as.group_changed.name = bytes_of(name);
}

static void workspace(struct directory_facts *f, const char *id, const char *owner,
		      const char *name)
{
	struct record *r = &f->list[f->count++];

	*r = (struct record){ .type = RECORD_WORKSPACE_CHANGED };
	r->as.workspace_changed.workspace_id = id_of(id);
	r->as.workspace_changed.owner_id = id_of(owner);
	r->as.workspace_changed.name = bytes_of(name);
}

/* Compares the two, takes all names of the index for rivals, and checks. */
static int check(bool prune)
{
	struct claim_rivals rivals = { 0 };
	struct directory_diff diff;

	for (size_t i = 0; i < have.count; i++)
		if (!directory_is_deleted(&held[i]))
			alike_add(&rivals.of[directory_kind(&held[i])],
				  &(struct name_bearer){ claim_parent(&held[i]),
							 directory_name(&held[i]),
							 *directory_id(&held[i]) },
				  &arena);
	assert_int_equal(directory_diff(&wanted, &have, prune, &arena, &diff, &err), 0);
	return claims_check(&diff, &wanted, &rivals, &arena, &err);
}

static void refused(const char *text)
{
	assert_int_equal(check(false), ERROR_INPUT);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" is not in: %s", text, err.text);
}

static void accepted(void)
{
	if (check(false))
		fail_msg("%s", err.text);
}

static void new_name_that_no_command_could_say_is_refused(void **state)
{
	static const struct {
		const char *name;
		const char *said;
	} names[] = {
		{ "x y", "users[1] \"x y\": no command could name this user" },
		{ "", "no command" },
		{ "a/b", "no command" },
		{ "\xc3\xbc", "no command" },
		{ "a--b", "no command" },
		{ "me", "whoever asks" },
		{ "00000000-0000-0000-0000-000000000001", "an id" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		wanted.count = 0;
		user(&wanted, "good", "good");
		user(&wanted, "bad", names[i].name);
		refused(names[i].said);
	}
	wanted.count = 0;
	group(&wanted, "g", "acme", "Everyone");
	refused("groups[0] \"Everyone\": commands take this name for all members");
	wanted.count = 0;
	group(&wanted, "g", "acme", "me");
	accepted();
}

static void name_that_the_index_has_is_left_alone(void **state)
{
	(void)state;
	user(&have, "odd", "x y");
	user(&have, "twin", "x y");
	user(&wanted, "odd", "x y")->email = bytes_of("new");
	accepted();
	file[0].as.user_changed.username = bytes_of("y x");
	refused("users[0] \"y x\": no command");
}

static void deleted_user_has_no_name_and_takes_it_again_when_restored(void **state)
{
	(void)state;
	user(&have, "old", "bob")->status = USER_DELETED;
	user(&have, "new", "Bob");
	user(&wanted, "gone", "x y")->status = USER_DELETED;
	user(&wanted, "gone too", "bob")->status = USER_DELETED;
	accepted();
	user(&wanted, "old", "bob");
	refused("users[2] \"bob\": the user");
	held[1].as.user_changed.username = bytes_of("rob");
	accepted();
}

static void name_of_another_is_refused_whatever_its_case(void **state)
{
	(void)state;
	user(&have, "bob", "bob");
	user(&wanted, "new", "BoB");
	refused("is called bob already, and upper and lower case do not tell names apart");
	file[0].as.user_changed.username = bytes_of("bob");
	refused("has this name already");
	wanted.count = 0;
	user(&wanted, "one", "zoe");
	user(&wanted, "two", "Zoe");
	refused("Zoe");
	wanted.count = 0;
	group(&have, "g", "acme", "devs");
	group(&wanted, "new", "acme", "Devs");
	group(&wanted, "other", "globex", "devs");
	accepted();
	group(&wanted, "same", "acme", "devs");
	refused("groups[2] \"devs\": the group");
}

static void another_place_has_names_of_its_own(void **state)
{
	(void)state;
	workspace(&have, "dev", "alice", "dev");
	workspace(&wanted, "new", "bob", "DEV");
	accepted();
	workspace(&wanted, "dev", "bob", "dev");
	refused("workspaces[0] \"DEV\": the workspace");
	file[0].as.workspace_changed.owner_id = id_of("alice");
	accepted();
}

static void name_that_is_given_up_may_be_taken(void **state)
{
	(void)state;
	user(&have, "a", "alice");
	user(&have, "b", "bob");
	user(&wanted, "a", "bob");
	user(&wanted, "b", "Alice");
	accepted();
	wanted.count = 0;
	wanted.sections = 1U << DIRECTORY_USERS;
	user(&wanted, "new", "ALICE");
	assert_int_equal(check(true), 0);
	assert_int_equal(check(false), ERROR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_name_that_no_command_could_say_is_refused),
		TEST(name_that_the_index_has_is_left_alone),
		TEST(deleted_user_has_no_name_and_takes_it_again_when_restored),
		TEST(name_of_another_is_refused_whatever_its_case),
		TEST(another_place_has_names_of_its_own),
		TEST(name_that_is_given_up_may_be_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
