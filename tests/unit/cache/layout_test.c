/* The hash of a workspace: grants byte for byte, and whole workspaces from a reply of Redis. */

#include "cache/layout.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/replies.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define BOB    "bob-------------"
#define GROUP  "contractor------"
#define ALICE  "alice-----------"
#define ACME   "acme------------"
#define SINCE  "ABCDEF" /* 0x414243444546 */
#define EXPIRY "FEDCBA"
#define HEADER ACME ALICE "a"

/* A remembered command: 16 letters, and its record was 0x4142 minutes late. */
#define FIRST  "the-1st-command-AB"
#define SECOND "the-2nd-command-AB"
#define THIRD  "the-3rd-command-AB"
#define LATE   0x4142

/* Six bytes cannot hold it. */
#define WIDE_SINCE  "ABCDEFGH"
#define WIDE_EXPIRY "HGFEDCBA"

static const int64_t SINCE_MS = 0x414243444546;
static const int64_t EXPIRY_MS = 0x464544434241;
static const int64_t WIDE_SINCE_MS = 0x4142434445464748;
static const int64_t WIDE_EXPIRY_MS = 0x4847464544434241;

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

static void value_of_a_grant_has_only_the_parts_it_needs(void **state)
{
	static const struct {
		const char *by;
		int64_t since;
		int64_t expires;
		enum role role;
		const char *value;
	} cases[] = {
		{ ALICE, SINCE_MS, ABSENT, ROLE_USE, "1" SINCE },
		{ ALICE, SINCE_MS, EXPIRY_MS, ROLE_ADMIN, "2" SINCE EXPIRY },
		{ BOB, SINCE_MS, ABSENT, ROLE_ADMIN, "2" SINCE BOB },
		{ BOB, SINCE_MS, EXPIRY_MS, ROLE_USE, "1" SINCE BOB EXPIRY },
		{ ALICE, WIDE_SINCE_MS, ABSENT, ROLE_USE, "1" WIDE_SINCE },
		{ ALICE, WIDE_SINCE_MS, WIDE_EXPIRY_MS, ROLE_USE, "1" WIDE_SINCE WIDE_EXPIRY },
		{ BOB, WIDE_SINCE_MS, ABSENT, ROLE_USE, "1" WIDE_SINCE BOB },
		{ BOB, WIDE_SINCE_MS, WIDE_EXPIRY_MS, ROLE_ADMIN, "2" WIDE_SINCE BOB WIDE_EXPIRY },
	};
	const struct uuid owner = letters(ALICE);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grant g = { { SUBJECT_USER, letters(BOB) },
				   cases[i].role,
				   letters(cases[i].by),
				   cases[i].since,
				   cases[i].expires };
		uint8_t value[GRANT_VALUE_MAX];
		size_t len = layout_grant_value(value, &g, &owner);

		assert_int_equal(len, strlen(cases[i].value));
		assert_memory_equal(value, cases[i].value, len);
	}
}

/* If one time needs more than six bytes, both take eight; six suffice until the year 10889. */
static void times_take_six_bytes_while_they_fit(void **state)
{
	static const struct {
		int64_t since;
		int64_t expires;
		size_t len;
	} cases[] = {
		{ 0, ABSENT, 7 },
		{ 0xffffffffffff, ABSENT, 7 },
		{ 0x1000000000000, ABSENT, 9 },
		{ -1, ABSENT, 9 },
		{ INT64_MAX, ABSENT, 9 },
		{ INT64_MIN, ABSENT, 9 },
		{ 0xffffffffffff, 0, 13 },
		{ 0, 0xffffffffffff, 13 },
		{ 0, 0x1000000000000, 17 },
		{ 0x1000000000000, 0, 17 },
		{ 0, -1, 17 },
		{ 0, INT64_MAX, 17 },
		{ 0, INT64_MIN + 1, 17 },
	};
	const struct uuid owner = letters(ALICE);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct grant g = { { SUBJECT_USER, letters(BOB) },
				   ROLE_USE,
				   owner,
				   cases[i].since,
				   cases[i].expires };
		uint8_t value[GRANT_VALUE_MAX];
		struct grant back;

		assert_int_equal(layout_grant_value(value, &g, &owner), cases[i].len);
		assert_true(layout_parse_grant(&back, &owner, bytes_of("u" BOB),
					       (struct bytes){ value, cases[i].len }));
		assert_true(back.granted_at == cases[i].since);
		assert_true(back.expires_at == cases[i].expires);
	}
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

static void grants_are_read_as_written(void **state)
{
	static const struct grant grants[] = {
		{ { SUBJECT_USER, { { 1 } } }, ROLE_USE, { { 9 } }, 0, ABSENT },
		{ { SUBJECT_USER, { { 2 } } }, ROLE_ADMIN, { { 0 } }, 1795512600007, 0 },
		{ { SUBJECT_USER, { { 3 } } }, ROLE_ADMIN, { { 5 } }, 1795512600007, ABSENT },
		{ { SUBJECT_USER, { { 4 } } }, ROLE_USE, { { 5 } }, 1795512600007, 1795512600008 },
		{ { SUBJECT_GROUP, { { 1 } } }, ROLE_ADMIN, { { 8 } }, -1, INT64_MAX },
		{ { SUBJECT_GROUP, { { 0xff } } }, ROLE_USE, { { 7 } }, INT64_MAX, -1 },
	};
	enum { COUNT = sizeof(grants) / sizeof(*grants) };
	char version[16];
	const struct uuid owner = { { 5 } };
	uint8_t header[HEADER_VALUE_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		uint8_t field[SUBJECT_FIELD_SIZE];
		uint8_t value[GRANT_VALUE_MAX];

		layout_subject_field(field, &grants[i].subject);
		array_reply_add(&reply, (struct bytes){ field, sizeof(field) });
		array_reply_add(&reply, (struct bytes){ value, layout_grant_value(value, &grants[i],
										  &owner) });
	}
	workspace.owner_id = owner;
	layout_header_value(header, &workspace);
	/* after the grants: Redis returns the fields of a large hash in any order */
	array_reply_add_text(&reply, LAYOUT_HEADER);
	array_reply_add(&reply, (struct bytes){ header, sizeof(header) });
	add("n", "dev");
	(void)snprintf(version, sizeof(version), "1 %d 0 0", (int)COUNT);
	add("v", version);
	workspace.owner_id = (struct uuid){ { 0 } };
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

static void whole_workspace_is_read_as_written(void **state)
{
	struct uuid command = letters("the-3rd-command-");
	struct uuid acme = letters(ACME);
	struct uuid alice = letters(ALICE);
	struct uuid bob = letters(BOB);

	(void)state;
	add("h", ACME ALICE "d");
	add("n", "dev");
	add("v", "1234567890123 2 0 3");
	add("0", FIRST SECOND THIRD);
	add("u" BOB, "1" SINCE EXPIRY);
	add("g" GROUP, "2" SINCE BOB);
	assert_true(parse());
	assert_true(workspace.registered);
	assert_true(uuid_equal(&workspace.organization_id, &acme));
	assert_true(uuid_equal(&workspace.owner_id, &alice));
	assert_string_equal((const char *)workspace.name.data, "dev");
	assert_int_equal(workspace.status, WORKSPACE_DORMANT);
	assert_true(workspace.version == 1234567890123);
	assert_int_equal(recent_end(&workspace.recent), 3);
	assert_true(recent_holds(&workspace.recent, &command));
	assert_int_equal(workspace.recent.list[2].late_minutes, LATE);
	assert_int_equal(workspace.grant_count, 2);
	assert_true(grant_of(SUBJECT_USER, BOB)->expires_at == EXPIRY_MS);
	assert_true(uuid_equal(&grant_of(SUBJECT_USER, BOB)->granted_by, &alice));
	assert_int_equal(grant_of(SUBJECT_GROUP, GROUP)->role, ROLE_ADMIN);
	assert_true(uuid_equal(&grant_of(SUBJECT_GROUP, GROUP)->granted_by, &bob));
}

static void header_is_organization_owner_and_status(void **state)
{
	uint8_t value[HEADER_VALUE_SIZE];

	(void)state;
	workspace.organization_id = letters(ACME);
	workspace.owner_id = letters(ALICE);
	workspace.status = WORKSPACE_ACTIVE;
	layout_header_value(value, &workspace);
	assert_memory_equal(value, ACME ALICE "a", sizeof(value));
	workspace.status = WORKSPACE_DORMANT;
	layout_header_value(value, &workspace);
	assert_memory_equal(value, ACME ALICE "d", sizeof(value));
}

static void remember(const char *command)
{
	recent_restore(&workspace.recent, &(struct recent_command){ letters(command), LATE });
}

static void check_value(int64_t field, const char *wanted)
{
	uint8_t value[RECENT_VALUE_MAX];
	size_t len = layout_recent_value(value, &workspace.recent, field);

	assert_int_equal(len, strlen(wanted));
	assert_memory_equal(value, wanted, len);
}

static void field_of_commands_holds_three_by_their_numbers(void **state)
{
	(void)state;
	assert_int_equal(layout_recent_field(0), 0);
	assert_int_equal(layout_recent_field(2), 0);
	assert_int_equal(layout_recent_field(3), 1);
	assert_int_equal(layout_recent_field(3000), 1000);
	remember("the-1st-command-");
	check_value(0, FIRST);
	remember("the-2nd-command-");
	remember("the-3rd-command-");
	remember("the-1st-command-");
	check_value(0, FIRST SECOND THIRD);
	check_value(1, FIRST);
}

static void forgotten_command_leaves_zeros_in_its_field(void **state)
{
	uint8_t value[RECENT_VALUE_MAX];
	uint8_t zeros[RECENT_COMMAND_SIZE] = { 0 };

	(void)state;
	workspace.recent.first = 4;
	remember("the-2nd-command-");
	assert_int_equal(layout_recent_value(value, &workspace.recent, 1), 36);
	assert_memory_equal(value, zeros, sizeof(zeros));
	assert_memory_equal(value + sizeof(zeros), SECOND, sizeof(zeros));
}

/* The fields of a large hash come in any order, and what is forgotten may come last. */
static void commands_are_read_as_written(void **state)
{
	enum { COMMANDS = 100 };
	static struct recent_command commands[COMMANDS];
	uint8_t values[COMMANDS / RECENT_FIELD_COMMANDS + 2][RECENT_VALUE_MAX];
	uint8_t forgotten[FORGOTTEN_VALUE_SIZE];
	char names[COMMANDS / RECENT_FIELD_COMMANDS + 2][8];
	char version[16];
	size_t used = 0;

	(void)state;
	workspace.recent.first = 1000;
	workspace.recent.forgotten = 1795512600000;
	for (unsigned i = 0; i < COMMANDS; i++) {
		commands[i] =
			(struct recent_command){ made_at(1795512600000 + i, i), (int64_t)i * 400 };
		recent_restore(&workspace.recent, &commands[i]);
	}
	for (int64_t field = layout_recent_field(1000 + COMMANDS - 1);
	     field >= layout_recent_field(1000); field--, used++) {
		size_t len = layout_recent_value(values[used], &workspace.recent, field);

		(void)snprintf(names[used], sizeof(names[used]), "%d", (int)field);
		array_reply_add_text(&reply, names[used]);
		array_reply_add(&reply, (struct bytes){ values[used], len });
	}
	layout_forgotten_value(forgotten, &workspace.recent);
	array_reply_add_text(&reply, LAYOUT_FORGOTTEN);
	array_reply_add(&reply, (struct bytes){ forgotten, sizeof(forgotten) });
	add("h", HEADER);
	add("n", "dev");
	(void)snprintf(version, sizeof(version), "1 0 0 %d f", 1000 + (int)COMMANDS);
	add("v", version);
	workspace_clear(&workspace);
	assert_true(parse());
	assert_int_equal(workspace.recent.first, 1000);
	assert_int_equal(workspace.recent.forgotten, 1795512600000);
	assert_int_equal(workspace.recent.count, COMMANDS);
	assert_memory_equal(workspace.recent.list, commands, sizeof(commands));
}

static void unknown_fields_are_ignored(void **state)
{
	(void)state;
	add("n", "dev");
	add("v", "1 0 0 0");
	add("colour", "blue");
	add("", "");
	add("x" BOB, "1");
	add("u", "short");
	add("cx", "x");
	add("-1", "x");
	add("00", "x");
	add("01", "x");
	add("9999999999999999999", "x");
	add("c0", "x");
	add("h", HEADER);
	assert_true(parse());
	assert_true(workspace.registered);
	assert_int_equal(workspace.grant_count, 0);
	assert_int_equal(recent_end(&workspace.recent), 0);
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
		const char *version; /* as it would be if the field were good */
		const char *field;
		const char *value;
	} cases[] = {
		{ "1 0 0 1", "0", "" },
		{ "1 0 0 1", "0", "sixteen--letters" },
		{ "1 0 0 1", "0", FIRST "x" },
		{ "1 0 0 3", "0", FIRST SECOND THIRD FIRST },
		{ "1 0 0 4", "1", FIRST }, /* those of field 0 are missing */
		{ "1 0 0 1003", "334", FIRST },
		{ "1 0 0 0 f", "f", "" },
		{ "1 0 0 0 f", "f", "sixteen--letters-and-more" },
		{ "1 0 0 0 f", "f", "\x7f-beyond-numbers" },
		{ "1 0 0 0 f", "f", "\x01-number\xff-negat" },
		{ "1 1 0 0", "u" BOB, "" },
		{ "1 1 0 0", "u" BOB, "1" },
		{ "1 1 0 0", "u" BOB, "u" SINCE },
		{ "1 1 0 0", "u" BOB, "x" SINCE ALICE },
		{ "1 1 0 0", "u" BOB, "0" SINCE ALICE },
		{ "1 1 0 0", "u" BOB, "3" SINCE ALICE },
		{ "1 1 0 0", "u" BOB,
		  "1"
		  "12345" },
		{ "1 1 0 0", "u" BOB, "1" SINCE "1" },
		{ "1 1 0 0", "u" BOB, "1" SINCE "fifteen-letters" },
		{ "1 1 0 0", "u" BOB, "1" SINCE ALICE "1" },
		{ "1 1 0 0", "u" BOB, "1" SINCE ALICE "12345" },
		{ "1 1 0 0", "g" GROUP, "2" WIDE_SINCE ALICE WIDE_EXPIRY "1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		workspace_clear(&workspace);
		array_reply_init(&reply);
		add("h", HEADER);
		add("n", "dev");
		add("v", cases[i].version);
		add(cases[i].field, cases[i].value);
		if (parse())
			fail_msg("%s of \"%s\" was accepted", cases[i].field, cases[i].value);
	}
}

/* A field that is gone leaves nothing that could not be read: the numbers in LAYOUT_VERSION tell. */
static void workspace_that_lacks_or_has_something_is_refused(void **state)
{
	static const struct {
		const char *version;
		bool good;
	} cases[] = {
		{ "7 1 0 1", true },    { "7 2 0 1", false }, /* a grant is gone */
		{ "7 0 0 1", false },                         /* or one too many */
		{ "7 1 1 1", false },                         /* a handoff */
		{ "7 1 0 2", false }, /* the last command, so that it would be done again */
		{ "7 1 0 0", false },   { "0 1 0 1", false },   { "7 1 0", false },
		{ "7 1 0 1 ", false },  { "7 1 0 1 1", false }, { "7,1,0,1", false },
		{ "7", false },         { "", false },          { "-7 1 0 1", false },
		{ "7 1 0 1 f", false }, /* what is forgotten, so that what is too old would be taken */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		workspace_clear(&workspace);
		array_reply_init(&reply);
		add("h", HEADER);
		add("n", "dev");
		add("v", cases[i].version);
		add("0", FIRST);
		add("u" BOB, "1" SINCE);
		if (parse() != cases[i].good)
			fail_msg("\"%s\" was %s", cases[i].version,
				 cases[i].good ? "refused" : "accepted");
	}
}

/* Without the header, the grantor of a grant by the owner would be unknown. */
static void broken_or_missing_header_is_refused(void **state)
{
	static const char *const headers[] = {
		NULL, "", ACME ALICE, ACME ALICE "x", ACME ALICE "ab", ACME "a"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		workspace_clear(&workspace);
		array_reply_init(&reply);
		add("n", "dev");
		if (headers[i])
			add("h", headers[i]);
		assert_false(parse());
	}
}

static void reply_that_is_not_a_hash_is_refused(void **state)
{
	(void)state;
	array_reply_add_text(&reply, "h");
	assert_false(parse());
	reply.reply.type = REDIS_REPLY_NIL;
	assert_false(parse());
}

static void each_role_is_one_digit(void **state)
{
	(void)state;
	assert_string_equal(layout_role_value(ROLE_USE), "1");
	assert_string_equal(layout_role_value(ROLE_ADMIN), "2");
	assert_int_equal(layout_role(bytes_of("1")), ROLE_USE);
	assert_int_equal(layout_role(bytes_of("2")), ROLE_ADMIN);
	assert_int_equal(layout_role(bytes_of("0")), ROLE_NONE);
	assert_int_equal(layout_role(bytes_of("3")), ROLE_NONE);
	assert_int_equal(layout_role(bytes_of("u")), ROLE_NONE);
	assert_int_equal(layout_role(bytes_of("")), ROLE_NONE);
	assert_int_equal(layout_role((struct bytes){ 0 }), ROLE_NONE);
}

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
		TEST(value_of_a_grant_has_only_the_parts_it_needs),
		TEST(times_take_six_bytes_while_they_fit),
		TEST(field_of_a_grant_is_kind_and_id),
		TEST(grants_are_read_as_written),
		TEST(whole_workspace_is_read_as_written),
		TEST(header_is_organization_owner_and_status),
		TEST(field_of_commands_holds_three_by_their_numbers),
		TEST(forgotten_command_leaves_zeros_in_its_field),
		TEST(commands_are_read_as_written),
		TEST(unknown_fields_are_ignored),
		TEST(empty_reply_is_an_unregistered_workspace),
		TEST(broken_values_are_refused),
		TEST(workspace_that_lacks_or_has_something_is_refused),
		TEST(broken_or_missing_header_is_refused),
		TEST(reply_that_is_not_a_hash_is_refused),
		TEST(each_role_is_one_digit),
		TEST(member_of_due_is_workspace_and_subject),
		TEST(broken_members_of_due_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
