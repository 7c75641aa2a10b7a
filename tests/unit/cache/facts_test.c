/* Facts that cannot all be read leave the outputs untouched. */

#include "cache/facts.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

enum { PIECE = 1000, COUNT = PIECE + 1 };

static struct reader *reader;
static struct arena arena;
static struct uuid ids[COUNT];
static struct bearers found[COUNT];
static struct child_name names[COUNT];

static int set_up(void **state)
{
	(void)script_reset(state);
	reader = script_reader();
	arena_init(&arena);
	for (size_t i = 0; i < COUNT; i++) {
		ids[i] = letters("................");
		found[i].count = 7;
		names[i].name = bytes_of("devs");
	}
	return 0;
}

static int tear_down(void **state)
{
	reader_close(&reader);
	arena_done(&arena);
	return script_reset(state);
}

static void failed_read_of_group_ids_leaves_them_untouched(void **state)
{
	struct pipeline *scene = script_question(0, -1);

	(void)state;
	for (int i = 0; i < PIECE; i++)
		pipeline_command(scene, 0);
	script_end_question(scene, 0, -1);
	script_no_answer();
	assert_int_equal(facts_group_ids(reader, names, COUNT, found, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(found[i].count, 7);
}

/* Two partitions: half a pipeline's names. */
static void failed_read_of_workspace_ids_leaves_them_untouched(void **state)
{
	struct pipeline *scene = script_question(0, 1);

	(void)state;
	for (int i = 0; i < PIECE; i++)
		pipeline_command(scene, 0);
	script_end_question(scene, 0, 1);
	script_no_answer();
	assert_int_equal(facts_workspace_ids(reader, names, COUNT, found, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(found[i].count, 7);
}

static void workspace_id_is_found_in_whatever_partition_has_it(void **state)
{
	struct pipeline *scene = script_question(0, 1);

	(void)state;
	pipeline_command(scene, 0);
	pipeline_command(scene, 1);
	pipeline_text(scene, "4:devsit-has-an-id-too");
	pipeline_command(scene, 0);
	pipeline_command(scene, 0);
	script_end_question(scene, 0, 1);
	assert_int_equal(facts_workspace_ids(reader, names, 2, found, NULL), 0);
	assert_int_equal(found[0].count, 1);
	assert_memory_equal(found[0].ids[0].bytes, "it-has-an-id-too", 16);
	assert_int_equal(found[1].count, 0);
}

static void failed_read_of_members_leaves_the_groups_untouched(void **state)
{
	struct uuid member = letters("bob-has-an-id-16");
	struct group_changed group = { .members = &member, .member_count = 1 };
	struct pipeline *scene = script_question(0, -1);

	(void)state;
	script_integer(scene, 250000);
	script_end_question(scene, 0, -1);
	script_no_answer();
	assert_int_equal(facts_members(reader, &group, 1, &arena, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	assert_ptr_equal(group.members, &member);
	assert_int_equal(group.member_count, 1);
}

static void failed_read_of_workspaces_leaves_them_untouched(void **state)
{
	struct workspace_changed out = { .changed_at = 5 };
	struct deployment_changed deployment = { .sharing_enabled = true };

	(void)state;
	script_no_answer();
	assert_int_equal(facts_workspaces(reader, ids, 1, &arena, &out, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(out.changed_at, 5);
	script_no_answer();
	assert_int_equal(facts_deployment(reader, &deployment, NULL), ERROR_UNAVAILABLE);
	assert_true(deployment.sharing_enabled);
}

/* It has lost its header; it was not deleted. */
static void workspace_of_which_only_the_name_is_left_is_broken(void **state)
{
	struct workspace_changed out = { .changed_at = 5 };
	int partition = reader_partition(reader, &ids[0]);
	struct pipeline *scene = script_question(partition, partition);

	(void)state;
	pipeline_command(scene, 2);
	script_nil(scene);
	pipeline_text(scene, "dev");
	script_end_question(scene, partition, partition);
	assert_int_equal(facts_workspaces(reader, ids, 1, &arena, &out, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(out.changed_at, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(failed_read_of_group_ids_leaves_them_untouched),
		TEST(failed_read_of_workspace_ids_leaves_them_untouched),
		TEST(workspace_id_is_found_in_whatever_partition_has_it),
		TEST(failed_read_of_members_leaves_the_groups_untouched),
		TEST(failed_read_of_workspaces_leaves_them_untouched),
		TEST(workspace_of_which_only_the_name_is_left_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
