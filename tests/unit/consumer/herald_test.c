/* What people are told of partitions that come, go and wait. */

#include "consumer/herald.h"

#include "ops/support/log.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PARTITIONS = 4, NOW_MS = 100000 };

static struct {
	struct partitions partitions;
	struct supervisor supervisor;
	struct herald herald;
	int reader;
} scene;

static void note_change(void *context, struct partition *part, enum partition_state before)
{
	(void)context;
	herald_note_partition(&scene.herald, part, before, NOW_MS);
}

static int open_scene(void **state)
{
	const struct partition_watcher watcher = { note_change, NULL };
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds))
		return -1;
	scene.reader = fds[1];
	scene.supervisor = (struct supervisor){ .fd = fds[0] };
	scene.herald =
		(struct herald){ .partitions = &scene.partitions, .supervisor = &scene.supervisor };
	partitions_init(&scene.partitions, PARTITIONS, &watcher);
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	partitions_done(&scene.partitions);
	supervisor_close(&scene.supervisor);
	return close(scene.reader);
}

static void give(int first, int last, bool directory)
{
	for (int i = first; i <= last; i++)
		partition_become(&scene.partitions.list[i], PARTITION_CLAIMING);
	herald_note_given(&scene.herald, directory, NOW_MS);
}

static void become(int first, int last, enum partition_state to)
{
	for (int i = first; i <= last; i++)
		partition_become(&scene.partitions.list[i], to);
}

/* What the supervisor was told last, and whether that it is ready. */
static void assert_told(const char *status, bool ready)
{
	herald_tell(&scene.herald, -1, NOW_MS);
	assert_string_equal(scene.supervisor.status, status);
	assert_true(scene.supervisor.ready == ready);
}

static void ready_only_when_all_that_is_given_is_ready(void **state)
{
	(void)state;
	assert_told("waiting for the consumer group", false);
	give(0, 3, true);
	assert_told("4 partitions of ours are not ready yet", false);
	become(0, 2, PARTITION_READY);
	assert_told("1 partition of ours is not ready yet", false);
	become(3, 3, PARTITION_READY);
	assert_told("partitions 0-3 and the directory are ours and ready", true);
}

static void rebuild_says_how_far_it_is(void **state)
{
	(void)state;
	give(0, 0, false);
	become(0, 0, PARTITION_REBUILDING);
	herald_tell(&scene.herald, 40, NOW_MS);
	assert_string_equal(
		scene.supervisor.status,
		"1 partition of ours is not ready yet; the index is being rebuilt, 40 %");
	herald_tell(&scene.herald, 70, NOW_MS + 1000); /* no state has changed */
	assert_non_null(strstr(scene.supervisor.status, "70 %"));
	assert_false(scene.supervisor.ready);
}

static void ready_without_partitions_because_others_have_them(void **state)
{
	(void)state;
	give(1, 0, false);
	assert_told("no partition is ours: other consumers of the group have them", true);
	give(1, 0, true);
	assert_told("only the directory is ours: other consumers of the group have the "
		    "partitions",
		    true);
}

static void what_is_set_aside_is_named_and_holds_up_nothing(void **state)
{
	struct error why = { .code = ERROR_REFUSED, .text = "its log is another one" };

	(void)state;
	give(0, 2, false);
	become(0, 1, PARTITION_READY);
	partition_set_aside(&scene.partitions.list[2], &why, NOW_MS);
	assert_told("partitions 0-1 are ours and ready; set aside: partition 2", true);
}

static void what_is_waited_for_is_told_and_then_what_is_so(void **state)
{
	struct error why = { .code = ERROR_UNAVAILABLE, .text = "Redis is away" };

	(void)state;
	give(3, 3, false);
	become(3, 3, PARTITION_READY);
	assert_told("partition 3 is ours and ready", true);
	herald_wait(&scene.herald, &why, NOW_MS);
	assert_string_equal(scene.supervisor.status, "waiting: Redis is away");
	herald_go_on(&scene.herald, NOW_MS + 12000);
	assert_told("partition 3 is ours and ready", true);
}

static void what_is_taken_is_no_longer_told(void **state)
{
	(void)state;
	give(0, 3, false);
	become(0, 3, PARTITION_READY);
	assert_told("partitions 0-3 are ours and ready", true);
	become(0, 3, PARTITION_FOREIGN);
	herald_note_taken(&scene.herald);
	assert_told("waiting for the consumer group", true);
}

/* ---- lines of the log: stderr is a pipe ---- */

static char logged[4096];

/* What herald_tell() logs. */
static const char *log_of_telling(int64_t now_ms)
{
	int before = dup(STDERR_FILENO);
	int fds[2];
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	herald_tell(&scene.herald, -1, now_ms);
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	(void)close(fds[1]);
	n = read(fds[0], logged, sizeof(logged) - 1);
	logged[n > 0 ? n : 0] = '\0';
	(void)close(fds[0]);
	(void)close(before);
	return logged;
}

static void one_line_for_each_change_and_how_long_it_took(void **state)
{
	(void)state;
	log_set_format(LOG_FORMAT_JOURNAL);
	give(0, 3, false);
	assert_string_equal(log_of_telling(NOW_MS + 100), "");
	become(0, 3, PARTITION_READY);
	assert_string_equal(log_of_telling(NOW_MS + 1200),
			    "<6>partitions 0-3 are ours and ready, after 1.2 s\n");
	assert_string_equal(log_of_telling(NOW_MS + 9000), "");
	partition_claim_again(&scene.partitions.list[1]);
	become(1, 1, PARTITION_READY);
	assert_string_equal(log_of_telling(NOW_MS + 300),
			    "<6>partitions 0-3 are ours and ready, after 0.3 s\n");
}

/* It is looked at every 30 s. */
static void partition_that_stays_aside_is_told_of_once(void **state)
{
	struct error why = { .code = ERROR_REFUSED, .text = "" };

	(void)state;
	log_set_format(LOG_FORMAT_JOURNAL);
	give(0, 0, false);
	partition_set_aside(&scene.partitions.list[0], &why, NOW_MS);
	assert_string_equal(log_of_telling(NOW_MS),
			    "<6>none of ours is ready; set aside: partition 0\n");
	become(0, 0, PARTITION_CLAIMING);
	assert_string_equal(log_of_telling(NOW_MS + 30000), "");
	partition_set_aside(&scene.partitions.list[0], &why, NOW_MS + 30000);
	assert_string_equal(log_of_telling(NOW_MS + 30001), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ready_only_when_all_that_is_given_is_ready,
						open_scene, close_scene),
		cmocka_unit_test_setup_teardown(rebuild_says_how_far_it_is, open_scene,
						close_scene),
		cmocka_unit_test_setup_teardown(ready_without_partitions_because_others_have_them,
						open_scene, close_scene),
		cmocka_unit_test_setup_teardown(what_is_set_aside_is_named_and_holds_up_nothing,
						open_scene, close_scene),
		cmocka_unit_test_setup_teardown(what_is_waited_for_is_told_and_then_what_is_so,
						open_scene, close_scene),
		cmocka_unit_test_setup_teardown(what_is_taken_is_no_longer_told, open_scene,
						close_scene),
		cmocka_unit_test_setup_teardown(one_line_for_each_change_and_how_long_it_took,
						open_scene, close_scene),
		cmocka_unit_test_setup_teardown(partition_that_stays_aside_is_told_of_once,
						open_scene, close_scene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
