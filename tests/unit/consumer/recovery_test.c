/*
 * What recovery does for each mark and committed offset, and whether the unsent
 * runs lead from the one to the other.
 */

#include "consumer/recovery.h"

#include "consumer/output.h"
#include "tests/unit/unit.h"

static const struct {
	int64_t applied;
	int64_t committed;
	enum mark_state state;
	enum recovery_case recovery;
} CASES[] = {
	{ 0, COMMITTED_NONE, MARK_MISSING, RECOVERY_FRESH },
	{ 0, 0, MARK_MISSING, RECOVERY_REBUILD },
	{ 0, 7, MARK_MISSING, RECOVERY_REBUILD },
	{ 7, COMMITTED_NONE, MARK_REBUILDING, RECOVERY_REBUILD },
	{ 7, 7, MARK_REBUILDING, RECOVERY_REBUILD },
	{ 8, 7, MARK_REBUILDING, RECOVERY_REBUILD },
	{ 0, 0, MARK_READY, RECOVERY_GO_ON },
	{ 7, 7, MARK_READY, RECOVERY_GO_ON },
	{ 8, 7, MARK_READY, RECOVERY_PUBLISH },
	{ INT64_MAX, 7, MARK_READY, RECOVERY_PUBLISH },
	{ 6, 7, MARK_READY, RECOVERY_REBUILD },
	{ 0, 7, MARK_READY, RECOVERY_REBUILD },
	/* The very first transaction of the partition is not committed yet. */
	{ 0, COMMITTED_NONE, MARK_READY, RECOVERY_PUBLISH },
	{ 7, COMMITTED_NONE, MARK_READY, RECOVERY_PUBLISH },
};

static void mark_and_committed_offset_decide_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		struct mark m = { .state = CASES[i].state, .applied = CASES[i].applied };

		if (recovery_case_of(&m, CASES[i].committed) != CASES[i].recovery)
			fail_msg("case %zu", i);
	}
}

/* ---- what is unsent ---- */

enum { RUNS_MAX = 3 };

static bool continues(const struct run_range *ranges, size_t count, int64_t committed,
		      int64_t applied)
{
	struct unsent list[RUNS_MAX];
	const struct unsent_list unsent = { list, count };
	bool answer;

	assert_true(count <= RUNS_MAX);
	for (size_t i = 0; i < count; i++) {
		list[i].last = ranges[i].applied - 1;
		buffer_init(&list[i].outputs);
		outputs_begin(&list[i].outputs, &ranges[i]);
	}
	answer = recovery_continues(&unsent, committed, applied);
	for (size_t i = 0; i < count; i++)
		buffer_done(&list[i].outputs);
	return answer;
}

static void unsent_runs_lead_from_committed_to_applied(void **state)
{
	static const struct run_range runs[] = { { 0, 3 }, { 3, 5 }, { 5, 9 } };

	(void)state;
	assert_true(continues(runs, 3, COMMITTED_NONE, 9));
	assert_true(continues(runs, 3, 0, 9));
	assert_true(continues(runs, 3, 3, 9));
	assert_true(continues(runs, 3, 5, 9));
	assert_true(continues(runs, 3, 9, 9));
	assert_true(continues(runs, 0, 9, 9));
	assert_true(continues(runs, 0, COMMITTED_NONE, 0));
}

static void a_run_across_the_committed_offset_is_of_another_history(void **state)
{
	static const struct run_range runs[] = { { 0, 3 }, { 3, 5 } };

	(void)state;
	assert_false(continues(runs, 2, 1, 5));
	assert_false(continues(runs, 2, 4, 5));
}

static void a_gap_in_what_is_unsent_is_lost_data(void **state)
{
	static const struct run_range runs[] = { { 0, 3 }, { 5, 9 } };

	(void)state;
	assert_false(continues(runs, 2, 0, 9));  /* between two runs */
	assert_false(continues(runs, 2, 3, 9));  /* at the beginning */
	assert_false(continues(runs, 2, 5, 10)); /* at the end */
	assert_false(continues(runs, 0, 5, 9));  /* there is nothing */
}

static void unsent_outputs_that_cannot_be_read_are_lost_data(void **state)
{
	struct unsent one = { .last = 3 };
	const struct unsent_list unsent = { &one, 1 };

	(void)state;
	buffer_init(&one.outputs);
	buffer_append_text(&one.outputs, "?");
	assert_false(recovery_continues(&unsent, 4, 4));
	buffer_done(&one.outputs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mark_and_committed_offset_decide_what_to_do),
		cmocka_unit_test(unsent_runs_lead_from_committed_to_applied),
		cmocka_unit_test(a_run_across_the_committed_offset_is_of_another_history),
		cmocka_unit_test(a_gap_in_what_is_unsent_is_lost_data),
		cmocka_unit_test(unsent_outputs_that_cannot_be_read_are_lost_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
