/* An owner that is fenced or gets no answer writes nothing, and its outputs stay untouched. */

#include "cache/index.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

static struct index *ix;
static struct apply apply;
static struct workspace workspaces[2];
static struct workspace *const both[] = { &workspaces[0], &workspaces[1] };

static int set_up(void **state)
{
	const struct mark m = script_ready_mark(7, 100);
	const struct index_options options = { "127.0.0.1:6379", "sb", "sharing.commands",
					       m.deployment, 1000 };
	const struct uuid first = letters("workspace-1-1-1-");
	const struct uuid second = letters("workspace-2-2-2-");

	workspace_init(&workspaces[0], &first);
	workspace_init(&workspaces[1], &second);
	apply_init(&apply);
	(void)script_reset(state);
	return index_open(&ix, &options, NULL);
}

static int tear_down(void **state)
{
	index_close(&ix);
	apply_done(&apply);
	for (int i = 0; i < 2; i++)
		workspace_done(&workspaces[i]);
	return script_reset(state);
}

/* The scene in which a mark is watched and read. */
static struct pipeline *watch_scene(const struct mark *m)
{
	struct pipeline *scene = script_scene();

	script_status(scene, "OK");
	script_mark(scene, m);
	return scene;
}

static void watch(const struct mark *ours)
{
	(void)watch_scene(ours);
	assert_int_equal(index_read(ix, 1, ours, NULL, 0, NULL), 0);
	apply_begin(&apply, index_keys(ix, 1), ours, ours->applied + 5);
}

/* The replies to an empty run's transaction: MULTI, HSET, then EXEC with two results. */
static struct pipeline *exec_scene(void)
{
	struct pipeline *scene = script_scene();

	script_status(scene, "OK");
	script_status(scene, "QUEUED");
	pipeline_command(scene, 1);
	pipeline_text(scene, "1");
	return scene;
}

static struct pipeline *nil_exec_scene(void)
{
	struct pipeline *scene = script_scene();

	script_status(scene, "OK");
	script_status(scene, "QUEUED");
	script_nil_array(scene);
	return scene;
}

static void foreign_mark_leaves_all_marks_of_a_read_untouched(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	struct mark foreign = ours;
	struct mark out[2] = { { .epoch = 1 }, { .epoch = 2 } };
	struct pipeline *scene = script_scene();

	(void)state;
	foreign.deployment.partitions = 3;
	script_mark(scene, &ours);
	script_mark(scene, &foreign);
	assert_int_equal(index_read_marks(ix, (const int[]){ 0, 1 }, 2, out, NULL), ERROR_REFUSED);
	script_no_answer();
	assert_int_equal(index_read_marks(ix, (const int[]){ 0, 1 }, 2, out, NULL),
			 ERROR_UNAVAILABLE);
	assert_int_equal(out[0].epoch, 1);
	assert_int_equal(out[1].epoch, 2);
}

static void broken_workspace_leaves_all_workspaces_of_a_run_empty(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	struct pipeline *scene = watch_scene(&ours);
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
	assert_int_equal(index_read(ix, 1, &ours, both, 2, &err), ERROR_REFUSED);
	assert_string_equal(err.text, "workspace 776f726b-7370-6163-652d-322d322d322d is broken in "
				      "the index in Redis at 127.0.0.1:6379; delete the key "
				      "sb:{1}:mark there, to have the partition rebuilt");
	for (int i = 0; i < 2; i++) {
		assert_false(workspaces[i].registered);
		assert_null(workspaces[i].name.data);
	}
}

static void run_moves_the_mark_only_once_it_is_applied(void **state)
{
	struct mark ours = script_ready_mark(7, 100);

	(void)state;
	watch(&ours);
	script_no_answer();
	assert_int_equal(index_apply(ix, 1, &ours, &apply, -1, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(ours.applied, 100);

	watch(&ours);
	(void)nil_exec_scene();
	assert_int_equal(index_apply(ix, 1, &ours, &apply, -1, NULL), ERROR_FENCED);
	assert_int_equal(ours.applied, 100);

	watch(&ours);
	apply_rests_on(&apply, 12);
	(void)exec_scene();
	assert_int_equal(index_apply(ix, 1, &ours, &apply, -1, NULL), 0);
	assert_int_equal(ours.applied, 105);
	assert_int_equal(ours.directory, 12);
}

static void mark_read_ahead_saves_the_round_trip(void **state)
{
	const struct mark next = script_ready_mark(9, 300);
	struct mark ours = script_ready_mark(7, 100);
	struct pipeline *scene;

	(void)state;
	watch(&ours);
	scene = exec_scene();
	script_status(scene, "OK");
	script_mark(scene, &next);
	assert_int_equal(index_apply(ix, 1, &ours, &apply, 0, NULL), 0);
	assert_int_equal(index_read(ix, 0, &next, NULL, 0, NULL), 0);
	assert_int_equal(script_left(), 0);
}

/* Otherwise our own stamp would look like a foreign write to the run that relies on the watch. */
static void stamping_gives_up_the_mark_read_ahead(void **state)
{
	const struct mark next = script_ready_mark(9, 300);
	struct mark ours = script_ready_mark(7, 100);
	const int partitions[] = { 0, KEYS_DIRECTORY };
	const struct mark marks[] = { next, ours };
	struct pipeline *scene;

	(void)state;
	watch(&ours);
	scene = exec_scene();
	script_status(scene, "OK");
	script_mark(scene, &next);
	assert_int_equal(index_apply(ix, 1, &ours, &apply, 0, NULL), 0);
	scene = script_scene();
	script_status(scene, "OK");
	script_integer(scene, 1);
	script_integer(scene, 0);
	assert_int_equal(index_stamp(ix, partitions, marks, 2, NULL), 0);
	assert_non_null(strstr(script_sent(), "UNWATCH\r\n"));
	assert_non_null(
		strstr(script_sent(), "sb:{0}:mark\r\n$1\r\n9\r\n$3\r\n300\r\n$5\r\nready"));
	assert_non_null(strstr(script_sent(), "sb:{dir}:mark\r\n$1\r\n7\r\n$3\r\n100\r\n"));
	(void)watch_scene(&next);
	assert_int_equal(index_read(ix, 0, &next, NULL, 0, NULL), 0);
	assert_int_equal(script_left(), 0);
}

static void nothing_to_stamp_is_no_round_trip(void **state)
{
	(void)state;
	assert_int_equal(index_stamp(ix, NULL, NULL, 0, NULL), 0);
	assert_int_equal(script_left(), 0);
}

/* The run was applied, whatever its neighbour's mark says; the neighbour's own read says it. */
static void foreign_mark_read_ahead_does_not_fail_the_run_before(void **state)
{
	struct mark ours = script_ready_mark(7, 100);
	struct mark foreign = ours;
	struct pipeline *scene;

	(void)state;
	foreign.deployment.partitions = 3;
	watch(&ours);
	scene = exec_scene();
	script_status(scene, "OK");
	script_mark(scene, &foreign);
	assert_int_equal(index_apply(ix, 1, &ours, &apply, 0, NULL), 0);
	assert_int_equal(ours.applied, 105);
	(void)watch_scene(&foreign);
	assert_int_equal(index_read(ix, 0, &ours, NULL, 0, NULL), ERROR_REFUSED);
}

static void changed_mark_fences_the_owner_by_name(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	const struct mark taken = script_ready_mark(8, 100);
	struct pipeline body;
	struct error err;

	(void)state;
	pipeline_init(&body);
	(void)watch_scene(&taken);
	assert_int_equal(index_read(ix, 1, &ours, NULL, 0, &err), ERROR_FENCED);
	assert_string_equal(err.text, "partition 1 of the index in Redis at 127.0.0.1:6379 has "
				      "another owner or was changed while it was ours");
	(void)watch_scene(&taken);
	assert_int_equal(index_write(ix, KEYS_DIRECTORY, &ours, &ours, &body, &err), ERROR_FENCED);
	assert_string_equal(err.text, "the directory of the index in Redis at 127.0.0.1:6379 has "
				      "another owner or was changed while it was ours");
	assert_int_equal(script_left(), 0);
}

static void claim_takes_an_epoch_above_the_one_seen(void **state)
{
	const struct mark seen = script_ready_mark(7, 100);
	struct mark wanted = script_ready_mark(3, 100);

	(void)state;
	(void)watch_scene(&seen);
	(void)exec_scene();
	assert_int_equal(index_claim(ix, 1, &seen, &wanted, NULL), 0);
	assert_int_equal(wanted.epoch, 8);
}

/* The transaction may have been carried out: the epoch must be known, not to be used again. */
static void claim_without_an_answer_tells_the_epoch_it_tried(void **state)
{
	const struct mark seen = script_ready_mark(7, 100);
	struct mark wanted = script_ready_mark(3, 100);

	(void)state;
	(void)watch_scene(&seen);
	script_no_answer();
	assert_int_equal(index_claim(ix, 1, &seen, &wanted, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(wanted.epoch, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(foreign_mark_leaves_all_marks_of_a_read_untouched),
		TEST(broken_workspace_leaves_all_workspaces_of_a_run_empty),
		TEST(run_moves_the_mark_only_once_it_is_applied),
		TEST(mark_read_ahead_saves_the_round_trip),
		TEST(stamping_gives_up_the_mark_read_ahead),
		TEST(nothing_to_stamp_is_no_round_trip),
		TEST(foreign_mark_read_ahead_does_not_fail_the_run_before),
		TEST(changed_mark_fences_the_owner_by_name),
		TEST(claim_takes_an_epoch_above_the_one_seen),
		TEST(claim_without_an_answer_tells_the_epoch_it_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
