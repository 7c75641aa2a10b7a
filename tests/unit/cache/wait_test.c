/* An outcome is the one of the command waited for, or the output stays untouched. */

#include "cache/wait.h"

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

/* What XREAD replies: one entry, of a run with these two commands. */
static void entry_scene(int64_t first_offset, int64_t second_offset)
{
	struct outcome_entry e = { first_offset,     { { 1 } }, OUTCOME_REJECTED,
				   REJECT_FORBIDDEN, 7,         bytes_of("bob may not") };
	struct pipeline *scene = script_scene();
	struct buffer outcomes;

	buffer_init(&outcomes);
	outcome_append(&outcomes, &e);
	e.offset = second_offset;
	outcome_append(&outcomes, &e);
	pipeline_command(scene, 1);
	pipeline_command(scene, 2);
	pipeline_text(scene, "sb:{1}:outcomes");
	pipeline_command(scene, 1);
	pipeline_command(scene, 2);
	pipeline_text(scene, "41-1");
	pipeline_command(scene, 2);
	pipeline_text(scene, "o");
	pipeline_bytes(scene, buffer_bytes(&outcomes));
	buffer_done(&outcomes);
}

static void outcome_is_found_among_those_of_its_run(void **state)
{
	const struct awaited at = { { 1, 41 }, { { 1 } } };
	struct outcome_entry out;

	(void)state;
	entry_scene(40, 41);
	assert_int_equal(wait_outcome(reader, &at, INT64_MAX, &arena, &out, NULL), 0);
	assert_int_equal(out.offset, 41);
	assert_int_equal(out.code, REJECT_FORBIDDEN);
	assert_true(bytes_equal_text(out.message, "bob may not"));
}

static void outcome_no_longer_kept_leaves_the_output_untouched(void **state)
{
	const struct awaited at = { { 1, 39 }, { { 1 } } };
	struct outcome_entry out = { .offset = 5 };
	struct error err;

	(void)state;
	entry_scene(40, 41);
	assert_int_equal(wait_outcome(reader, &at, INT64_MAX, &arena, &out, &err),
			 ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "the outcome of command 1:39 is no longer kept; look for the "
				      "command in sharing.events");
	assert_int_equal(out.offset, 5);
	assert_null(out.message.data);
}

/* Kafka has lost its log, and the index still has an outcome of the log before. */
static void outcome_of_another_command_is_not_taken_for_ours(void **state)
{
	const struct awaited at = { { 1, 41 }, { { 2 } } };
	struct outcome_entry out = { .offset = 5 };
	struct error err;

	(void)state;
	entry_scene(40, 41);
	assert_int_equal(wait_outcome(reader, &at, INT64_MAX, &arena, &out, &err),
			 ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "the outcome at 1:41 is another command's"));
	assert_int_equal(out.offset, 5);
	assert_null(out.message.data);
}

/* The deadline has passed already, so that nothing is asked and nothing slept. */
static void outcome_that_is_late_leaves_the_output_untouched(void **state)
{
	const struct awaited at = { { 1, 39 }, { { 1 } } };
	struct outcome_entry out = { .offset = 5 };
	struct error err;

	(void)state;
	assert_int_equal(wait_outcome(reader, &at, 0, &arena, &out, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "the outcome of command 1:39 did not come in time; it may "
				      "still come, see `sharebus status`");
	assert_int_equal(out.offset, 5);
}

static void wait_for_what_is_applied_ends_at_its_deadline(void **state)
{
	struct error err;

	(void)state;
	script_end_question(script_question(1, 1), 1, 1);
	assert_int_equal(wait_applied(reader, 1, 100, 0, NULL), 0);
	script_end_question(script_question(1, 1), 1, 1);
	assert_int_equal(wait_applied(reader, 1, 101, 0, &err), ERROR_STALE);
	assert_string_equal(err.text, "partition 1 of the index is only at offset 100, it did not "
				      "reach 101 in time; try again shortly");
	script_end_question(script_question(0, -1), 0, -1);
	assert_int_equal(wait_applied(reader, KEYS_DIRECTORY, 101, 0, &err), ERROR_STALE);
	assert_string_equal(err.text, "the directory in the index is only at offset 100, it did "
				      "not reach 101 in time; try again shortly");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(outcome_is_found_among_those_of_its_run),
		TEST(outcome_no_longer_kept_leaves_the_output_untouched),
		TEST(outcome_of_another_command_is_not_taken_for_ours),
		TEST(outcome_that_is_late_leaves_the_output_untouched),
		TEST(wait_for_what_is_applied_ends_at_its_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
