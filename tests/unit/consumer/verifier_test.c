/* When a log is the one that was applied, and when it is not. */

#include "consumer/verifier.h"

#include "tests/unit/unit.h"

enum { APPLIED = 9 };

static const struct tip TIP = { 8, 1795512600007, 42 };
static const struct tip OTHER = { 8, 1795512600008, 42 };
static const struct tip NEXT = { 9, 1795512600009, 43 };
static const struct tip NONE = { 0 };

static enum log_verdict verdict(int64_t begin, int64_t end, const struct tip *found)
{
	return log_verdict_of(&(struct applied_log){ APPLIED, TIP, false },
			      &(struct log_view){ begin, end, *found });
}

static enum log_verdict suspected(int64_t begin, int64_t end, const struct tip *found)
{
	return log_verdict_of(&(struct applied_log){ APPLIED, TIP, true },
			      &(struct log_view){ begin, end, *found });
}

static void log_that_still_has_the_tip_is_the_same(void **state)
{
	(void)state;
	assert_int_equal(verdict(0, 9, &TIP), LOG_SAME);
	assert_int_equal(verdict(8, 100, &TIP), LOG_SAME);
}

static void log_that_ends_before_what_was_applied_is_short(void **state)
{
	(void)state;
	assert_int_equal(verdict(0, 8, &NONE), LOG_SHORT);
	assert_int_equal(verdict(0, 0, &NONE), LOG_SHORT);
	assert_int_equal(suspected(0, 8, &NONE), LOG_SHORT);
}

static void log_with_another_record_at_the_tip_is_another(void **state)
{
	(void)state;
	assert_int_equal(verdict(0, 9, &OTHER), LOG_OTHER);
	assert_int_equal(verdict(0, 100, &NEXT), LOG_OTHER); /* a hole where the tip was */
	assert_int_equal(verdict(0, 100, &NONE), LOG_OTHER);
}

/* Retention takes the tip of every partition that is idle for a week. */
static void log_whose_tip_is_gone_is_believed(void **state)
{
	(void)state;
	assert_int_equal(verdict(9, 9, &NONE), LOG_SAME);
	assert_int_equal(verdict(50, 100, &NONE), LOG_SAME);
}

static void log_that_was_once_too_short_stays_suspect_however_it_grows(void **state)
{
	(void)state;
	assert_int_equal(suspected(9, 100, &NONE), LOG_SUSPECT);
	assert_int_equal(suspected(50, 100, &NONE), LOG_SUSPECT);
	assert_int_equal(suspected(0, 100, &OTHER), LOG_OTHER);
}

static void tip_that_is_found_again_clears_the_suspicion(void **state)
{
	(void)state;
	assert_int_equal(suspected(0, 9, &TIP), LOG_SAME);
}

static void nothing_speaks_against_a_log_when_no_tip_is_known(void **state)
{
	struct applied_log applied = { APPLIED, NONE, false };
	struct log_view view = { 0, 100, NONE };

	(void)state;
	assert_int_equal(log_verdict_of(&applied, &view), LOG_SAME);
	view.end = 8;
	assert_int_equal(log_verdict_of(&applied, &view), LOG_SHORT);
	applied.suspect = true;
	view.end = 100;
	assert_int_equal(log_verdict_of(&applied, &view), LOG_SUSPECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_that_still_has_the_tip_is_the_same),
		cmocka_unit_test(log_that_ends_before_what_was_applied_is_short),
		cmocka_unit_test(log_with_another_record_at_the_tip_is_another),
		cmocka_unit_test(log_whose_tip_is_gone_is_believed),
		cmocka_unit_test(log_that_was_once_too_short_stays_suspect_however_it_grows),
		cmocka_unit_test(tip_that_is_found_again_clears_the_suspicion),
		cmocka_unit_test(nothing_speaks_against_a_log_when_no_tip_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
