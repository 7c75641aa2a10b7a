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
	const struct index_options options = {
		{ .address = "127.0.0.1:6379" }, "sb", "sharing.commands", m.deployment, 1000
	};
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

static void failed_read_of_marks_leaves_them_untouched(void **state)
{
	struct mark out[2] = { { .epoch = 1 }, { .epoch = 2 } };

	(void)state;
	script_no_answer();
	assert_int_equal(index_read_marks(ix, (const int[]){ 0, 1 }, 2, out, NULL),
			 ERROR_UNAVAILABLE);
	assert_int_equal(out[0].epoch, 1);
	assert_int_equal(out[1].epoch, 2);
}

/* Its neighbour's mark can be read all the same. */
static void mark_of_another_type_is_no_mark(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	struct pipeline *scene = script_scene();
	struct mark out[2];

	(void)state;
	script_error(scene, "WRONGTYPE Operation against a key");
	script_mark(scene, &ours);
	assert_int_equal(index_read_marks(ix, (const int[]){ 0, 1 }, 2, out, NULL), 0);
	assert_int_equal(out[0].state, MARK_MISSING);
	assert_int_equal(out[1].epoch, 7);
}

/* Only a start is refused. What Redis denies today it may give again tomorrow. */
static void running_owner_waits_when_redis_refuses(void **state)
{
	static const char *const words[] = { "NOAUTH Authentication required.",
					     "NOPERM this user has no permissions",
					     "WRONGPASS invalid username-password pair",
					     "ERR unknown command",
					     "MISCONF Redis is configured to save",
					     "OOM command not allowed",
					     "BUSY Redis is busy",
					     "WHATEVER may come" };
	struct error err;
	struct mark out;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		script_error(script_scene(), words[i]);
		assert_int_equal(index_read_mark(ix, 1, &out, &err), ERROR_UNAVAILABLE);
		assert_int_equal(err.code, ERROR_UNAVAILABLE);
		assert_non_null(strstr(err.text, words[i]));
		assert_int_equal(strstr(err.text, "; see what `ops/acl redis ROLE` lists") != NULL,
				 strncmp(words[i], "NOPERM", strlen("NOPERM")) == 0);
	}
}

/* The replies to index_check_server(): the server's words, and a mark or an error in its place. */
static void server_scene(const char *memory, const struct mark *first)
{
	struct pipeline *scene = script_scene();

	pipeline_text(scene, memory);
	pipeline_text(scene, "evicted_keys:0\r\n");
	script_mark(scene, first);
}

static void start_is_refused_where_keys_may_be_evicted_or_others_live(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	struct mark foreign = ours;
	struct pipeline *scene;
	struct error err;

	(void)state;
	foreign.deployment.partitions = 3;
	server_scene("maxmemory_policy:noeviction\r\n", &ours);
	assert_int_equal(index_check_server(ix, NULL), 0);
	server_scene("maxmemory_policy:noeviction\r\n", &foreign);
	assert_int_equal(index_check_server(ix, NULL), ERROR_REFUSED);
	server_scene("maxmemory_policy:allkeys-lru\r\n", &ours);
	assert_int_equal(index_check_server(ix, &err), ERROR_REFUSED);
	assert_non_null(strstr(err.text, "maxmemory-policy is allkeys-lru"));
	scene = script_scene();
	for (int i = 0; i < 3; i++)
		script_error(scene, "NOAUTH Authentication required.");
	assert_int_equal(index_check_server(ix, NULL), ERROR_REFUSED);
}

static void broken_workspace_leaves_all_workspaces_of_a_run_empty(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	struct pipeline *scene = watch_scene(&ours);
	struct error err;

	(void)state;
	pipeline_command(scene, 6); /* organization, owner and status make 33 bytes */
	pipeline_text(scene, "h");
	pipeline_text(scene, "organization-1--owner-1-1-1-1-1-a");
	pipeline_text(scene, "n");
	pipeline_text(scene, "dev");
	pipeline_text(scene, "v");
	pipeline_text(scene, "1 0 0 0");
	pipeline_command(scene, 2);
	pipeline_text(scene, "h");
	pipeline_text(scene, "broken");
	assert_int_equal(index_read(ix, 1, &ours, both, 2, &err), ERROR_DAMAGED);
	assert_string_equal(err.text, "the key sb:{1}:ws: of workspace "
				      "776f726b-7370-6163-652d-322d322d322d in Redis at "
				      "127.0.0.1:6379 cannot be read");
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
	struct error whys[2];

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
	assert_int_equal(index_stamp(ix, partitions, marks, 2, whys, NULL), 0);
	assert_non_null(strstr(script_sent(), "UNWATCH\r\n"));
	assert_non_null(
		strstr(script_sent(), "sb:{0}:mark\r\n$1\r\n9\r\n$3\r\n300\r\n$5\r\nready"));
	assert_non_null(strstr(script_sent(), "sb:{dir}:mark\r\n$1\r\n7\r\n$3\r\n100\r\n"));
	(void)watch_scene(&next);
	assert_int_equal(index_read(ix, 0, &next, NULL, 0, NULL), 0);
	assert_int_equal(script_left(), 0);
}

/* One slot is between two nodes, the node of another is gone; the third is as it should be. */
static void marks_of_a_cluster_are_read_and_stamped_each_for_itself(void **state)
{
	static const int partitions[] = { 0, 1, KEYS_DIRECTORY };
	const struct mark good = script_ready_mark(9, 300);
	const struct mark list[] = { good, good, good };
	struct mark out[3] = { 0 };
	struct pipeline *scene;
	struct error whys[3];

	(void)state;
	script_set_cluster(true);
	scene = script_scene();
	script_mark(scene, &good);
	script_error(scene, "ASK 13907 10.0.0.2:6379");
	script_error(scene, "NODEFAILS Redis at 10.0.0.3:6379 does not answer");
	script_error(scene, "NODEFAILS Redis at 10.0.0.3:6379 does not answer");
	script_mark(scene, &good);
	script_status(scene, "none");
	assert_int_equal(index_look_at_marks(ix, partitions, 3, out, whys, NULL), 0);
	assert_int_equal(whys[0].code, ERROR_NODE);
	assert_non_null(strstr(whys[0].text, "ASK 13907"));
	assert_int_equal(whys[1].code, ERROR_NODE);
	assert_string_equal(whys[1].text, "Redis at 10.0.0.3:6379 does not answer");
	assert_int_equal(whys[2].code, 0);
	assert_true(mark_equal(&out[2], &good));
	scene = script_scene();
	for (int i = 0; i < 2; i++)
		script_error(scene, "NODEFAILS Redis at 10.0.0.3:6379 does not answer");
	for (int i = 0; i < 2; i++) {
		script_status(scene, "OK");
		script_integer(scene, 1);
	}
	assert_int_equal(index_stamp(ix, partitions, list, 3, whys, NULL), 0);
	assert_int_equal(whys[0].code, ERROR_NODE);
	assert_int_equal(whys[1].code, 0);
	assert_int_equal(whys[2].code, 0);
}

static void nothing_to_stamp_is_no_round_trip(void **state)
{
	(void)state;
	assert_int_equal(index_stamp(ix, NULL, NULL, 0, NULL, NULL), 0);
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
	assert_int_equal(index_read(ix, 0, &ours, NULL, 0, NULL), ERROR_FENCED);
}

/* EXEC with a result and an error: Redis does not undo the one because of the other. */
static void half_applied_run_is_damage_whatever_the_error(void **state)
{
	static const char *const words[] = { "WRONGTYPE Operation against a key",
					     "ERR The ID specified in XADD is equal or smaller" };
	struct mark ours = script_ready_mark(7, 100);
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct pipeline *scene;

		watch(&ours);
		scene = script_scene();
		script_status(scene, "OK");
		script_status(scene, "QUEUED");
		pipeline_command(scene, 1);
		script_error(scene, words[i]);
		assert_int_equal(index_apply(ix, 1, &ours, &apply, -1, &err), ERROR_DAMAGED);
		assert_int_equal(err.code, ERROR_DAMAGED);
		assert_non_null(strstr(err.text, words[i]));
		assert_int_equal(ours.applied, 100);
	}
}

/* Nothing happens in a transaction that Redis does not begin. */
static void transaction_that_redis_refuses_is_tried_again(void **state)
{
	struct mark ours = script_ready_mark(7, 100);
	struct pipeline *scene;
	struct error err;

	(void)state;
	watch(&ours);
	scene = script_scene();
	script_status(scene, "OK");
	script_error(scene, "OOM command not allowed when used memory > 'maxmemory'.");
	script_error(scene, "EXECABORT Transaction discarded because of previous errors.");
	assert_int_equal(index_apply(ix, 1, &ours, &apply, -1, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "OOM"));
}

/* The run's EXEC with the answers to the guard, the HSET and the mark's HSET. */
static void guarded_scene(int64_t there)
{
	struct pipeline *scene = script_scene();

	script_status(scene, "OK");
	for (int i = 0; i < 3; i++)
		script_status(scene, "QUEUED");
	pipeline_command(scene, 3);
	pipeline_number(scene, there);
	pipeline_number(scene, 0);
	pipeline_number(scene, 0);
}

static void write_into_a_lost_workspace_is_damage(void **state)
{
	const struct touched touched = { .workspace = &workspaces[0] };
	struct mark ours = script_ready_mark(7, 100);
	struct error err;

	(void)state;
	workspaces[0].registered = true;
	watch(&ours);
	apply_workspace(&apply, &touched);
	guarded_scene(1);
	assert_int_equal(index_apply(ix, 1, &ours, &apply, -1, NULL), 0);
	watch(&ours);
	apply_workspace(&apply, &touched);
	guarded_scene(0);
	assert_int_equal(index_apply(ix, 1, &ours, &apply, -1, &err), ERROR_DAMAGED);
	assert_string_equal(err.text, "the key sb:{1}:ws: of a workspace that the run changed is "
				      "missing in Redis at 127.0.0.1:6379");
}

/* The mark may have moved on with a run of which only a part was carried out. */
static void distrusted_mark_is_rebuilding_wherever_it_is(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	const struct mark moved = script_ready_mark(7, 105);

	(void)state;
	script_mark(script_scene(), &moved);
	(void)watch_scene(&moved);
	(void)exec_scene();
	assert_int_equal(index_distrust(ix, 1, &ours, NULL), 0);
	assert_non_null(strstr(script_sent(), "rebuilding"));
	assert_non_null(strstr(script_sent(), "$3\r\n105\r\n"));
	assert_int_equal(script_left(), 0);
}

static void mark_of_another_owner_is_not_distrusted(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	const struct mark taken = script_ready_mark(8, 100);

	(void)state;
	script_mark(script_scene(), &taken);
	assert_int_equal(index_distrust(ix, 1, &ours, NULL), 0);
	script_mark(script_scene(), NULL);
	assert_int_equal(index_distrust(ix, 1, &ours, NULL), 0);
	assert_int_equal(script_left(), 0);
}

/* It may be of another type, which no HSET can change. */
static void claim_replaces_what_is_no_mark(void **state)
{
	const struct mark missing = { .state = MARK_MISSING };
	struct mark wanted = script_ready_mark(3, 0);
	struct pipeline *scene = script_scene();

	(void)state;
	script_status(scene, "OK");
	script_error(scene, "WRONGTYPE Operation against a key");
	scene = script_scene();
	script_status(scene, "OK");
	script_status(scene, "QUEUED");
	script_status(scene, "QUEUED");
	pipeline_command(scene, 2);
	pipeline_number(scene, 1);
	pipeline_number(scene, 9);
	assert_int_equal(index_claim(ix, 1, &missing, &wanted, NULL), 0);
	assert_non_null(strstr(script_sent(), "DEL\r\n$11\r\nsb:{1}:mark"));
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

static void own_mark_with_other_counts_is_damage(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	struct mark changed = ours;
	struct error err;

	(void)state;
	changed.grants++;
	(void)watch_scene(&changed);
	assert_int_equal(index_read(ix, 1, &ours, NULL, 0, &err), ERROR_DAMAGED);
	assert_string_equal(err.text, "the key sb:{1}:mark in Redis at 127.0.0.1:6379 is not as it "
				      "was written");
	changed.applied++; /* then it was written by somebody else, whatever the epoch */
	(void)watch_scene(&changed);
	assert_int_equal(index_read(ix, 1, &ours, NULL, 0, &err), ERROR_FENCED);
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
		TEST(failed_read_of_marks_leaves_them_untouched),
		TEST(mark_of_another_type_is_no_mark),
		TEST(running_owner_waits_when_redis_refuses),
		TEST(start_is_refused_where_keys_may_be_evicted_or_others_live),
		TEST(half_applied_run_is_damage_whatever_the_error),
		TEST(transaction_that_redis_refuses_is_tried_again),
		TEST(write_into_a_lost_workspace_is_damage),
		TEST(distrusted_mark_is_rebuilding_wherever_it_is),
		TEST(mark_of_another_owner_is_not_distrusted),
		TEST(claim_replaces_what_is_no_mark),
		TEST(broken_workspace_leaves_all_workspaces_of_a_run_empty),
		TEST(run_moves_the_mark_only_once_it_is_applied),
		TEST(mark_read_ahead_saves_the_round_trip),
		TEST(stamping_gives_up_the_mark_read_ahead),
		TEST(marks_of_a_cluster_are_read_and_stamped_each_for_itself),
		TEST(nothing_to_stamp_is_no_round_trip),
		TEST(foreign_mark_read_ahead_does_not_fail_the_run_before),
		TEST(changed_mark_fences_the_owner_by_name),
		TEST(own_mark_with_other_counts_is_damage),
		TEST(claim_takes_an_epoch_above_the_one_seen),
		TEST(claim_without_an_answer_tells_the_epoch_it_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
