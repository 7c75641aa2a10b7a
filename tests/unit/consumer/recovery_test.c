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
	struct unsent list[RUNS_MAX] = { { .last = 0 } };
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
	buffer_init(&one.outputs);
	outputs_begin(&one.outputs, &(struct run_range){ .begin = 0, .applied = 4 });
	assert_true(recovery_continues(&unsent, &(struct progress){ .applied = 0 },
				       &(struct mark){ .applied = 4 }));
	buffer_append_text(&one.outputs, "?");
	assert_false(recovery_continues(&unsent, &(struct progress){ .applied = 0 },
					&(struct mark){ .applied = 4 }));
	buffer_done(&one.outputs);
}

/* What no consumer has sealed is not published. What is committed already needs no seal. */
static void unsent_outputs_that_are_not_trusted_are_lost_data(void **state)
{
	struct unsent one = { .last = 3, .distrust = "they have no seal" };
	const struct unsent_list unsent = { &one, 1 };
	const struct mark mark = { .applied = 4 };
	const struct progress before = { .applied = 0 };
	const struct progress after = { .applied = 4 };
	const struct progress none = { .applied = COMMITTED_NONE };

	(void)state;
	buffer_init(&one.outputs);
	outputs_begin(&one.outputs, &(struct run_range){ .begin = 0, .applied = 4 });
	assert_false(recovery_continues(&unsent, &before, &mark));
	assert_false(recovery_continues(&unsent, &none, &mark));
	assert_ptr_equal(recovery_forged(&unsent, &before), &one);
	assert_ptr_equal(recovery_forged(&unsent, &none), &one);
	assert_true(recovery_continues(&unsent, &after, &mark));
	assert_null(recovery_forged(&unsent, &after));
	one.distrust = NULL;
	assert_true(recovery_continues(&unsent, &before, &mark));
	assert_null(recovery_forged(&unsent, &before));
	buffer_done(&one.outputs);
}

/* What is skipped here must be what is not published: all that is not committed leads on. */
static void outputs_within_those_of_another_run_are_lost_data(void **state)
{
	static const struct run_range within[] = {
		{ .begin = 3, .applied = 6 },
		{ .begin = 0, .applied = 10 },
		{ .begin = 9, .applied = 10 },
		{ .begin = 2, .applied = 5 },
	};
	const struct mark mark = { .applied = 10 };
	const struct progress progress = { .applied = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(within) / sizeof(*within); i++) {
		struct unsent two[] = { { .last = 9 }, { .last = 999 } };
		const struct unsent_list alone = { two, 1 };
		const struct unsent_list both = { two, 2 };

		buffer_init(&two[0].outputs);
		buffer_init(&two[1].outputs);
		outputs_begin(&two[0].outputs, &(struct run_range){ .begin = 0, .applied = 10 });
		outputs_begin(&two[1].outputs, &within[i]);
		assert_true(recovery_continues(&alone, &progress, &mark));
		assert_false(recovery_continues(&both, &progress, &mark));
		two[1].distrust = "they have no seal";
		assert_ptr_equal(recovery_forged(&both, &progress), &two[1]);
		assert_false(recovery_continues(&both, &progress, &mark));
		buffer_done(&two[0].outputs);
		buffer_done(&two[1].outputs);
	}
}

/* Only the mark is gone; its commands must not be decided on what they have left. */
static void partition_that_nobody_knows_has_nothing_unsent(void **state)
{
	const struct progress nothing = { .applied = COMMITTED_NONE };
	const struct progress begun = { .applied = 0 };
	const struct mark missing = { .state = MARK_MISSING };
	const struct mark ready = { .state = MARK_READY, .applied = 4 };
	struct unsent one = { .last = 3 };
	const struct unsent_list some = { &one, 1 };
	const struct unsent_list none = { NULL, 0 };

	(void)state;
	buffer_init(&one.outputs);
	outputs_begin(&one.outputs, &(struct run_range){ .begin = 0, .applied = 4 });
	assert_true(recovery_agrees(RECOVERY_FRESH, &none, &nothing, &missing));
	assert_false(recovery_agrees(RECOVERY_FRESH, &some, &nothing, &missing));
	assert_true(recovery_agrees(RECOVERY_PUBLISH, &some, &begun, &ready));
	assert_false(recovery_agrees(RECOVERY_PUBLISH, &none, &begun, &ready));
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
		cmocka_unit_test(unsent_outputs_that_are_not_trusted_are_lost_data),
		cmocka_unit_test(outputs_within_those_of_another_run_are_lost_data),
		cmocka_unit_test(partition_that_nobody_knows_has_nothing_unsent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
