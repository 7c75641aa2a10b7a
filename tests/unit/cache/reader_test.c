/* A reader answers only when the marks before and after the data vouch for it. */

#include "cache/reader.h"

#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

static struct reader *reader;

static int set_up(void **state)
{
	(void)script_reset(state);
	reader = script_reader();
	return 0;
}

static int tear_down(void **state)
{
	reader_close(&reader);
	return script_reset(state);
}

/* Asks for one value of partition 1; its marks are given, the directory's are good. */
static int ask_between(const struct mark *before, const struct mark *after, struct error *err)
{
	const struct mark directory = script_ready_mark(7, 100);
	struct pipeline *scene = script_scene();
	struct pipeline *p = reader_begin(reader);

	script_mark(scene, before);
	script_mark(scene, &directory);
	pipeline_text(scene, "value");
	script_mark(scene, after);
	script_mark(scene, &directory);
	pipeline_command(p, 1);
	pipeline_text(p, "PING");
	reader_touch(reader, 1);
	return reader_ask(reader, err);
}

static void good_marks_vouch_for_the_answer(void **state)
{
	const struct mark m = script_ready_mark(7, 100);

	(void)state;
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	assert_true(reader_directory_unchanged(reader));
	assert_int_equal(reader_directory(reader)->applied, 100);
}

static void index_that_is_not_complete_is_unavailable(void **state)
{
	const struct mark good = script_ready_mark(7, 100);
	struct mark rebuilding = good;
	struct mark older;
	struct error err;

	(void)state;
	rebuilding.state = MARK_REBUILDING;
	older = rebuilding;
	older.layout = 1;
	assert_int_equal(ask_between(&good, NULL, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "Redis at 127.0.0.1:6379 holds no complete grant index; "
				      "start sharebus-consumer, or give the right --redis");
	assert_int_equal(ask_between(&good, &rebuilding, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "the grant index in Redis at 127.0.0.1:6379 is being "
				      "rebuilt; try again shortly");
	assert_int_equal(ask_between(&good, &older, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "the grant index in Redis at 127.0.0.1:6379 has layout 1, "
				      "but this program reads layout 3; start a sharebus-consumer "
				      "of the same version, which rebuilds it");
}

/* The partition was rebuilt between the parts of the pipeline: its data may be half-cleared. */
static void question_is_asked_again_when_the_owner_changes(void **state)
{
	const struct mark before = script_ready_mark(7, 100);
	const struct mark after = script_ready_mark(8, 100);
	struct pipeline *again;
	struct error err;

	(void)state;
	(void)ask_between(&before, &before, NULL); /* sets the question */
	for (int i = 0; i < 4; i++) {
		again = script_scene();
		script_mark(again, &before);
		script_mark(again, &before);
		pipeline_text(again, "value");
		script_mark(again, &after);
		script_mark(again, &before);
	}
	assert_int_equal(ask_between(&before, &after, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "the grant index in Redis at 127.0.0.1:6379 keeps changing "
				      "owners; try again shortly");
	assert_int_equal(script_left(), 0);
}

static void partition_that_lags_behind_a_requirement_is_stale(void **state)
{
	const struct mark m = script_ready_mark(7, 100);
	struct error err;

	(void)state;
	reader_require(reader, 1, 100);
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	reader_require(reader, 1, 101);
	reader_require(reader, 1, 5);
	assert_int_equal(ask_between(&m, &m, &err), ERROR_STALE);
	assert_string_equal(err.text, "the grant index in Redis at 127.0.0.1:6379 has not applied "
				      "1:100 yet (it is at offset 100); try again shortly");
}

static void directory_that_lags_behind_a_requirement_is_stale(void **state)
{
	const struct mark m = script_ready_mark(7, 100);
	struct error err;

	(void)state;
	reader_require(reader, KEYS_DIRECTORY, 200);
	assert_int_equal(ask_between(&m, &m, &err), ERROR_STALE);
	assert_string_equal(err.text, "the directory in Redis at 127.0.0.1:6379 is only at offset "
				      "100, not yet at 200; try again shortly");
}

static void failed_read_of_a_mark_leaves_it_untouched(void **state)
{
	struct mark out = { .epoch = 5 };

	(void)state;
	script_no_answer();
	assert_int_equal(reader_mark(reader, 1, &out, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(out.epoch, 5);
}

static void index_without_a_possible_number_of_partitions_is_refused(void **state)
{
	static const int counts[] = { 0, -1, 1025, INT32_MAX };
	struct reader *other = NULL;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct mark m = script_ready_mark(7, 100);

		m.deployment.partitions = counts[i];
		script_mark(script_scene(), &m);
		assert_int_equal(reader_open(&other, "127.0.0.1:6379", "sb", 1000, &err),
				 ERROR_REFUSED);
		assert_null(other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_marks_vouch_for_the_answer),
		TEST(index_that_is_not_complete_is_unavailable),
		TEST(question_is_asked_again_when_the_owner_changes),
		TEST(partition_that_lags_behind_a_requirement_is_stale),
		TEST(directory_that_lags_behind_a_requirement_is_stale),
		TEST(failed_read_of_a_mark_leaves_it_untouched),
		TEST(index_without_a_possible_number_of_partitions_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
