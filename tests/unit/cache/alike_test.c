/* Names of one length: all pages of usernames, and workspaces in whatever partition has them. */

#include "cache/alike.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

enum { PAGE = 10000 };

static struct reader *reader;
static struct arena arena;
static struct name_bearers found;

static int set_up(void **state)
{
	(void)script_reset(state);
	reader = script_reader();
	arena_init(&arena);
	found = (struct name_bearers){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	reader_close(&reader);
	arena_done(&arena);
	return script_reset(state);
}

static void usernames_are_read_page_by_page(void **state)
{
	struct pipeline *scene = script_question(0, -1);

	(void)state;
	pipeline_command(scene, PAGE);
	for (int i = 0; i < PAGE; i++)
		pipeline_text(scene,
			      i < PAGE - 1 ? "2:alalice-----------" : "2:zozoe-------------");
	script_end_question(scene, 0, -1);
	scene = script_question(0, -1);
	pipeline_command(scene, 1);
	pipeline_text(scene, "2:zyzyx-------------");
	script_end_question(scene, 0, -1);
	assert_int_equal(alike_usernames(reader, 2, &arena, &found, NULL), 0);
	assert_int_equal(script_left(), 0);
	assert_int_equal(found.count, PAGE + 1);
	assert_true(bytes_equal_text(found.list[PAGE].name, "zy"));
	assert_memory_equal(found.list[PAGE].id.bytes, "zyx-------------", 16);
	assert_non_null(strstr(script_sent(), "\r\n(2:zozoe-------------\r\n"));
	assert_non_null(strstr(script_sent(), "\r\n(2;\r\n"));
}

/* A server that answers every page with the same one would be asked for ever. */
static void server_that_never_comes_to_an_end_is_left(void **state)
{
	struct error err;

	(void)state;
	for (int page = 0; page < 2; page++) {
		struct pipeline *scene = script_question(0, -1);

		pipeline_command(scene, PAGE);
		for (int i = 0; i < PAGE; i++)
			pipeline_text(scene, "2:alalice-----------");
		script_end_question(scene, 0, -1);
	}
	script_repeat();
	assert_int_equal(alike_usernames(reader, 2, &arena, &found, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "Redis at 127.0.0.1:6379 has no end of usernames; connect "
				      "to the Redis server itself");
}

static void damaged_name_is_unavailable(void **state)
{
	struct pipeline *scene = script_question(0, -1);

	(void)state;
	pipeline_command(scene, 1);
	pipeline_text(scene, "3:alalice-----------");
	script_end_question(scene, 0, -1);
	assert_int_equal(alike_usernames(reader, 2, &arena, &found, NULL), ERROR_UNAVAILABLE);
}

static void workspaces_of_all_partitions_are_read(void **state)
{
	const struct owned_length asked[] = { { letters("alice-----------"), 3 },
					      { letters("bob-------------"), 1 } };
	struct pipeline *scene = script_question(0, 1);

	(void)state;
	pipeline_command(scene, 0);
	pipeline_command(scene, 1);
	pipeline_text(scene, "3:devdev-------------");
	pipeline_command(scene, 1);
	pipeline_text(scene, "1:wbobs-workspace--");
	pipeline_command(scene, 0);
	script_end_question(scene, 0, 1);
	assert_int_equal(alike_workspaces(reader, asked, 2, &arena, &found, NULL), 0);
	assert_int_equal(found.count, 2);
	assert_true(uuid_equal(&found.list[0].parent, &asked[0].owner));
	assert_true(bytes_equal_text(found.list[0].name, "dev"));
	assert_true(uuid_equal(&found.list[1].parent, &asked[1].owner));
	assert_memory_equal(found.list[1].id.bytes, "bobs-workspace--", 16);
	assert_non_null(strstr(script_sent(), "\r\n[3:\r\n"));
	assert_non_null(strstr(script_sent(), "\r\n(3;\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(usernames_are_read_page_by_page),
		TEST(server_that_never_comes_to_an_end_is_left),
		TEST(damaged_name_is_unavailable),
		TEST(workspaces_of_all_partitions_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
