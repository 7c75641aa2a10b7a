/*
 * What recovery does for each mark and committed offset, and whether the unsent
 * runs lead from the one to the other.
 */

#include "consumer/recovery.h"

#include "consumer/output.h"
#include "tests/unit/unit.h"

#define READY(applied)                                                                             \
	{                                                                                          \
		MARK_READY, 0, applied                                                             \
	}
#define READY_IN(log, applied)                                                                     \
	{                                                                                          \
		MARK_READY, log, applied                                                           \
	}
#define REBUILDING(applied)                                                                        \
	{                                                                                          \
		MARK_REBUILDING, 0, applied                                                        \
	}
#define MISSING                                                                                    \
	{                                                                                          \
		MARK_MISSING, 0, 0                                                                 \
	}
enum { NONE = COMMITTED_NONE };

static const struct {
	struct {
		enum mark_state state;
		int64_t log;
		int64_t applied;
	} mark;
	int64_t group;
	int64_t progress;
	int64_t log; /* of the progress */
	enum recovery_case recovery;
} CASES[] = {
	{ MISSING, NONE, NONE, 0, RECOVERY_FRESH },
	{ MISSING, 0, NONE, 0, RECOVERY_FRESH },
	{ MISSING, NONE, 7, 0, RECOVERY_REBUILD },
	{ MISSING, 7, 7, 0, RECOVERY_REBUILD },
	{ MISSING, 5, 7, 0, RECOVERY_REBUILD },
	{ REBUILDING(7), NONE, NONE, 0, RECOVERY_REBUILD },
	{ REBUILDING(7), 7, 7, 0, RECOVERY_REBUILD },
	{ REBUILDING(8), 7, 7, 0, RECOVERY_REBUILD },
	{ REBUILDING(8), NONE, 7, 0, RECOVERY_REBUILD },
	{ READY(0), 0, 0, 0, RECOVERY_GO_ON },
	{ READY(7), 7, 7, 0, RECOVERY_GO_ON },
	{ READY(8), 7, 7, 0, RECOVERY_PUBLISH },
	{ READY(INT64_MAX), 7, 7, 0, RECOVERY_PUBLISH },
	{ READY(6), 7, 7, 0, RECOVERY_REBUILD },
	{ READY(0), 7, 7, 0, RECOVERY_REBUILD },
	/* The very first transaction of the partition is not committed yet. */
	{ READY(0), NONE, NONE, 0, RECOVERY_PUBLISH },
	{ READY(7), NONE, NONE, 0, RECOVERY_PUBLISH },
	{ READY(7), 0, NONE, 0, RECOVERY_PUBLISH },
	/* The group's offsets have expired, or somebody has moved them: the progress counts. */
	{ READY(7), NONE, 7, 0, RECOVERY_GO_ON },
	{ READY(7), 0, 7, 0, RECOVERY_GO_ON },
	{ READY(7), 3, 7, 0, RECOVERY_GO_ON },
	{ READY(7), 9, 7, 0, RECOVERY_GO_ON },
	{ READY(8), 9, 7, 0, RECOVERY_PUBLISH },
	{ READY(6), 3, 7, 0, RECOVERY_REBUILD },
	{ READY(6), 9, 7, 0, RECOVERY_REBUILD },
	{ MISSING, 9, 7, 0, RECOVERY_REBUILD },
	{ REBUILDING(7), 9, 7, 0, RECOVERY_REBUILD },
	/* The changelog is lost, or somebody has set offsets before anything was committed. */
	{ MISSING, 9, NONE, 0, RECOVERY_UNCLEAR },
	{ REBUILDING(7), 9, NONE, 0, RECOVERY_UNCLEAR },
	{ READY(7), 9, NONE, 0, RECOVERY_UNCLEAR },
	{ READY(9), 9, NONE, 0, RECOVERY_UNCLEAR },
	/* Another log was accepted: offsets of different logs are not compared. */
	{ READY_IN(1, 2), 7, 7, 0, RECOVERY_PUBLISH },
	{ READY_IN(1, 2), 2, 2, 1, RECOVERY_GO_ON },
	{ READY_IN(1, 2), 3, 3, 1, RECOVERY_REBUILD },
	{ READY_IN(0, 7), 2, 2, 1, RECOVERY_REBUILD },
};

static void mark_and_what_is_committed_decide_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		struct mark m = { .state = CASES[i].mark.state,
				  .log = CASES[i].mark.log,
				  .applied = CASES[i].mark.applied };
		struct committed c = { CASES[i].group,
				       { .applied = CASES[i].progress, .log = CASES[i].log } };

		if (recovery_case_of(&m, &c) != CASES[i].recovery)
			fail_msg("case %zu", i);
	}
}

/* ---- what is unsent ---- */

enum { RUNS_MAX = 3 };

static bool continues_in(const struct run_range *ranges, size_t count,
			 const struct progress *progress, const struct mark *mark)
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
	answer = recovery_continues(&unsent, progress, mark);
	for (size_t i = 0; i < count; i++)
		buffer_done(&list[i].outputs);
	return answer;
}

static bool continues(const struct run_range *ranges, size_t count, int64_t committed,
		      int64_t applied)
{
	return continues_in(ranges, count, &(struct progress){ .applied = committed },
			    &(struct mark){ .applied = applied });
}

static void unsent_runs_lead_from_committed_to_applied(void **state)
{
	static const struct run_range runs[] = { { 0, 3, 0 }, { 3, 5, 0 }, { 5, 9, 0 } };

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
	static const struct run_range runs[] = { { 0, 3, 0 }, { 3, 5, 0 } };

	(void)state;
	assert_false(continues(runs, 2, 1, 5));
	assert_false(continues(runs, 2, 4, 5));
}

static void a_gap_in_what_is_unsent_is_lost_data(void **state)
{
	static const struct run_range runs[] = { { 0, 3, 0 }, { 5, 9, 0 } };

	(void)state;
	assert_false(continues(runs, 2, 0, 9));  /* between two runs */
	assert_false(continues(runs, 2, 3, 9));  /* at the beginning */
	assert_false(continues(runs, 2, 5, 10)); /* at the end */
	assert_false(continues(runs, 0, 5, 9));  /* there is nothing */
}

static void unsent_runs_lead_into_a_log_that_was_accepted(void **state)
{
	static const struct run_range runs[] = { { 9, 2, 1 }, { 2, 5, 1 } };
	static const struct mark mark = { .applied = 5, .log = 1 };

	(void)state;
	assert_true(continues_in(runs, 2, &(struct progress){ .applied = 9 }, &mark));
	assert_true(continues_in(runs, 2, &(struct progress){ .applied = 2, .log = 1 }, &mark));
	assert_true(continues_in(runs, 2, &(struct progress){ .applied = 5, .log = 1 }, &mark));
	/* The offset is the same, but in the log before. */
	assert_false(continues_in(runs, 2, &(struct progress){ .applied = 5 }, &mark));
	assert_false(continues_in(runs, 1, &(struct progress){ .applied = 9 }, &mark));
	assert_false(continues_in(runs, 0, &(struct progress){ .applied = 5 }, &mark));
}

static void unsent_outputs_that_cannot_be_read_are_lost_data(void **state)
{
	struct unsent one = { .last = 3 };
	const struct unsent_list unsent = { &one, 1 };

	(void)state;
	buffer_init(&one.outputs);
	buffer_append_text(&one.outputs, "?");
	assert_false(recovery_continues(&unsent, &(struct progress){ .applied = 4 },
					&(struct mark){ .applied = 4 }));
	buffer_done(&one.outputs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mark_and_what_is_committed_decide_what_to_do),
		cmocka_unit_test(unsent_runs_lead_from_committed_to_applied),
		cmocka_unit_test(a_run_across_the_committed_offset_is_of_another_history),
		cmocka_unit_test(a_gap_in_what_is_unsent_is_lost_data),
		cmocka_unit_test(unsent_runs_lead_into_a_log_that_was_accepted),
		cmocka_unit_test(unsent_outputs_that_cannot_be_read_are_lost_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
