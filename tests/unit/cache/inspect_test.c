/* An index that holds what was written is good; what is missing, broken or at odds is named. */

#include "cache/inspect.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

#define DEV    "dev-------------"
#define BOB    "bob-------------"
#define OWNER  "owner-----------"
#define HEADER "organization----owner-----------a"
#define SINCE  "ABCDEF"
#define EXPIRY "FEDCBA"

static const char expiry_ms[] = "77263311946305"; /* 0x464544434241 */

static struct index *ix;
static struct arena arena;
static struct holdings sum;
static struct error err;

static int set_up(void **state)
{
	const struct mark m = script_ready_mark(7, 100);
	const struct index_options options = {
		{ .address = "127.0.0.1:6379" }, "sb", "sharing.commands", m.deployment, 1000
	};

	(void)script_reset(state);
	arena_init(&arena);
	sum = (struct holdings){ 0 };
	err = (struct error){ 0 };
	return index_open(&ix, &options, NULL);
}

static int tear_down(void **state)
{
	index_close(&ix);
	arena_done(&arena);
	return script_reset(state);
}

/* Ends a scene with the mark, as its owner left it. */
static void end_scene(struct pipeline *scene)
{
	const struct mark m = script_ready_mark(7, 100);

	script_mark(scene, &m);
}

static void type_scene(const char *type)
{
	struct pipeline *scene = script_scene();

	script_status(scene, type);
	end_scene(scene);
}

/* The workspace, with a grant that expires to bob; with one field less if `lacks` names it. */
static void workspace_scene(const char *lacks)
{
	static const char *const fields[][2] = {
		{ "h", HEADER }, { "n", "dev" }, { "v", "8 1 0 0" }, { "u" BOB, "1" SINCE EXPIRY }
	};
	struct pipeline *scene = script_scene();

	pipeline_command(scene, lacks ? 6 : 8);
	for (size_t i = 0; i < 4; i++) {
		if (lacks && strcmp(fields[i][0], lacks) == 0)
			continue;
		pipeline_text(scene, fields[i][0]);
		pipeline_text(scene, fields[i][1]);
	}
	end_scene(scene);
}

/* What leads to it: its owner's entry, bob's role, and when that expires; NULL: nothing. */
static void link_scene(const char *owned, const char *role, const char *due)
{
	const char *const replies[] = { owned, role, due };
	struct pipeline *scene = script_scene();

	for (int i = 0; i < 3; i++) {
		if (replies[i])
			pipeline_text(scene, replies[i]);
		else
			script_nil(scene);
	}
	end_scene(scene);
}

static int inspect(enum key_kind kind, const char *id)
{
	const struct mark ours = script_ready_mark(7, 100);
	const struct found_key key = { 1, kind, id ? letters(id) : (struct uuid){ { 0 } } };

	return inspect_keys(ix, &ours, &(struct inspect_piece){ &key, 1, 0 }, &sum, &arena, &err);
}

static void whole_workspace_is_good_and_counted(void **state)
{
	(void)state;
	type_scene("hash");
	workspace_scene(NULL);
	link_scene("0", "1", expiry_ms);
	assert_int_equal(inspect(KEY_WORKSPACE, DEV), 0);
	assert_true(sum.workspaces == 1 && sum.grants == 1 && sum.expiring == 1);
	assert_int_equal(script_left(), 0);
}

static void workspace_that_lacks_what_each_has_is_damaged(void **state)
{
	static const char *const fields[] = { "h", "n", "v" };

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		type_scene("hash");
		workspace_scene(fields[i]);
		assert_int_equal(inspect(KEY_WORKSPACE, DEV), ERROR_DAMAGED);
		assert_string_equal(err.text, "the key sb:{1}:ws: of "
					      "6465762d-2d2d-2d2d-2d2d-2d2d2d2d2d2d in Redis at "
					      "127.0.0.1:6379 cannot be read");
	}
}

static void workspace_to_which_something_does_not_lead_is_damaged(void **state)
{
	static const struct {
		const char *owned;
		const char *role;
		const char *due;
		const char *says;
	} cases[] = {
		{ NULL, "1", expiry_ms, "lacks a workspace" },
		{ "0", NULL, expiry_ms, "lacks a grant, or has it with another role" },
		{ "0", "2", expiry_ms, "lacks a grant, or has it with another role" },
		{ "0", "1", NULL, "lacks a grant that expires, or has it with another time" },
		{ "0", "1", "5", "lacks a grant that expires, or has it with another time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		type_scene("hash");
		workspace_scene(NULL);
		link_scene(cases[i].owned, cases[i].role, cases[i].due);
		assert_int_equal(inspect(KEY_WORKSPACE, DEV), ERROR_DAMAGED);
		assert_non_null(strstr(err.text, cases[i].says));
	}
}

static void key_of_another_type_is_damaged(void **state)
{
	(void)state;
	type_scene("string");
	assert_int_equal(inspect(KEY_DUE, NULL), ERROR_DAMAGED);
	assert_string_equal(err.text, "the key sb:{1}:due in Redis at 127.0.0.1:6379 is of another "
				      "type");
}

/* It was deleted between the step of SCAN and this look, as keys are; the counts will tell. */
static void key_that_is_gone_holds_nothing(void **state)
{
	struct pipeline *scene;

	(void)state;
	type_scene("none");
	scene = script_scene();
	pipeline_command(scene, 0);
	end_scene(scene);
	assert_int_equal(inspect(KEY_WORKSPACE, DEV), 0);
	assert_int_equal(sum.workspaces, 0);
}

/* The reverse index of bob has one entry; does the workspace have the grant? */
static int inspect_entry(int64_t has_grant)
{
	struct pipeline *scene;

	type_scene("hash");
	scene = script_scene();
	script_integer(scene, 1);
	pipeline_command(scene, 1);
	pipeline_text(scene, DEV);
	end_scene(scene);
	scene = script_scene();
	script_integer(scene, has_grant);
	end_scene(scene);
	return inspect(KEY_USER, BOB);
}

static void entry_that_leads_nowhere_is_damage(void **state)
{
	(void)state;
	assert_int_equal(inspect_entry(1), 0);
	assert_int_equal(sum.shared, 1);
	assert_int_equal(inspect_entry(0), ERROR_DAMAGED);
	assert_non_null(strstr(err.text, "6465762d-2d2d-2d2d-2d2d-2d2d2d2d2d2d in Redis at "
					 "127.0.0.1:6379 is missing, or lacks a grant"));
}

static void inspector_that_is_no_longer_the_owner_learns_that(void **state)
{
	const struct mark taken = script_ready_mark(8, 100);
	struct pipeline *scene = script_scene();

	(void)state;
	script_status(scene, "string");
	script_mark(scene, &taken);
	assert_int_equal(inspect(KEY_WORKSPACE, DEV), ERROR_FENCED);
}

static void keys_of_partitions_are_found_by_their_kinds(void **state)
{
	static const char *const names[] = {
		"sb:{1}:ws:" DEV,
		"sb:{0}:u:" BOB,
		"sb:{12}:g:" BOB,
		"sb:{1}:o:" OWNER,
		"sb:{1}:handoff:" BOB,
		"sb:{1}:hu:" BOB,
		"sb:{1}:hg:" BOB,
		"sb:{1}:due",
		"sb:{1}:unsent",
		"sb:{1}:outcomes",
		/* and others, which are passed over */
		"sb:{1}:mark",
		"sb:{1}:ws:short",
		"sb:{dir}:user:" BOB,
		"sb:{1}:due2",
		"sb:{1}",
		"sb:{x}:due",
	};
	enum { COUNT = sizeof(names) / sizeof(*names), FOUND = 10 };
	static const enum key_kind kinds[FOUND] = {
		KEY_WORKSPACE,    KEY_USER,          KEY_GROUP, KEY_OWNER,  KEY_HANDOFF,
		KEY_WAITING_USER, KEY_WAITING_GROUP, KEY_DUE,   KEY_UNSENT, KEY_OUTCOMES
	};
	const struct index_part of = { &(int){ 0 }, 1 };
	struct pipeline *scene = script_scene();
	struct found_keys found;
	uint64_t cursor = 0;

	(void)state;
	pipeline_command(scene, 2);
	pipeline_text(scene, "42");
	pipeline_command(scene, COUNT);
	for (int i = 0; i < COUNT; i++)
		pipeline_text(scene, names[i]);
	assert_int_equal(inspect_scan(ix, &of, &cursor, &found, &arena, NULL), 0);
	assert_int_equal(cursor, 42);
	assert_int_equal(found.count, FOUND);
	for (int i = 0; i < FOUND; i++)
		assert_int_equal(found.list[i].kind, kinds[i]);
	assert_int_equal(found.list[1].partition, 0);
	assert_int_equal(found.list[2].partition, 12);
}

static void counts_are_compared_with_those_of_the_mark(void **state)
{
	static const struct {
		struct holdings sum;
		enum inspection is;
	} cases[] = {
		{ { 4, 9, 9, 2, 2 }, INSPECTION_GOOD },
		{ { 3, 9, 9, 2, 2 }, INSPECTION_LOST },
		{ { 4, 8, 9, 2, 2 }, INSPECTION_LOST },
		{ { 4, 9, 8, 2, 2 }, INSPECTION_LOST },
		{ { 5, 9, 9, 2, 2 }, INSPECTION_SURPLUS },
		{ { 4, 10, 9, 2, 2 }, INSPECTION_SURPLUS },
		{ { 4, 9, 10, 2, 2 }, INSPECTION_SURPLUS },
		{ { 4, 9, 9, 2, 3 }, INSPECTION_SURPLUS },
		{ { 5, 8, 9, 2, 2 }, INSPECTION_LOST },
	};
	struct mark m = script_ready_mark(7, 100);

	(void)state;
	m.workspaces = 4;
	m.grants = 9;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(inspect_compare(&cases[i].sum, &m), cases[i].is);
}

/* ---- handoffs ---- */

#define HANDOFF "handoff---------"
#define NOBODY  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define NEVER   "\x80\0\0\0\0\0\0\0"

/* Offered to bob, until the expiry of above. */
static const char handoff_value[] = "\1\1\1\0"
				    "0"
				    "\1\1" OWNER "\1" BOB NOBODY "\0\0\0\0\0\0\0\0"
				    "\0\0" EXPIRY NEVER "\4done\0\0\0\0\0";

static void handoff_scene(void)
{
	struct pipeline *scene = script_scene();

	pipeline_command(scene, 8);
	pipeline_text(scene, "h");
	pipeline_text(scene, HEADER);
	pipeline_text(scene, "n");
	pipeline_text(scene, "dev");
	pipeline_text(scene, "v");
	pipeline_text(scene, "8 0 1 0");
	pipeline_text(scene, "o" HANDOFF);
	pipeline_bytes(scene,
		       (struct bytes){ (const uint8_t *)handoff_value, sizeof(handoff_value) - 1 });
	end_scene(scene);
}

/* The owner's entry, and three replies about the handoff. */
static void handoff_links_scene(const char *const replies[3])
{
	struct pipeline *scene = script_scene();

	pipeline_text(scene, "0");
	for (int i = 0; i < 3; i++) {
		if (replies[i])
			pipeline_text(scene, replies[i]);
		else
			script_nil(scene);
	}
	end_scene(scene);
}

static void handoff_must_be_led_to(void **state)
{
	static const struct {
		const char *replies[3];
		const char *says;
	} cases[] = {
		{ { "1", "1", expiry_ms }, NULL },
		{ { NULL, "1", expiry_ms }, "sb:{1}:handoff: of" },
		{ { "2", "1", expiry_ms }, "sb:{1}:handoff: of" },
		{ { "1", NULL, expiry_ms }, "sb:{1}:hu: of" },
		{ { "1", "3", expiry_ms }, "sb:{1}:hu: of" },
		{ { "1", "1", NULL }, "lacks a handoff that expires" },
		{ { "1", "1", "5" }, "lacks a handoff that expires" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sum = (struct holdings){ 0 };
		type_scene("hash");
		handoff_scene();
		handoff_links_scene(cases[i].replies);
		assert_int_equal(inspect(KEY_WORKSPACE, DEV), cases[i].says ? ERROR_DAMAGED : 0);
		assert_int_equal(sum.expiring, 1);
		if (cases[i].says)
			assert_non_null(strstr(err.text, cases[i].says));
		assert_int_equal(script_left(), 0);
	}
}

/* A key that leads to a handoff, with one entry, and whether its workspace has the handoff. */
static int inspect_leading(enum key_kind kind, const char *id, const char *entry, bool has)
{
	struct pipeline *scene;

	type_scene("hash");
	scene = script_scene();
	script_integer(scene, 1);
	pipeline_command(scene, 1);
	pipeline_text(scene, entry);
	end_scene(scene);
	scene = script_scene();
	script_integer(scene, has);
	end_scene(scene);
	return inspect(kind, id);
}

static void what_leads_to_a_handoff_must_find_it(void **state)
{
	(void)state;
	for (int has = 0; has < 2; has++) {
		int wanted = has ? 0 : ERROR_DAMAGED;

		assert_int_equal(inspect_leading(KEY_HANDOFF, HANDOFF, DEV, has), wanted);
		assert_non_null(strstr(script_sent(), "ws:" DEV "\r\n$17\r\no" HANDOFF));
		assert_int_equal(inspect_leading(KEY_WAITING_USER, BOB, DEV HANDOFF, has), wanted);
		assert_non_null(strstr(script_sent(), "ws:" DEV "\r\n$17\r\no" HANDOFF));
		assert_int_equal(inspect_leading(KEY_WAITING_GROUP, BOB, DEV HANDOFF, has), wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_workspace_is_good_and_counted),
		TEST(workspace_that_lacks_what_each_has_is_damaged),
		TEST(workspace_to_which_something_does_not_lead_is_damaged),
		TEST(key_of_another_type_is_damaged),
		TEST(key_that_is_gone_holds_nothing),
		TEST(entry_that_leads_nowhere_is_damage),
		TEST(inspector_that_is_no_longer_the_owner_learns_that),
		TEST(keys_of_partitions_are_found_by_their_kinds),
		TEST(counts_are_compared_with_those_of_the_mark),
		TEST(handoff_must_be_led_to),
		TEST(what_leads_to_a_handoff_must_find_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
