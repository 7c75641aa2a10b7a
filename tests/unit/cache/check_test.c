/* Answers are given to all questions or to none. */

#include "cache/check.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

enum { PIECE = 1000, COUNT = PIECE + 1 };

static struct checker checker;
static struct arena arena;
static struct check questions[COUNT];
static struct access answers[COUNT];

static int set_up(void **state)
{
	(void)script_reset(state);
	arena_init(&arena);
	checker = (struct checker){ script_reader(), people_new(), &arena };
	for (int i = 0; i < COUNT; i++) {
		questions[i] = (struct check){ letters("bob-has-an-id-16"),
					       letters("workspace-1-1-1-"), ACTION_SSH };
		answers[i] = (struct access){ .role = ROLE_ADMIN };
	}
	return 0;
}

static int tear_down(void **state)
{
	reader_close(&checker.reader);
	people_free(&checker.people);
	arena_done(&arena);
	return script_reset(state);
}

/* The switch and the user, who does not exist. */
static void learn_scene(void)
{
	struct pipeline *scene = script_question(0, -1);

	pipeline_command(scene, 0);
	pipeline_command(scene, 0);
	pipeline_command(scene, 0);
	script_end_question(scene, 0, -1);
}

/* The workspaces of a pipeline of questions, none of which exists. */
static void workspaces_scene(int count)
{
	int partition = reader_partition(checker.reader, &questions[0].workspace_id);
	struct pipeline *scene = script_question(partition, partition);

	for (int i = 0; i < count; i++) {
		pipeline_command(scene, 2);
		script_nil(scene);
		script_nil(scene);
	}
	script_end_question(scene, partition, partition);
}

static void all_questions_are_answered_when_each_pipeline_succeeds(void **state)
{
	(void)state;
	learn_scene();
	workspaces_scene(PIECE);
	workspaces_scene(1);
	assert_int_equal(check_many(&checker, questions, COUNT, answers, NULL), 0);
	assert_int_equal(script_left(), 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(answers[i].reason, ACCESS_UNKNOWN_WORKSPACE);
}

static void no_question_is_answered_when_a_later_pipeline_fails(void **state)
{
	(void)state;
	learn_scene();
	workspaces_scene(PIECE);
	script_no_answer();
	assert_int_equal(check_many(&checker, questions, COUNT, answers, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(answers[i].role, ROLE_ADMIN);
}

/* A "no" would be wrong: there is a workspace, whose owner cannot be read. */
static void workspace_without_its_header_is_unavailable(void **state)
{
	int partition = reader_partition(checker.reader, &questions[0].workspace_id);
	struct pipeline *scene;
	struct error err;

	(void)state;
	learn_scene();
	scene = script_question(partition, partition);
	pipeline_command(scene, 2);
	script_nil(scene);
	pipeline_text(scene, "8"); /* the version */
	script_end_question(scene, partition, partition);
	assert_int_equal(check_many(&checker, questions, 1, answers, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "}:ws: of workspace"));
}

/* Whatever type a key has that is not the index's. */
static void key_of_another_type_is_unavailable(void **state)
{
	int partition = reader_partition(checker.reader, &questions[0].workspace_id);
	struct pipeline *scene;
	struct error err;

	(void)state;
	learn_scene();
	scene = script_question(partition, partition);
	script_error(scene, "WRONGTYPE Operation against a key");
	script_end_question(scene, partition, partition);
	assert_int_equal(check_many(&checker, questions, 1, answers, &err), ERROR_UNAVAILABLE);
	assert_int_equal(err.code, ERROR_UNAVAILABLE);
}

static int move_forever(void *context, struct error *err)
{
	(void)err;
	++*(int *)context;
	return PEOPLE_MOVED;
}

static void directory_that_never_stands_still_is_unavailable(void **state)
{
	struct error err;
	int steps = 0;

	(void)state;
	assert_int_equal(check_steadily(move_forever, &steps, &err), ERROR_UNAVAILABLE);
	assert_int_equal(steps, 100);
	assert_string_equal(err.text, "the directory changes faster than it can be read; try again "
				      "shortly");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_questions_are_answered_when_each_pipeline_succeeds),
		TEST(no_question_is_answered_when_a_later_pipeline_fails),
		TEST(workspace_without_its_header_is_unavailable),
		TEST(key_of_another_type_is_unavailable),
		TEST(directory_that_never_stands_still_is_unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
