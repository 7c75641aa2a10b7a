/*
 * The directory in memory: facts are put in, forgotten and looked up, and changes
 * are projected for readers.
 */

#include "consumer/directory.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define ALICE   "alice-----------"
#define BOB     "bob-------------"
#define CAROL   "carol-----------"
#define ACME    "acme------------"
#define GLOBEX  "globex----------"
#define TEAM    "team------------"
#define NOTHING "nothing---------"

enum { MANY = 300, LITTLE = 200 };

static struct directory *directory;
static struct arena arena;
static struct projection projection;
static struct commands commands;

static int set_up(void **state)
{
	(void)state;
	directory = directory_new();
	arena_init(&arena);
	pipeline_init(&projection.pipeline);
	keys_init(&projection.keys, "sb", KEYS_DIRECTORY);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	directory_free(&directory);
	arena_done(&arena);
	projection_done(&projection);
	return directory != NULL;
}

static void take(const struct record *r)
{
	assert_true(directory_put(directory, r, &projection));
}

static struct record organization(const char *id, const char *name)
{
	struct record r = { .type = RECORD_ORGANIZATION_CHANGED };

	r.as.organization_changed = (struct organization_changed){ letters(id), bytes_of(name),
								   SHARING_EVERYONE, ABSENT };
	return r;
}

/* A user with `count` of these memberships: of ACME, an admin of GLOBEX. */
static struct record member(const char *id, const char *username, size_t count)
{
	static struct membership of[2];
	struct record r = { .type = RECORD_USER_CHANGED };

	of[0] = (struct membership){ letters(ACME), ORGANIZATION_MEMBER };
	of[1] = (struct membership){ letters(GLOBEX), ORGANIZATION_ADMIN };
	r.as.user_changed = (struct user_changed){ .id = letters(id),
						   .username = bytes_of(username),
						   .name = bytes_of("Name"),
						   .email = bytes_of("e@example.com"),
						   .status = USER_ACTIVE,
						   .kind = USER_PERSON,
						   .site_role = SITE_MEMBER,
						   .organizations = of,
						   .organization_count = count };
	return r;
}

static struct record group_of(const char *id, const char *name, struct uuid *members, size_t count)
{
	struct record r = { .type = RECORD_GROUP_CHANGED };

	r.as.group_changed = (struct group_changed){ letters(id), bytes_of(name), letters(ACME),
						     members, count };
	return r;
}

static void take_member(const char *id, const char *username, size_t count)
{
	struct record r = member(id, username, count);

	take(&r);
}

static void put_organization(const char *id, const char *name)
{
	struct record r = organization(id, name);

	take(&r);
}

static void put_group(const char *id, const char *name, struct uuid *members, size_t count)
{
	struct record r = group_of(id, name, members, count);

	take(&r);
}

static const struct user_changed *user_of(const char *id)
{
	struct uuid uuid = letters(id);

	return directory_user(directory, &uuid);
}

static void forget(const char *id)
{
	struct uuid uuid = letters(id);

	directory_forget(directory, &uuid, &projection);
}

static bool in_group(const char *user, const char *group)
{
	struct uuid u = letters(user);
	struct uuid g = letters(group);

	return directory_in_group(directory, &u, &g);
}

/* Reads the changes that are projected, and empties the projection. */
static void told(size_t count)
{
	static struct buffer kept;

	buffer_done(&kept);
	buffer_append(&kept, projection.pipeline.bytes.data, projection.pipeline.bytes.len);
	commands_parse(&commands, &(struct pipeline){ .bytes = kept,
						      .commands = projection.pipeline.commands });
	assert_int_equal(commands.count, count);
	pipeline_clear(&projection.pipeline);
}

/* ---- looking up ---- */

static void empty_directory_knows_nobody_and_shares(void **state)
{
	struct uuid id = letters(ALICE);

	(void)state;
	assert_null(directory_user(directory, &id));
	assert_null(directory_group(directory, &id));
	assert_null(directory_organization(directory, &id));
	assert_true(directory_sharing_enabled(directory));
	assert_false(in_group(ALICE, ACME));
	directory_forget(directory, &id, NULL);
}

static void fact_is_a_copy(void **state)
{
	char name[] = "alice";
	struct record r = member(ALICE, name, 2);
	const struct user_changed *u;

	(void)state;
	take(&r);
	name[0] = 'x';
	r.as.user_changed.organizations[1].role = ORGANIZATION_MEMBER;
	u = user_of(ALICE);
	assert_non_null(u);
	assert_true(bytes_equal_text(u->username, "alice"));
	assert_true(bytes_equal_text(u->name, "Name"));
	assert_true(bytes_equal_text(u->email, "e@example.com"));
	assert_int_equal(u->status, USER_ACTIVE);
	assert_int_equal(u->organization_count, 2);
	assert_int_equal(u->organizations[1].role, ORGANIZATION_ADMIN);
}

static void texts_of_any_length_are_kept(void **state)
{
	static const char text[] = "a name of thirty characters...";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct record r = member(ALICE, "", 1);

		r.as.user_changed.username = (struct bytes){ (const uint8_t *)text, len };
		r.as.user_changed.email = r.as.user_changed.username;
		take(&r);
		assert_true(bytes_equal(user_of(ALICE)->username, r.as.user_changed.username));
		assert_true(bytes_equal(user_of(ALICE)->email, r.as.user_changed.username));
		assert_int_equal(user_of(ALICE)->organizations[0].role, ORGANIZATION_MEMBER);
	}
}

static void later_fact_replaces_the_earlier(void **state)
{
	(void)state;
	take_member(ALICE, "alice", 2);
	take_member(BOB, "bob", 1);
	take_member(ALICE, "alicia", 0);
	assert_true(bytes_equal_text(user_of(ALICE)->username, "alicia"));
	assert_int_equal(user_of(ALICE)->organization_count, 0);
	assert_true(bytes_equal_text(user_of(BOB)->username, "bob"));
}

static void forgotten_entity_is_unknown(void **state)
{
	(void)state;
	take_member(ALICE, "alice", 1);
	take_member(BOB, "bob", 1);
	forget(ALICE);
	forget(NOTHING);
	assert_null(user_of(ALICE));
	assert_non_null(user_of(BOB));
}

static void each_kind_is_looked_up_as_itself(void **state)
{
	struct uuid alice = letters(ALICE);
	struct uuid team = letters(TEAM);
	struct uuid acme = letters(ACME);

	(void)state;
	take_member(ALICE, "alice", 1);
	put_group(TEAM, "team", &alice, 1);
	put_organization(ACME, "acme");
	assert_non_null(directory_user(directory, &alice));
	assert_null(directory_group(directory, &alice));
	assert_null(directory_organization(directory, &alice));
	assert_non_null(directory_group(directory, &team));
	assert_null(directory_user(directory, &team));
	assert_non_null(directory_organization(directory, &acme));
	assert_null(directory_group(directory, &acme));
}

static void deployment_switch_is_what_the_last_fact_says(void **state)
{
	struct record r = { .type = RECORD_DEPLOYMENT_CHANGED };

	(void)state;
	r.as.deployment_changed.sharing_enabled = false;
	take(&r);
	assert_false(directory_sharing_enabled(directory));
	r.as.deployment_changed.sharing_enabled = true;
	take(&r);
	assert_true(directory_sharing_enabled(directory));
}

static void records_of_other_topics_are_not_taken(void **state)
{
	(void)state;
	for (int i = 0; i < RECORD_TYPE_COUNT; i++) {
		struct record r = { .type = (enum record_type)i };
		bool ours = i >= RECORD_USER_CHANGED && i <= RECORD_PREFERENCES_CHANGED;

		if (!ours)
			assert_false(directory_put(directory, &r, NULL));
	}
}

static void membership_is_found_by_organization(void **state)
{
	struct uuid globex = letters(GLOBEX);
	struct uuid nothing = letters(NOTHING);
	const struct membership *m;

	(void)state;
	take_member(ALICE, "alice", 2);
	m = user_membership(user_of(ALICE), &globex);
	assert_non_null(m);
	assert_int_equal(m->role, ORGANIZATION_ADMIN);
	assert_null(user_membership(user_of(ALICE), &nothing));
}

/* ---- groups ---- */

/* Members are listed in any order, some twice. Each is found, and nobody else. */
static void every_member_is_found_whatever_their_order(void **state)
{
	static struct uuid members[2 * MANY];
	struct uuid team = letters(TEAM);

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		size_t shuffled = i * 7 % MANY;

		members[i] = (struct uuid){ { (uint8_t)(shuffled >> 8), (uint8_t)shuffled, 1 } };
		members[MANY + i] = members[i / 2];
	}
	put_group(TEAM, "team", members, sizeof(members) / sizeof(*members));
	for (size_t i = 0; i < MANY; i++) {
		struct uuid in = { { (uint8_t)(i >> 8), (uint8_t)i, 1 } };
		struct uuid out = { { (uint8_t)(i >> 8), (uint8_t)i, 2 } };

		assert_true(directory_in_group(directory, &in, &team));
		assert_false(directory_in_group(directory, &out, &team));
	}
	assert_int_equal(directory_group(directory, &team)->member_count, MANY);
}

static void group_without_members_has_none(void **state)
{
	struct uuid team = letters(TEAM);
	const struct uuid *members = NULL;

	(void)state;
	put_group(TEAM, "team", NULL, 0);
	take_member(ALICE, "alice", 1);
	assert_false(in_group(ALICE, TEAM));
	assert_int_equal(directory_members(directory, &team, &arena, &members), 0);
}

static void group_of_everyone_is_the_organization(void **state)
{
	(void)state;
	put_organization(ACME, "acme");
	take_member(ALICE, "alice", 1);
	take_member(BOB, "bob", 0);
	assert_true(in_group(ALICE, ACME));
	assert_false(in_group(BOB, ACME));
	assert_false(in_group(ALICE, GLOBEX));
	assert_false(in_group(CAROL, ACME));
}

static void everyone_of_a_forgotten_organization_is_nobody(void **state)
{
	(void)state;
	put_organization(ACME, "acme");
	take_member(ALICE, "alice", 1);
	assert_true(in_group(ALICE, ACME));
	forget(ACME);
	assert_false(in_group(ALICE, ACME));
}

static void members_of_a_group_are_listed_sorted(void **state)
{
	struct uuid given[] = { letters(CAROL), letters(ALICE), letters(BOB), letters(ALICE) };
	struct uuid team = letters(TEAM);
	const struct uuid *members = NULL;

	(void)state;
	put_group(TEAM, "team", given, 4);
	assert_int_equal(directory_members(directory, &team, &arena, &members), 3);
	assert_int_equal(directory_member_count(directory, &team), 3);
	assert_memory_equal(members, ALICE BOB CAROL, 48);
}

static void members_of_everyone_are_listed(void **state)
{
	struct uuid acme = letters(ACME);
	struct uuid globex = letters(GLOBEX);
	struct uuid nothing = letters(NOTHING);
	const struct uuid *members = NULL;

	(void)state;
	put_organization(ACME, "acme");
	put_organization(GLOBEX, "globex");
	take_member(BOB, "bob", 1);
	take_member(ALICE, "alice", 2);
	take_member(CAROL, "carol", 0);
	assert_int_equal(directory_members(directory, &acme, &arena, &members), 2);
	assert_int_equal(directory_member_count(directory, &acme), 2);
	assert_memory_equal(members, BOB ALICE, 32);
	assert_int_equal(directory_members(directory, &globex, &arena, &members), 1);
	assert_int_equal(directory_member_count(directory, &globex), 1);
	assert_memory_equal(members, ALICE, 16);
	assert_int_equal(directory_members(directory, &nothing, &arena, &members), 0);
	assert_int_equal(directory_member_count(directory, &nothing), 0);
}

static bool deleted(enum subject_kind kind, const char *id)
{
	return directory_deleted(directory, &(struct subject){ kind, letters(id) });
}

static bool missing(enum subject_kind kind, const char *id)
{
	return directory_missing(directory, &(struct subject){ kind, letters(id) });
}

static void only_a_record_deletes(void **state)
{
	struct record bob = member(BOB, "bob", 1);

	(void)state;
	take_member(ALICE, "alice", 1);
	bob.as.user_changed.status = USER_DELETED;
	take(&bob);
	put_group(TEAM, "team", NULL, 0);
	assert_false(deleted(SUBJECT_USER, ALICE));
	assert_true(deleted(SUBJECT_USER, BOB));
	assert_false(deleted(SUBJECT_USER, NOTHING));
	assert_false(deleted(SUBJECT_USER, TEAM));
	assert_false(deleted(SUBJECT_GROUP, TEAM));
	assert_false(deleted(SUBJECT_GROUP, NOTHING));
	assert_false(deleted(SUBJECT_GROUP, ALICE));
	forget(ALICE);
	forget(TEAM);
	assert_true(deleted(SUBJECT_USER, ALICE));
	assert_true(deleted(SUBJECT_GROUP, TEAM));
}

static void tombstone_of_the_unknown_deletes(void **state)
{
	(void)state;
	forget(NOTHING);
	assert_true(deleted(SUBJECT_USER, NOTHING));
	assert_true(deleted(SUBJECT_GROUP, NOTHING));
	assert_false(missing(SUBJECT_USER, NOTHING));
	assert_false(missing(SUBJECT_GROUP, NOTHING));
}

static void who_comes_back_is_not_deleted(void **state)
{
	(void)state;
	take_member(ALICE, "alice", 1);
	forget(ALICE);
	forget(ALICE);
	take_member(ALICE, "alice", 1);
	assert_false(deleted(SUBJECT_USER, ALICE));
	forget(ALICE);
	assert_true(deleted(SUBJECT_USER, ALICE));
}

static void only_the_unknown_are_missing(void **state)
{
	struct record bob = member(BOB, "bob", 1);

	(void)state;
	take_member(ALICE, "alice", 1);
	bob.as.user_changed.status = USER_DELETED;
	take(&bob);
	put_group(TEAM, "team", NULL, 0);
	put_organization(ACME, "acme");
	assert_false(missing(SUBJECT_USER, ALICE));
	assert_false(missing(SUBJECT_USER, BOB));
	assert_false(missing(SUBJECT_GROUP, TEAM));
	assert_false(missing(SUBJECT_GROUP, ACME));
	assert_true(missing(SUBJECT_USER, NOTHING));
	assert_true(missing(SUBJECT_USER, TEAM));
	assert_true(missing(SUBJECT_GROUP, NOTHING));
	assert_true(missing(SUBJECT_GROUP, ALICE));
}

static void group_of_everyone_goes_with_the_organization(void **state)
{
	(void)state;
	put_organization(ACME, "acme");
	assert_false(deleted(SUBJECT_GROUP, ACME));
	assert_false(deleted(SUBJECT_USER, ACME));
	forget(ACME);
	assert_true(deleted(SUBJECT_GROUP, ACME));
}

/* Memory is bounded, and forgetting may only make a subject missing, never deleted. */
static void oldest_tombstones_are_forgotten_first(void **state)
{
	struct uuid id = { { 0 } };

	(void)state;
	forget(ALICE);
	forget(BOB);
	for (uint32_t i = 1; i < 200000; i++) {
		memcpy(id.bytes, &i, sizeof(i));
		directory_forget(directory, &id, NULL);
	}
	assert_true(missing(SUBJECT_USER, ALICE));
	assert_true(deleted(SUBJECT_USER, BOB));
}

static void names_are_for_people(void **state)
{
	struct subject alice = { SUBJECT_USER, letters(ALICE) };
	struct subject team = { SUBJECT_GROUP, letters(TEAM) };
	struct subject everyone = { SUBJECT_GROUP, letters(ACME) };
	struct subject unknown = { SUBJECT_USER, { { 0x01, 0x90 } } };

	(void)state;
	take_member(ALICE, "alice", 1);
	put_group(TEAM, "team", NULL, 0);
	put_organization(ACME, "acme");
	assert_true(bytes_equal_text(directory_subject_name(directory, &alice, &arena), "alice"));
	assert_true(bytes_equal_text(directory_subject_name(directory, &team, &arena), "team"));
	assert_true(bytes_equal_text(directory_subject_name(directory, &everyone, &arena),
				     "everyone in acme"));
	assert_true(bytes_equal_text(directory_subject_name(directory, &unknown, &arena),
				     "01900000-0000-0000-0000-000000000000"));
}

/* ---- what is projected ---- */

static void new_user_is_projected(void **state)
{
	(void)state;
	take_member(ALICE, "alice", 2);
	told(2);
	assert_command(&commands, 0, "ZADD", "sb:{dir}:usernames", "0", "5:alice" ALICE, NULL);
	assert_command(&commands, 1, "HSET", "sb:{dir}:user:" ALICE, "username", "alice", "name",
		       "Name", "email", "e@example.com", "status", "active", "kind", "user",
		       "site_role", "member", "orgs", ACME "m" GLOBEX "a", NULL);
}

static void renamed_user_no_longer_has_the_old_name(void **state)
{
	(void)state;
	take_member(ALICE, "alice", 0);
	told(2);
	take_member(ALICE, "alicia", 0);
	told(3);
	assert_command(&commands, 0, "ZREM", "sb:{dir}:usernames", "5:alice" ALICE, NULL);
	assert_command(&commands, 1, "ZADD", "sb:{dir}:usernames", "0", "6:alicia" ALICE, NULL);
}

static void deleted_user_cannot_be_found_by_name(void **state)
{
	struct record r = member(ALICE, "alice", 0);

	(void)state;
	take(&r);
	told(2);
	r.as.user_changed.status = USER_DELETED;
	take(&r);
	told(2);
	assert_command(&commands, 0, "ZREM", "sb:{dir}:usernames", "5:alice" ALICE, NULL);
	assert_command(&commands, 1, "HSET", "sb:{dir}:user:" ALICE, "username", "alice", "name",
		       "Name", "email", "e@example.com", "status", "deleted", "kind", "user",
		       "site_role", "member", "orgs", "", NULL);
}

/* Alice is deleted, and Bob has her name now. Her tombstone must not take it from him. */
static void tombstone_of_a_deleted_user_leaves_the_name_to_its_new_bearer(void **state)
{
	struct record r = member(ALICE, "alice", 0);

	(void)state;
	take(&r);
	told(2);
	r.as.user_changed.status = USER_DELETED;
	take(&r);
	told(2);
	take_member(BOB, "alice", 0);
	told(2);
	forget(ALICE);
	told(1);
	assert_command(&commands, 0, "DEL", "sb:{dir}:user:" ALICE, NULL);
}

static void deleted_user_repeated_leaves_the_name_to_its_new_bearer(void **state)
{
	struct record r = member(ALICE, "alice", 0);

	(void)state;
	r.as.user_changed.status = USER_DELETED;
	take(&r);
	told(1);
	take_member(BOB, "alice", 0);
	told(2);
	r.as.user_changed.email = bytes_of("");
	take(&r);
	told(1);
	assert_command(&commands, 0, "HSET", "sb:{dir}:user:" ALICE, "username", "alice", "name",
		       "Name", "email", "", "status", "deleted", "kind", "user", "site_role",
		       "member", "orgs", "", NULL);
}

static void forgotten_user_is_deleted_for_readers(void **state)
{
	(void)state;
	take_member(ALICE, "alice", 0);
	told(2);
	forget(ALICE);
	told(2);
	assert_command(&commands, 0, "ZREM", "sb:{dir}:usernames", "5:alice" ALICE, NULL);
	assert_command(&commands, 1, "DEL", "sb:{dir}:user:" ALICE, NULL);
}

static void group_is_projected_with_its_members(void **state)
{
	struct uuid members[] = { letters(BOB), letters(ALICE) };

	(void)state;
	put_group(TEAM, "team", members, 2);
	told(5);
	assert_command(&commands, 0, "SADD", "sb:{dir}:members:" TEAM, ALICE, BOB, NULL);
	assert_command(&commands, 1, "SADD", "sb:{dir}:of:" ALICE, TEAM, NULL);
	assert_command(&commands, 2, "SADD", "sb:{dir}:of:" BOB, TEAM, NULL);
	assert_command(&commands, 3, "ZADD", "sb:{dir}:groupnames:" ACME, "0", "4:team" TEAM, NULL);
	assert_command(&commands, 4, "HSET", "sb:{dir}:group:" TEAM, "name", "team", "org", ACME,
		       NULL);
}

static void changed_group_leaves_nothing_behind(void **state)
{
	struct uuid members[] = { letters(BOB), letters(ALICE) };

	(void)state;
	put_group(TEAM, "team", members, 2);
	told(5);
	put_group(TEAM, "crew", members, 1);
	told(5);
	assert_command(&commands, 0, "SREM", "sb:{dir}:members:" TEAM, ALICE, NULL);
	assert_command(&commands, 1, "SREM", "sb:{dir}:of:" ALICE, TEAM, NULL);
	assert_command(&commands, 2, "ZREM", "sb:{dir}:groupnames:" ACME, "4:team" TEAM, NULL);
	assert_command(&commands, 3, "ZADD", "sb:{dir}:groupnames:" ACME, "0", "4:crew" TEAM, NULL);
}

/* Members that stay are not written again, however many there are. */
static void only_members_that_join_or_leave_are_projected(void **state)
{
	struct uuid before[] = { letters(BOB), letters(ALICE) };
	struct uuid after[] = { letters(CAROL), letters(BOB) };

	(void)state;
	put_group(TEAM, "team", before, 2);
	told(5);
	put_group(TEAM, "team", after, 2);
	told(6);
	assert_command(&commands, 0, "SREM", "sb:{dir}:members:" TEAM, ALICE, NULL);
	assert_command(&commands, 1, "SREM", "sb:{dir}:of:" ALICE, TEAM, NULL);
	assert_command(&commands, 2, "SADD", "sb:{dir}:members:" TEAM, CAROL, NULL);
	assert_command(&commands, 3, "SADD", "sb:{dir}:of:" CAROL, TEAM, NULL);
	assert_command(&commands, 4, "ZADD", "sb:{dir}:groupnames:" ACME, "0", "4:team" TEAM, NULL);
}

/* A command begins with the number of its arguments, so that must be true of each. */
static void large_group_is_projected_in_several_commands(void **state)
{
	enum { LARGE = 2500 };
	static struct uuid members[LARGE];
	struct bytes text;
	size_t commands_of_group = 0;

	(void)state;
	for (size_t i = 0; i < LARGE; i++)
		members[i] = (struct uuid){ { (uint8_t)(i >> 8), (uint8_t)i, 'x' } };
	put_group(TEAM, "team", members, LARGE);
	assert_int_equal(projection.pipeline.commands, 3 + LARGE + 2);
	buffer_append_u8(&projection.pipeline.bytes, 0);
	text = buffer_bytes(&projection.pipeline.bytes);
	for (size_t i = 0; i + 6 < text.len; i++)
		commands_of_group += memcmp(text.data + i, "*1002\r", 6) == 0 ||
				     memcmp(text.data + i, "*502\r\n", 6) == 0;
	assert_int_equal(commands_of_group, 3);
	pipeline_clear(&projection.pipeline);
	put_group(TEAM, "team", members, LARGE - 1);
	told(4);
}

static void forgotten_group_is_deleted_for_readers(void **state)
{
	struct uuid alice = letters(ALICE);

	(void)state;
	put_group(TEAM, "team", &alice, 1);
	told(4);
	forget(TEAM);
	told(4);
	assert_command(&commands, 0, "SREM", "sb:{dir}:members:" TEAM, ALICE, NULL);
	assert_command(&commands, 1, "SREM", "sb:{dir}:of:" ALICE, TEAM, NULL);
	assert_command(&commands, 2, "ZREM", "sb:{dir}:groupnames:" ACME, "4:team" TEAM, NULL);
	assert_command(&commands, 3, "DEL", "sb:{dir}:group:" TEAM, NULL);
}

static bool shadow(const char *id)
{
	struct uuid uuid = letters(id);

	return directory_shadow(directory, &uuid, &projection);
}

static void shadowed_entity_is_told_once_until_it_is_announced_again(void **state)
{
	(void)state;
	put_organization(ACME, "acme");
	told(2);
	assert_true(shadow(ACME));
	told(1);
	assert_command(&commands, 0, "SADD", "sb:{dir}:shadowed", ACME, NULL);
	assert_false(shadow(ACME));
	told(0);
	put_organization(ACME, "acme");
	told(3);
	assert_command(&commands, 2, "SREM", "sb:{dir}:shadowed", ACME, NULL);
	assert_true(shadow(ACME));
	told(1);
	forget(ACME);
	told(3);
	assert_command(&commands, 2, "SREM", "sb:{dir}:shadowed", ACME, NULL);
}

static void nothing_unknown_is_shadowed(void **state)
{
	(void)state;
	assert_false(shadow(NOTHING));
	told(0);
}

static void shadowed_switch_is_told_as_nil(void **state)
{
	struct uuid nil = { { 0 } };
	struct record r = { .type = RECORD_DEPLOYMENT_CHANGED };

	(void)state;
	assert_true(directory_shadow(directory, &nil, &projection));
	assert_false(directory_shadow(directory, &nil, &projection));
	assert_int_equal(projection.pipeline.commands, 1);
	take(&r);
	assert_int_equal(projection.pipeline.commands, 3);
	assert_true(directory_shadow(directory, &nil, &projection));
	pipeline_clear(&projection.pipeline);
}

static void whole_directory_is_projected_with_what_is_shadowed(void **state)
{
	const struct entity *at = NULL;

	(void)state;
	put_organization(ACME, "acme");
	assert_true(shadow(ACME));
	pipeline_clear(&projection.pipeline);
	assert_false(directory_project(directory, &projection, &at, (size_t)LITTLE * LITTLE));
	told(4);
	assert_command(&commands, 3, "SADD", "sb:{dir}:shadowed", ACME, NULL);
}

/* Two of one name are told each for itself, in whatever order they come and go. */
static void bearers_of_one_name_come_and_go_each_for_itself(void **state)
{
	(void)state;
	take_member(ALICE, "twin", 0);
	take_member(BOB, "twin", 0);
	told(4);
	assert_command(&commands, 0, "ZADD", "sb:{dir}:usernames", "0", "4:twin" ALICE, NULL);
	assert_command(&commands, 2, "ZADD", "sb:{dir}:usernames", "0", "4:twin" BOB, NULL);
	forget(BOB);
	told(2);
	assert_command(&commands, 0, "ZREM", "sb:{dir}:usernames", "4:twin" BOB, NULL);
}

/* The deployment's switch comes first, then every entity once. */
static void whole_directory_is_projected_in_pieces(void **state)
{
	size_t users = 0;
	size_t pieces = 0;
	const struct entity *at = NULL;
	bool more = true;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		char id[UUID_TEXT_SIZE];

		(void)snprintf(id, sizeof(id), "user-%011u", i);
		take_member(id, id, 0);
	}
	for (; more; pieces++) {
		pipeline_clear(&projection.pipeline);
		more = directory_project(directory, &projection, &at, LITTLE);
		users += projection.pipeline.commands;
	}
	assert_int_equal(users, 1 + 2 * MANY);
	assert_true(pieces > 10);
}

/* "nothing" stands for a workspace. */
static struct record mail_is_off(const char *user)
{
	static struct preference_rule rules[] = { { CHANNEL_MAIL, 0, 0, false },
						  { 0, 0, CATEGORY_HANDOFF, true } };
	static struct uuid muted[1];
	struct record r = { .type = RECORD_PREFERENCES_CHANGED };

	muted[0] = letters(NOTHING);
	r.as.preferences_changed =
		(struct preferences_changed){ letters(user), rules, 2, muted, 1 };
	return r;
}

static void preferences_stand_beside_their_user(void **state)
{
	struct record r = mail_is_off(ALICE);
	struct uuid alice = letters(ALICE);
	const struct preferences_changed *p;

	(void)state;
	assert_null(directory_preferences(directory, &alice));
	take(&r);
	assert_null(user_of(ALICE));
	take_member(ALICE, "alice", 1);
	p = directory_preferences(directory, &alice);
	assert_int_equal(p->rule_count, 2);
	assert_ptr_not_equal(p->rules, r.as.preferences_changed.rules);
	assert_int_equal(p->rules[0].channel, CHANNEL_MAIL);
	assert_true(
		uuid_equal(&p->muted_workspaces[0], &r.as.preferences_changed.muted_workspaces[0]));
	assert_true(bytes_equal_text(user_of(ALICE)->username, "alice"));
	forget(ALICE);
	assert_non_null(directory_preferences(directory, &alice));
	directory_forget_preferences(directory, &alice, &projection);
	assert_null(directory_preferences(directory, &alice));
	directory_forget_preferences(directory, &alice, &projection);
}

static void preferences_are_projected(void **state)
{
	struct record r = mail_is_off(ALICE);
	struct uuid alice = letters(ALICE);
	const struct entity *at = NULL;
	static const uint8_t packed[] = { CHANNEL_MAIL, 0, 0, 0, 0, 0, CATEGORY_HANDOFF, 1 };

	(void)state;
	take(&r);
	directory_forget_preferences(directory, &alice, &projection);
	commands_parse(&commands, &projection.pipeline);
	assert_int_equal(commands.count, 2);
	assert_true(bytes_equal(commands.list[0].arguments[3],
				(struct bytes){ packed, sizeof(packed) }));
	assert_true(bytes_equal_text(commands.list[0].arguments[1], "sb:{dir}:prefs:" ALICE));
	assert_true(bytes_equal_text(commands.list[0].arguments[5], NOTHING));
	assert_command(&commands, 1, "DEL", "sb:{dir}:prefs:" ALICE, NULL);
	take(&r);
	pipeline_clear(&projection.pipeline);
	assert_false(directory_project(directory, &projection, &at, SIZE_MAX));
	assert_int_equal(projection.pipeline.commands, 2); /* the switch and these */
}

/* Whichever of the two tables is empty or longer, each entity is projected once. */
static void pieces_go_on_from_entities_to_preferences(void **state)
{
	const struct entity *at = NULL;
	size_t commands_seen = 0;
	bool more = true;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		char id[UUID_TEXT_SIZE];
		struct record r;

		(void)snprintf(id, sizeof(id), "user-%011u", i);
		r = mail_is_off(id);
		take(&r);
		if (i % 2)
			take_member(id, id, 0);
	}
	while (more) {
		pipeline_clear(&projection.pipeline);
		more = directory_project(directory, &projection, &at, LITTLE);
		commands_seen += projection.pipeline.commands;
	}
	assert_int_equal(commands_seen, 1 + MANY / 2 * 2 + MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_directory_knows_nobody_and_shares),
		TEST(fact_is_a_copy),
		TEST(texts_of_any_length_are_kept),
		TEST(later_fact_replaces_the_earlier),
		TEST(forgotten_entity_is_unknown),
		TEST(each_kind_is_looked_up_as_itself),
		TEST(deployment_switch_is_what_the_last_fact_says),
		TEST(records_of_other_topics_are_not_taken),
		TEST(membership_is_found_by_organization),
		TEST(every_member_is_found_whatever_their_order),
		TEST(group_without_members_has_none),
		TEST(group_of_everyone_is_the_organization),
		TEST(everyone_of_a_forgotten_organization_is_nobody),
		TEST(members_of_a_group_are_listed_sorted),
		TEST(members_of_everyone_are_listed),
		TEST(only_a_record_deletes),
		TEST(tombstone_of_the_unknown_deletes),
		TEST(who_comes_back_is_not_deleted),
		TEST(only_the_unknown_are_missing),
		TEST(group_of_everyone_goes_with_the_organization),
		TEST(oldest_tombstones_are_forgotten_first),
		TEST(names_are_for_people),
		TEST(new_user_is_projected),
		TEST(renamed_user_no_longer_has_the_old_name),
		TEST(deleted_user_cannot_be_found_by_name),
		TEST(tombstone_of_a_deleted_user_leaves_the_name_to_its_new_bearer),
		TEST(deleted_user_repeated_leaves_the_name_to_its_new_bearer),
		TEST(forgotten_user_is_deleted_for_readers),
		TEST(group_is_projected_with_its_members),
		TEST(changed_group_leaves_nothing_behind),
		TEST(only_members_that_join_or_leave_are_projected),
		TEST(large_group_is_projected_in_several_commands),
		TEST(forgotten_group_is_deleted_for_readers),
		TEST(shadowed_entity_is_told_once_until_it_is_announced_again),
		TEST(nothing_unknown_is_shadowed),
		TEST(shadowed_switch_is_told_as_nil),
		TEST(whole_directory_is_projected_with_what_is_shadowed),
		TEST(bearers_of_one_name_come_and_go_each_for_itself),
		TEST(whole_directory_is_projected_in_pieces),
		TEST(preferences_stand_beside_their_user),
		TEST(preferences_are_projected),
		TEST(pieces_go_on_from_entities_to_preferences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
