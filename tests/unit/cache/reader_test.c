/* A reader answers only when the marks before and after the data vouch for it. */

#include "cache/reader.h"

#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct reader *reader;
static int64_t now_ms; /* by the clock of Redis */
static int64_t
	elapsed_ms; /* the reader's own clock stands still unless told otherwise, or asked for a pause */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker wants these names */
int64_t __wrap_clock_monotonic_ms(void);
void __wrap_clock_pause_ms(int ms);
/* NOLINTEND(bugprone-reserved-identifier) */

int64_t __wrap_clock_monotonic_ms(void)
{
	return elapsed_ms;
}

void __wrap_clock_pause_ms(int ms)
{
	elapsed_ms += ms;
}

static int set_up(void **state)
{
	(void)script_reset(state);
	reader = script_reader();
	now_ms = SCRIPT_NOW_MS;
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

	script_glance(scene, before);
	script_mark(scene, &directory);
	pipeline_text(scene, "value");
	script_mark(scene, after);
	script_mark(scene, &directory);
	script_time(scene, now_ms);
	pipeline_command(p, 2);
	pipeline_text(p, "GET");
	pipeline_text(p, "sb:{1}:something");
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

/* The log that a position is in may not be the one that the index was made from. */
static void position_says_nothing_while_the_log_is_suspect(void **state)
{
	struct mark m = script_ready_mark(7, 100);
	struct error err;

	(void)state;
	m.suspect = true;
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	reader_require(reader, 1, 50);
	assert_int_equal(ask_between(&m, &m, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "Kafka's log of partition 1 does not seem to be the one"));
	m.suspect = false;
	assert_int_equal(ask_between(&m, &m, NULL), 0);
}

/* A client that has run since before the log was lost must not wait for offsets of that log. */
static void requirement_ends_when_another_log_is_accepted(void **state)
{
	struct mark m = script_ready_mark(7, 100);

	(void)state;
	reader_require(reader, 1, 100);
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	m.applied = 3;
	assert_int_equal(ask_between(&m, &m, NULL), ERROR_STALE);
	m.log = 1;
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	reader_require(reader, 1, 4);
	assert_int_equal(ask_between(&m, &m, NULL), ERROR_STALE);
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
				      "see `sharebus status`, or give the right --redis");
	assert_int_equal(ask_between(&good, &rebuilding, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "the grant index in Redis at 127.0.0.1:6379 is being "
				      "rebuilt; try again shortly");
	assert_int_equal(ask_between(&good, &older, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text, "the grant index in Redis at 127.0.0.1:6379 has layout 1, "
				      "but this program reads layout 6; start a sharebus-consumer "
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
		script_glance(again, &before);
		script_mark(again, &before);
		pipeline_text(again, "value");
		script_mark(again, &after);
		script_mark(again, &before);
		script_time(again, SCRIPT_NOW_MS);
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

/* The data was read before the mark after it: what was applied in between is not in the data. */
static void what_was_applied_after_the_data_does_not_count(void **state)
{
	const struct mark before = script_ready_mark(7, 100);
	const struct mark after = script_ready_mark(7, 101);
	struct error err;

	(void)state;
	reader_require(reader, 1, 101);
	assert_int_equal(ask_between(&before, &after, &err), ERROR_STALE);
	assert_non_null(strstr(err.text, "it is at offset 100"));
	assert_int_equal(ask_between(&after, &after, NULL), 0);
}

/* What a mark says before the data must be what it says after it, and no damaged one does. */
static void mark_before_the_data_must_be_good_too(void **state)
{
	const struct mark good = script_ready_mark(7, 100);
	struct mark bad[3] = { good, good, good };

	(void)state;
	bad[0].state = MARK_REBUILDING;
	bad[1].state = MARK_MISSING;
	bad[2].applied = -1;
	script_repeat();
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(ask_between(&bad[i], &good, NULL), ERROR_UNAVAILABLE);
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

/* Asks when the owner of partition 1 looked then, by the clock of Redis. */
static int ask_stamped(int64_t before_ms, int64_t after_ms, struct error *err)
{
	struct mark before = script_ready_mark(7, 100);
	struct mark after = before;

	before.looked = before_ms;
	after.looked = after_ms;
	return ask_between(&before, &after, err);
}

static void answer_may_be_as_old_as_max_age_and_no_older(void **state)
{
	static const struct {
		int64_t max_age_ms;
		int64_t age_ms;
		int rc;
	} cases[] = {
		{ 60000, 0, 0 },
		{ 60000, 60000, 0 },
		{ 60000, 60001, ERROR_UNAVAILABLE },
		{ 5000, 5000, 0 },
		{ 5000, 5001, ERROR_UNAVAILABLE },
		{ 5000, -5000, 0 },
		{ 5000, -5001, ERROR_UNAVAILABLE },
		{ 100000, 100000, 0 },
		{ 100000, SCRIPT_LOOKED_MS - 1, ERROR_UNAVAILABLE },
	};

	(void)state;
	now_ms = SCRIPT_LOOKED_MS; /* so the directory's age is 0 */
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t looked_ms = SCRIPT_LOOKED_MS - cases[i].age_ms;

		reader_set_max_age(reader, cases[i].max_age_ms);
		assert_int_equal(ask_stamped(looked_ms, looked_ms, NULL), cases[i].rc);
	}
}

static void answer_that_is_too_old_says_how_old_and_what_to_do(void **state)
{
	struct error err;

	(void)state;
	now_ms = SCRIPT_LOOKED_MS;
	assert_int_equal(ask_stamped(SCRIPT_LOOKED_MS - 75300, SCRIPT_LOOKED_MS, &err),
			 ERROR_UNAVAILABLE);
	assert_string_equal(err.text,
			    "no sharebus-consumer has looked at partition 1 of the grant index in "
			    "Redis at 127.0.0.1:6379 for 75.3 s, and an answer may be 60.0 s old "
			    "at most (max-age); start sharebus-consumer, or see `sharebus status`");
	assert_int_equal(ask_stamped(SCRIPT_LOOKED_MS + 90000, SCRIPT_LOOKED_MS, &err),
			 ERROR_UNAVAILABLE);
	assert_string_equal(err.text,
			    "partition 1 of the grant index in Redis at 127.0.0.1:6379 was last "
			    "looked at 90.0 s from now, for the clock of Redis went back; "
			    "sharebus-consumer mends that within a second, so try again shortly");
}

/* A partition is ready a moment before its owner first stamps its mark. */
static void mark_that_was_only_just_made_is_waited_for(void **state)
{
	struct mark unseen = script_ready_mark(7, 100);
	const struct mark good = unseen;
	struct pipeline *again;

	(void)state;
	unseen.looked = 0;
	again = script_scene();
	script_glance(again, &unseen);
	script_mark(again, &good);
	pipeline_text(again, "value");
	script_mark(again, &good);
	script_mark(again, &good);
	script_time(again, SCRIPT_NOW_MS);
	assert_int_equal(ask_between(&good, &good, NULL), 0);
	assert_int_equal(script_left(), 0);
}

static void mark_that_nobody_stamps_makes_answers_unavailable(void **state)
{
	struct error err;

	(void)state;
	script_repeat();
	assert_int_equal(ask_stamped(0, 0, &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text,
			    "no sharebus-consumer has looked at partition 1 of the grant index in "
			    "Redis at 127.0.0.1:6379 yet; start sharebus-consumer");
}

static void directory_that_nobody_looks_at_makes_answers_old_too(void **state)
{
	struct error err;

	(void)state;
	now_ms = SCRIPT_LOOKED_MS + 61000;
	assert_int_equal(ask_stamped(now_ms, now_ms, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "looked at the directory of the grant index"));
}

/* The data may be as old as the stamp before it, whatever came while the pipeline was read. */
static void stamp_before_the_data_is_the_time_of_the_answer(void **state)
{
	struct uuid id = { { 0 } };

	(void)state;
	while (reader_partition(reader, &id) != 1)
		id.bytes[0]++;
	assert_true(reader_time(reader, &id) == 0);
	assert_int_equal(ask_stamped(SCRIPT_LOOKED_MS - 30, SCRIPT_LOOKED_MS, NULL), 0);
	assert_true(reader_time(reader, &id) == SCRIPT_LOOKED_MS - 30);
}

static void redis_that_does_not_know_the_time_is_unavailable(void **state)
{
	(void)state;
	now_ms = -1;
	assert_int_equal(ask_stamped(SCRIPT_LOOKED_MS, SCRIPT_LOOKED_MS, NULL), ERROR_UNAVAILABLE);
}

static void index_without_a_possible_number_of_partitions_is_unavailable(void **state)
{
	static const int counts[] = { 0, -1, 1025, INT32_MAX };
	struct reader *other = NULL;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct mark m = script_ready_mark(7, 100);

		m.deployment.partitions = counts[i];
		script_mark(script_scene(), &m);
		assert_int_equal(reader_open(&other,
					     &(struct redis_target){ .address = "127.0.0.1:6379" },
					     "sb", 1000, &err),
				 ERROR_UNAVAILABLE);
		assert_non_null(strstr(err.text,
				       "the mark sb:{dir}:mark in Redis at 127.0.0.1:6379 "
				       "is damaged: its field partitions is "));
		assert_null(other);
	}
}

static void damaged_mark_beside_an_answer_makes_it_unavailable(void **state)
{
	const struct mark good = script_ready_mark(7, 100);
	struct mark damaged = good;
	struct error err;

	(void)state;
	damaged.applied = -1;
	assert_int_equal(ask_between(&good, &damaged, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "the mark sb:{1}:mark in Redis at 127.0.0.1:6379 is "
					 "damaged: its field applied is -1"));
}

static bool asked_for_whole_marks(void)
{
	const char *mark = strstr(script_sent(), "sb:{1}:something");

	return strstr(mark, "last_hash") < strstr(mark, "sb:{dir}:mark");
}

/* Not so much of what a pipeline costs Redis, but each mark is looked at as often as its owner does. */
static void whole_mark_is_read_only_now_and_then(void **state)
{
	const struct mark m = script_ready_mark(7, 100);

	(void)state;
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	assert_true(asked_for_whole_marks());
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	assert_false(asked_for_whole_marks());
	elapsed_ms += 999;
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	assert_false(asked_for_whole_marks());
	elapsed_ms += 1;
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	assert_true(asked_for_whole_marks());
}

/* The new owner's mark may lack what the part that vouches does not show. */
static void mark_of_a_new_owner_is_read_as_a_whole(void **state)
{
	const struct mark old = script_ready_mark(7, 100);
	struct mark new = script_ready_mark(8, 100);
	struct pipeline *again;
	struct error err;

	(void)state;
	assert_int_equal(ask_between(&old, &old, NULL), 0);
	again = script_scene();
	script_glance(again, &new);
	script_mark(again, &old);
	pipeline_text(again, "value");
	script_mark(again, &new);
	script_mark(again, &old);
	script_time(again, SCRIPT_NOW_MS);
	new.tip.hash = -1;
	assert_int_equal(ask_between(&new, &new, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "its field last_hash is -1"));
	assert_true(asked_for_whole_marks());
	assert_int_equal(script_left(), 0);
}

static void mark_on_a_new_connection_is_read_as_a_whole(void **state)
{
	const struct mark m = script_ready_mark(7, 100);

	(void)state;
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	script_break();
	assert_int_equal(reader_ask(reader, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(ask_between(&m, &m, NULL), 0);
	assert_true(asked_for_whole_marks());
}

/* Vouching marks tell all that makes an answer wrong: here a Redis was given to another deployment. */
static void mark_that_became_foreign_is_refused_at_once(void **state)
{
	const struct mark ours = script_ready_mark(7, 100);
	struct mark foreign = ours;

	(void)state;
	assert_int_equal(ask_between(&ours, &ours, NULL), 0);
	(void)snprintf(foreign.deployment.cluster, sizeof(foreign.deployment.cluster), "cluster-b");
	assert_int_equal(ask_between(&foreign, &foreign, NULL), ERROR_REFUSED);
	assert_false(asked_for_whole_marks());
	foreign = ours;
	assert_int_equal(ask_between(&ours, &ours, NULL), 0);
	foreign.deployment.partitions = 3;
	assert_int_equal(ask_between(&foreign, &foreign, NULL), ERROR_REFUSED);
	assert_false(asked_for_whole_marks());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_marks_vouch_for_the_answer),
		TEST(requirement_ends_when_another_log_is_accepted),
		TEST(position_says_nothing_while_the_log_is_suspect),
		TEST(index_that_is_not_complete_is_unavailable),
		TEST(question_is_asked_again_when_the_owner_changes),
		TEST(partition_that_lags_behind_a_requirement_is_stale),
		TEST(what_was_applied_after_the_data_does_not_count),
		TEST(mark_before_the_data_must_be_good_too),
		TEST(directory_that_lags_behind_a_requirement_is_stale),
		TEST(failed_read_of_a_mark_leaves_it_untouched),
		TEST(answer_may_be_as_old_as_max_age_and_no_older),
		TEST(answer_that_is_too_old_says_how_old_and_what_to_do),
		TEST(mark_that_was_only_just_made_is_waited_for),
		TEST(mark_that_nobody_stamps_makes_answers_unavailable),
		TEST(directory_that_nobody_looks_at_makes_answers_old_too),
		TEST(stamp_before_the_data_is_the_time_of_the_answer),
		TEST(redis_that_does_not_know_the_time_is_unavailable),
		TEST(index_without_a_possible_number_of_partitions_is_unavailable),
		TEST(damaged_mark_beside_an_answer_makes_it_unavailable),
		TEST(whole_mark_is_read_only_now_and_then),
		TEST(mark_of_a_new_owner_is_read_as_a_whole),
		TEST(mark_on_a_new_connection_is_read_as_a_whole),
		TEST(mark_that_became_foreign_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
