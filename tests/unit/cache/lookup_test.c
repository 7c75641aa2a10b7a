/* A lookup that fails, also in a later pipeline than the first, leaves its outputs untouched. */

#include "cache/lookup.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

enum { PIECE = 1000, COUNT = PIECE + 1 };

static struct reader *reader;
static struct arena arena;
static struct uuid ids[COUNT];

static int set_up(void **state)
{
	(void)script_reset(state);
	reader = script_reader();
	arena_init(&arena);
	for (size_t i = 0; i < COUNT; i++)
		ids[i] = letters("................");
	return 0;
}

static int tear_down(void **state)
{
	reader_close(&reader);
	arena_done(&arena);
	return script_reset(state);
}

/* The scene of a first pipeline of PIECE questions to the directory, each with an empty hash. */
static void first_piece_of_hashes(void)
{
	struct pipeline *scene = script_question(0, -1);

	for (int i = 0; i < PIECE; i++)
		pipeline_command(scene, 0);
	script_end_question(scene, 0, -1);
}

static void all_bearers_of_names_are_found(void **state)
{
	const struct bytes names[] = { bytes_of("bob"), bytes_of("carol"), bytes_of("twin") };
	struct bearers found[3];
	struct pipeline *scene = script_question(0, -1);

	(void)state;
	pipeline_command(scene, 1);
	pipeline_text(scene, "3:bobbob-has-an-id-16");
	pipeline_command(scene, 0);
	pipeline_command(scene, 2);
	pipeline_text(scene, "4:twinbob-has-an-id-16");
	pipeline_text(scene, "4:twindan-has-an-id-16");
	script_end_question(scene, 0, -1);
	assert_int_equal(lookup_usernames(reader, names, 3, found, NULL), 0);
	assert_int_equal(found[0].count, 1);
	assert_memory_equal(found[0].ids[0].bytes, "bob-has-an-id-16", 16);
	assert_int_equal(found[1].count, 0);
	assert_int_equal(found[2].count, 2);
	assert_memory_equal(found[2].ids[1].bytes, "dan-has-an-id-16", 16);
}

static void failed_lookup_of_names_leaves_the_bearers_untouched(void **state)
{
	static struct bytes names[COUNT];
	static struct bearers found[COUNT];
	struct pipeline *scene = script_question(0, -1);

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		names[i] = bytes_of("bob");
		found[i].count = 7;
	}
	for (int i = 0; i < PIECE; i++)
		pipeline_command(scene, 0);
	script_end_question(scene, 0, -1);
	script_no_answer();
	assert_int_equal(lookup_usernames(reader, names, COUNT, found, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(found[i].count, 7);
}

/* The name may be borne in each partition, and all bearers count. */
static void owned_workspaces_of_one_name_are_found_in_all_partitions(void **state)
{
	struct uuid_list all = { 0 };
	struct bearers found = { .count = 7 };
	struct pipeline *scene = script_question(0, 1);

	(void)state;
	pipeline_command(scene, 1);
	pipeline_text(scene, "3:dev1st-has-an-id-16");
	pipeline_command(scene, 1);
	pipeline_text(scene, "3:dev2nd-has-an-id-16");
	script_end_question(scene, 0, 1);
	assert_int_equal(lookup_owned_by_name(reader, &ids[0], bytes_of("dev"), &found, NULL), 0);
	assert_int_equal(found.count, 2);
	assert_memory_equal(found.ids[1].bytes, "2nd-has-an-id-16", 16);
	scene = script_question(0, 1);
	pipeline_command(scene, 1);
	pipeline_text(scene, "3:dev1st-has-an-id-16");
	pipeline_command(scene, 1);
	pipeline_text(scene, "4:prod2nd-has-an-id-16");
	script_end_question(scene, 0, 1);
	assert_int_equal(lookup_owned(reader, &ids[0], &arena, &all, NULL), 0);
	assert_int_equal(all.count, 2);
	assert_memory_equal(all.list[0].bytes, "1st-has-an-id-16", 16);
}

static void failed_lookup_of_entities_leaves_them_untouched(void **state)
{
	static struct user_changed users[COUNT];
	static struct group_changed groups[COUNT];
	static struct organization_changed organizations[COUNT];

	(void)state;
	first_piece_of_hashes();
	script_no_answer();
	assert_int_equal(lookup_users(reader, ids, COUNT, &arena, users, NULL), ERROR_UNAVAILABLE);
	first_piece_of_hashes();
	script_no_answer();
	assert_int_equal(lookup_groups(reader, ids, COUNT, &arena, groups, NULL),
			 ERROR_UNAVAILABLE);
	first_piece_of_hashes();
	script_no_answer();
	assert_int_equal(lookup_organizations(reader, ids, COUNT, &arena, organizations, NULL),
			 ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	assert_true(uuid_is_nil(&users[0].id)); /* a lookup would have set the ids */
	assert_true(uuid_is_nil(&groups[0].id));
	assert_true(uuid_is_nil(&organizations[0].id));
}

static void failed_lookup_of_lists_leaves_them_untouched(void **state)
{
	static struct uuid many[PIECE / 2 + 1];
	const struct uuid_list groups = { many, PIECE / 2 + 1 };
	struct uuid_list out = { ids, 7 };
	struct named_list named = { NULL, 7 };
	struct pipeline *scene = script_question(0, 1);

	(void)state;
	for (int i = 0; i < PIECE; i++)
		pipeline_command(scene, 0);
	script_end_question(scene, 0, 1);
	script_no_answer();
	assert_int_equal(lookup_shared_with_groups(reader, &groups, &arena, &out, NULL),
			 ERROR_UNAVAILABLE);
	script_no_answer();
	assert_int_equal(lookup_owned(reader, &ids[0], &arena, &out, NULL), ERROR_UNAVAILABLE);
	script_no_answer();
	assert_int_equal(lookup_all_organizations(reader, &arena, &named, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	assert_ptr_equal(out.list, ids);
	assert_int_equal(out.count, 7);
	assert_int_equal(named.count, 7);
}

static void broken_workspace_is_refused_and_leaves_all_untouched(void **state)
{
	struct workspace out[2] = { { .version = 5 }, { .version = 6 } };
	int partition = reader_partition(reader, &ids[0]);
	struct pipeline *scene = script_question(partition, partition);
	struct error err;

	(void)state;
	pipeline_command(scene, 4); /* organization, owner and status make 33 bytes */
	pipeline_text(scene, "h");
	pipeline_text(scene, "organization-1--owner-1-1-1-1-1-a");
	pipeline_text(scene, "n");
	pipeline_text(scene, "dev");
	pipeline_command(scene, 2);
	pipeline_text(scene, "h");
	pipeline_text(scene, "broken");
	script_end_question(scene, partition, partition);
	assert_int_equal(lookup_workspaces(reader, ids, 2, out, &err), ERROR_REFUSED);
	assert_non_null(strstr(err.text, "workspace 2e2e2e2e-2e2e-2e2e-2e2e-2e2e2e2e2e2e is broken "
					 "in the grant index in Redis at 127.0.0.1:6379; delete "
					 "the key sb:{"));
	assert_int_equal(out[0].version, 5);
	assert_int_equal(out[1].version, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_bearers_of_names_are_found),
		TEST(failed_lookup_of_names_leaves_the_bearers_untouched),
		TEST(owned_workspaces_of_one_name_are_found_in_all_partitions),
		TEST(failed_lookup_of_entities_leaves_them_untouched),
		TEST(failed_lookup_of_lists_leaves_them_untouched),
		TEST(broken_workspace_is_refused_and_leaves_all_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
