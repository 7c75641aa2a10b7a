/* A walk over all keys finds the ids of its kinds once, or leaves the output untouched. */

#include "cache/scan.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

static struct reader *reader;
static struct arena arena;

static int set_up(void **state)
{
	(void)script_reset(state);
	reader = script_reader();
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	reader_close(&reader);
	arena_done(&arena);
	return script_reset(state);
}

/* One step over the directory's keys, whose owner has that epoch. */
static void step_scene(const char *cursor, const char *const *keys, size_t count, int64_t epoch)
{
	const struct mark m = script_ready_mark(epoch, 100);
	struct pipeline *scene = script_scene();

	script_mark(scene, &m);
	pipeline_command(scene, 2);
	pipeline_text(scene, cursor);
	pipeline_command(scene, count);
	for (size_t i = 0; i < count; i++)
		pipeline_text(scene, keys[i]);
	script_mark(scene, &m);
	script_time(scene, SCRIPT_NOW_MS);
}

static void ids_are_found_once_and_sorted(void **state)
{
	static const char *const first[] = { "sb:{dir}:user:carol-has-an-id-", "sb:{dir}:usernames",
					     "sb:{dir}:user:bob-has-an-id-16" };
	static const char *const second[] = { "sb:{dir}:user:bob-has-an-id-16",
					      "sb:{dir}:group:devs-have-an-id-" };
	struct scanned out;

	(void)state;
	step_scene("3", first, 3, 7);
	step_scene("0", second, 2, 7);
	assert_int_equal(scan_ids(reader, SCAN_USERS, &arena, &out, NULL), 0);
	assert_int_equal(out.users.count, 2);
	assert_memory_equal(out.users.list[0].bytes, "bob-has-an-id-16", 16);
	assert_memory_equal(out.users.list[1].bytes, "carol-has-an-id-", 16);
	assert_int_equal(out.groups.count, 0);
}

static void walk_starts_again_when_the_owner_changes(void **state)
{
	static const char *const before[] = { "sb:{dir}:user:bob-has-an-id-16" };
	static const char *const after[] = { "sb:{dir}:user:eve-has-an-id-16" };
	struct scanned out;

	(void)state;
	step_scene("3", before, 1, 7);
	step_scene("0", after, 1, 8);
	step_scene("0", after, 1, 8);
	assert_int_equal(scan_ids(reader, SCAN_USERS, &arena, &out, NULL), 0);
	assert_int_equal(out.users.count, 1);
	assert_memory_equal(out.users.list[0].bytes, "eve-has-an-id-16", 16);
	assert_int_equal(script_left(), 0);
}

static void walk_starts_again_when_the_connection_breaks_but_not_for_ever(void **state)
{
	static const char *const before[] = { "sb:{dir}:user:bob-has-an-id-16" };
	static const char *const after[] = { "sb:{dir}:user:eve-has-an-id-16" };
	struct scanned out;

	(void)state;
	step_scene("3", before, 1, 7);
	script_break();
	step_scene("0", after, 1, 7);
	assert_int_equal(scan_ids(reader, SCAN_USERS, &arena, &out, NULL), 0);
	assert_int_equal(out.users.count, 1); /* nothing of the first walk is left */
	assert_memory_equal(out.users.list[0].bytes, "eve-has-an-id-16", 16);
	for (int i = 0; i < 5; i++)
		script_break();
	assert_int_equal(scan_ids(reader, SCAN_USERS, &arena, &out, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
}

static void failed_walk_leaves_the_output_untouched(void **state)
{
	static const char *const keys[] = { "sb:{dir}:user:bob-has-an-id-16" };
	struct scanned out = { .users = { NULL, 5 } };
	struct uuid_list workspaces = { NULL, 5 };
	struct error err;

	(void)state;
	step_scene("3", keys, 1, 7);
	script_no_answer();
	assert_int_equal(scan_ids(reader, SCAN_USERS, &arena, &out, NULL), ERROR_UNAVAILABLE);
	for (int64_t epoch = 0; epoch < 10; epoch++) /* five walks of two steps */
		step_scene("3", keys, 1, epoch);
	assert_int_equal(scan_ids(reader, SCAN_USERS, &arena, &out, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "the grant index in Redis at 127.0.0.1:6379 keeps changing "
				      "owners; try again shortly");
	script_no_answer();
	assert_int_equal(scan_workspaces(reader, &arena, &workspaces, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	assert_int_equal(out.users.count, 5);
	assert_int_equal(workspaces.count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ids_are_found_once_and_sorted),
		TEST(walk_starts_again_when_the_owner_changes),
		TEST(walk_starts_again_when_the_connection_breaks_but_not_for_ever),
		TEST(failed_walk_leaves_the_output_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
