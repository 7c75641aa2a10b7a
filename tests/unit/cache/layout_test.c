/*
 * The hash of a workspace: grants byte for byte, whole workspaces out of what
 * Redis replies.
 */

#include "cache/layout.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/replies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BOB    "bob-------------"
#define GROUP  "contractor------"
#define ALICE  "alice-----------"
#define ACME   "acme------------"
#define SINCE  "ABCDEFGH" /* 0x4142434445464748 */
#define EXPIRY "HGFEDCBA"

static const int64_t SINCE_MS = 0x4142434445464748;
static const int64_t EXPIRY_MS = 0x4847464544434241;

static struct array_reply reply;
static struct workspace workspace;

static int set_up(void **state)
{
	struct uuid id = letters("workspace-------");

	(void)state;
	array_reply_init(&reply);
	workspace_init(&workspace, &id);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	workspace_done(&workspace);
	return 0;
}

static void add(const char *field, const char *value)
{
	array_reply_add_text(&reply, field);
	array_reply_add_text(&reply, value);
}

static bool parse(void)
{
	return layout_parse_workspace(&workspace, &reply.reply);
}

static const struct grant *grant_of(enum subject_kind kind, const char *id)
{
	struct subject s = { kind, letters(id) };
	const struct grant *g = workspace_grant(&workspace, &s);

	assert_non_null(g);
	return g;
}

static void grant_without_an_end_takes_25_bytes(void **state)
{
	struct grant g = {
		{ SUBJECT_USER, letters(BOB) }, ROLE_USE, letters(ALICE), SINCE_MS, ABSENT
	};
	uint8_t value[GRANT_VALUE_MAX];

	(void)state;
	assert_int_equal(layout_grant_value(value, &g), 25);
	assert_memory_equal(value, "u" SINCE ALICE, 25);
}

static void grant_with_an_end_takes_33_bytes(void **state)
{
	struct grant g = {
		{ SUBJECT_USER, letters(BOB) }, ROLE_ADMIN, letters(ALICE), SINCE_MS, EXPIRY_MS
	};
	uint8_t value[GRANT_VALUE_MAX];

	(void)state;
	assert_int_equal(layout_grant_value(value, &g), 33);
	assert_memory_equal(value, "a" SINCE ALICE EXPIRY, 33);
}

static void field_of_a_grant_is_kind_and_id(void **state)
{
	struct subject user = { SUBJECT_USER, letters(BOB) };
	struct subject group = { SUBJECT_GROUP, letters(GROUP) };
	uint8_t field[SUBJECT_FIELD_SIZE];

	(void)state;
	layout_subject_field(field, &user);
	assert_memory_equal(field, "u" BOB, sizeof(field));
	layout_subject_field(field, &group);
	assert_memory_equal(field, "g" GROUP, sizeof(field));
}

static void grants_come_back(void **state)
{
	static const struct grant grants[] = {
		{ { SUBJECT_USER, { { 1 } } }, ROLE_USE, { { 9 } }, 0, ABSENT },
		{ { SUBJECT_USER, { { 2 } } }, ROLE_ADMIN, { { 0 } }, 1795512600007, 0 },
		{ { SUBJECT_GROUP, { { 1 } } }, ROLE_ADMIN, { { 8 } }, -1, INT64_MAX },
		{ { SUBJECT_GROUP, { { 0xff } } }, ROLE_USE, { { 7 } }, INT64_MAX, -1 },
	};
	enum { COUNT = sizeof(grants) / sizeof(*grants) };

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		uint8_t field[SUBJECT_FIELD_SIZE];
		uint8_t value[GRANT_VALUE_MAX];

		layout_subject_field(field, &grants[i].subject);
		array_reply_add(&reply, (struct bytes){ field, sizeof(field) });
		array_reply_add(&reply,
				(struct bytes){ value, layout_grant_value(value, &grants[i]) });
	}
	assert_true(parse());
	assert_int_equal(workspace.grant_count, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		const struct grant *g = workspace_grant(&workspace, &grants[i].subject);

		assert_non_null(g);
		assert_int_equal(g->role, grants[i].role);
		assert_true(uuid_equal(&g->granted_by, &grants[i].granted_by));
		assert_true(g->granted_at == grants[i].granted_at);
		assert_true(g->expires_at == grants[i].expires_at);
	}
}

static void whole_workspace_comes_back(void **state)
{
	struct uuid command = letters("the-15th-command");
	struct uuid acme = letters(ACME);
	struct uuid alice = letters(ALICE);

	(void)state;
	add("org", ACME);
	add("owner", ALICE);
	add("name", "dev");
	add("status", "dormant");
	add("ver", "1234567890123");
	add("c", "15");
	add("c14", "the-15th-command");
	add("u" BOB, "u" SINCE ALICE EXPIRY);
	add("g" GROUP, "a" SINCE BOB);
	assert_true(parse());
	assert_true(workspace.registered);
	assert_true(uuid_equal(&workspace.organization_id, &acme));
	assert_true(uuid_equal(&workspace.owner_id, &alice));
	assert_string_equal((const char *)workspace.name.data, "dev");
	assert_int_equal(workspace.status, WORKSPACE_DORMANT);
	assert_true(workspace.version == 1234567890123);
	assert_int_equal(workspace.recent_next, 15);
	assert_true(uuid_equal(&workspace.recent[14], &command));
	assert_true(workspace_saw_command(&workspace, &command));
	assert_int_equal(workspace.grant_count, 2);
	assert_true(grant_of(SUBJECT_USER, BOB)->expires_at == EXPIRY_MS);
	assert_int_equal(grant_of(SUBJECT_GROUP, GROUP)->role, ROLE_ADMIN);
}

static void every_place_of_the_ring_has_its_field(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RECENT_COMMANDS; i++) {
		char field[4];

		(void)snprintf(field, sizeof(field), "c%u", i);
		assert_string_equal(layout_command_field(i), field);
		add(field, i % 2 ? "odd-command-----" : "even-command----");
	}
	assert_true(parse());
	for (unsigned i = 0; i < RECENT_COMMANDS; i++)
		assert_memory_equal(workspace.recent[i].bytes,
				    i % 2 ? "odd-command-----" : "even-command----", 16);
}

static void unknown_fields_are_passed_over(void **state)
{
	(void)state;
	add("name", "dev");
	add("colour", "blue");
	add("", "");
	add("x" BOB, "u");
	add("u", "short");
	add("cx", "x");
	add("c-1", "x");
	add("c00", "x");
	add("c16", "sixteen--letters");
	add("c99", "x");
	add("status", "active");
	assert_true(parse());
	assert_true(workspace.registered);
	assert_int_equal(workspace.grant_count, 0);
	assert_int_equal(workspace.recent_next, 0);
	for (unsigned i = 0; i < RECENT_COMMANDS; i++)
		assert_true(uuid_is_nil(&workspace.recent[i]));
	assert_int_equal(workspace.status, WORKSPACE_ACTIVE);
}

static void empty_reply_is_an_unregistered_workspace(void **state)
{
	(void)state;
	assert_true(parse());
	assert_false(workspace.registered);
}

static void broken_values_are_refused(void **state)
{
	static const struct {
		const char *field;
		const char *value;
	} cases[] = {
		{ "org", "fifteen-letters" },
		{ "org", "" },
		{ "owner", "seventeen-letters" },
		{ "c0", "fifteen-letters" },
		{ "c15", "" },
		{ "u" BOB, "" },
		{ "u" BOB, "u" },
		{ "u" BOB, "x" SINCE ALICE },
		{ "u" BOB, "o" SINCE ALICE },
		{ "u" BOB, "u" SINCE "fifteen-letters" },
		{ "u" BOB, "u" SINCE ALICE "1234567" },
		{ "g" GROUP, "a" SINCE ALICE EXPIRY "1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		workspace_clear(&workspace);
		array_reply_init(&reply);
		add("name", "dev");
		add(cases[i].field, cases[i].value);
		if (parse())
			fail_msg("%s of \"%s\" passes", cases[i].field, cases[i].value);
	}
}

static void reply_that_is_no_hash_is_refused(void **state)
{
	(void)state;
	array_reply_add_text(&reply, "name");
	assert_false(parse());
	reply.reply.type = REDIS_REPLY_NIL;
	assert_false(parse());
}

static void roles_are_one_letter(void **state)
{
	(void)state;
	assert_string_equal(layout_role_value(ROLE_USE), "u");
	assert_string_equal(layout_role_value(ROLE_ADMIN), "a");
	assert_int_equal(layout_role(bytes_of("u")), ROLE_USE);
	assert_int_equal(layout_role(bytes_of("a")), ROLE_ADMIN);
	assert_int_equal(layout_role(bytes_of("o")), ROLE_NONE);
	assert_int_equal(layout_role(bytes_of("")), ROLE_NONE);
	assert_int_equal(layout_role((struct bytes){ 0 }), ROLE_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void member_of_due_is_workspace_and_subject(void **state)
{
	const struct subject bob = { SUBJECT_USER, letters(BOB) };
	struct uuid acme = letters(ACME);
	uint8_t member[DUE_MEMBER_SIZE];
	struct subject subject = { 0 };
	struct uuid workspace_id = { { 0 } };

	(void)state;
	layout_due_member(member, &acme, &bob);
	assert_memory_equal(member, ACME "u" BOB, DUE_MEMBER_SIZE);
	assert_true(layout_parse_due_member(&workspace_id, &subject, bytes_of(ACME "g" GROUP)));
	assert_memory_equal(workspace_id.bytes, ACME, 16);
	assert_int_equal(subject.kind, SUBJECT_GROUP);
	assert_memory_equal(subject.id.bytes, GROUP, 16);
}

static void broken_members_of_due_are_refused(void **state)
{
	static const char *const members[] = {
		"", ACME, (ACME "u"), (ACME "x" BOB), (ACME "u" BOB "-"), ("u" BOB)
	};
	struct subject subject;
	struct uuid workspace_id;

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		assert_false(
			layout_parse_due_member(&workspace_id, &subject, bytes_of(members[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(grant_without_an_end_takes_25_bytes),
		TEST(grant_with_an_end_takes_33_bytes),
		TEST(field_of_a_grant_is_kind_and_id),
		TEST(grants_come_back),
		TEST(whole_workspace_comes_back),
		TEST(every_place_of_the_ring_has_its_field),
		TEST(unknown_fields_are_passed_over),
		TEST(empty_reply_is_an_unregistered_workspace),
		TEST(broken_values_are_refused),
		TEST(reply_that_is_no_hash_is_refused),
		TEST(roles_are_one_letter),
		TEST(member_of_due_is_workspace_and_subject),
		TEST(broken_members_of_due_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
