/* Clearing deletes the keys of its partitions, without their marks, and goes on where it failed. */

#include "cache/clearing.h"

#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

static struct index *ix;
static struct mark ours;
static struct clearing one;

static int set_up(void **state)
{
	struct index_options options = {
		{ .address = "127.0.0.1:6379" }, "sb", "sharing.commands", { .partitions = 0 }, 1000
	};

	ours = script_ready_mark(7, 100);
	options.deployment = ours.deployment;
	one = (struct clearing){ .partition = 1, .ours = &ours };
	(void)script_reset(state);
	return index_open(&ix, &options, NULL);
}

static int tear_down(void **state)
{
	index_close(&ix);
	pipeline_done(&one.body);
	return script_reset(state);
}

static void scan_scene(const char *cursor, const char *const *keys, size_t count)
{
	struct pipeline *scene = script_scene();

	pipeline_command(scene, 2);
	pipeline_text(scene, cursor);
	pipeline_command(scene, count);
	for (size_t i = 0; i < count; i++)
		pipeline_text(scene, keys[i]);
}

/* The two round trips of a write: the watched mark, then the transaction with one deletion. */
static void write_scenes(void)
{
	struct pipeline *scene = script_scene();

	script_status(scene, "OK");
	script_mark(scene, &ours);
	scene = script_scene();
	for (int i = 0; i < 3; i++)
		script_status(scene, "OK");
	pipeline_command(scene, 2);
	script_integer(scene, 1);
	script_integer(scene, 0);
}

static void only_keys_of_the_partition_but_mark_and_inboxes_are_deleted(void **state)
{
	static const char *const keys[] = { "sb:{1}:mark",        "sb:{1}:due",
					    "sb:{11}:due",        "sb:{0}:due",
					    "sb:{1}:inbox:alice", "sb:{1}:inboxed:alice" };
	uint64_t cursor = 0;

	(void)state;
	scan_scene("42", keys, 6);
	write_scenes();
	assert_int_equal(clearing_step(ix, &one, 1, &cursor, NULL), 0);
	assert_int_equal(cursor, 42);
	assert_non_null(strstr(script_sent(), "UNLINK\r\n$10\r\nsb:{1}:due\r\n"));
	assert_null(strstr(script_sent(), "sb:{1}:mark\r\n*"));
	assert_null(strstr(script_sent(), "inbox"));
	assert_null(strstr(script_sent(), "{11}"));
	assert_null(strstr(script_sent(), "{0}"));
}

static void step_that_fails_leaves_the_cursor_untouched(void **state)
{
	static const char *const keys[] = { "sb:{1}:due" };
	uint64_t cursor = 17;

	(void)state;
	script_no_answer();
	assert_int_equal(clearing_step(ix, &one, 1, &cursor, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(cursor, 17);
	scan_scene("42", keys, 1);
	script_no_answer();
	assert_int_equal(clearing_step(ix, &one, 1, &cursor, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(cursor, 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_keys_of_the_partition_but_mark_and_inboxes_are_deleted),
		TEST(step_that_fails_leaves_the_cursor_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
