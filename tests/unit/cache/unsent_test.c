/* Unsent outputs are read in the order of the log. */

#include "cache/unsent.h"

#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

static struct index *ix;

static int set_up(void **state)
{
	const struct mark m = script_ready_mark(7, 100);
	const struct index_options options = { "127.0.0.1:6379", "sb", "sharing.commands",
					       m.deployment, 1000 };

	(void)script_reset(state);
	return index_open(&ix, &options, NULL);
}

static int tear_down(void **state)
{
	index_close(&ix);
	return script_reset(state);
}

static void runs_come_in_the_order_of_their_offsets(void **state)
{
	struct pipeline *scene = script_scene();
	struct unsent_list out;

	(void)state;
	pipeline_command(scene, 4);
	pipeline_text(scene, "1000");
	pipeline_text(scene, "later");
	pipeline_text(scene, "999");
	pipeline_text(scene, "earlier");
	assert_int_equal(unsent_read(ix, 1, &out, NULL), 0);
	assert_int_equal(out.count, 2);
	assert_int_equal(out.list[0].last, 999);
	assert_true(bytes_equal_text(buffer_bytes(&out.list[0].outputs), "earlier"));
	assert_int_equal(out.list[1].last, 1000);
	assert_true(bytes_equal_text(buffer_bytes(&out.list[1].outputs), "later"));
	unsent_done(&out);
	assert_int_equal(out.count, 0);
}

static void partition_without_unsent_outputs_gives_an_empty_list(void **state)
{
	struct unsent_list out;

	(void)state;
	pipeline_command(script_scene(), 0);
	assert_int_equal(unsent_read(ix, 1, &out, NULL), 0);
	assert_int_equal(out.count, 0);
	unsent_done(&out);
}

static void missing_answer_leaves_the_list_untouched(void **state)
{
	struct unsent one = { .last = 5 };
	struct unsent_list out = { &one, 1 };

	(void)state;
	script_no_answer();
	assert_int_equal(unsent_read(ix, 1, &out, NULL), ERROR_UNAVAILABLE);
	assert_ptr_equal(out.list, &one);
	assert_int_equal(out.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_come_in_the_order_of_their_offsets),
		TEST(partition_without_unsent_outputs_gives_an_empty_list),
		TEST(missing_answer_leaves_the_list_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
