/* Which questions are asked again, and for how long. */

#include "ops/support/patience.h"

#include "ops/support/error.h"
#include "tests/unit/unit.h"

enum { NOW_MS = 1000 };

static const char *told;
static int calls;

static void note_told(void *context, const char *what)
{
	(void)context;
	told = what;
	calls++;
}

static void only_what_may_pass_is_asked_again(void **state)
{
	static const struct {
		int rc;
		bool again;
	} rows[] = {
		{ 0, false },
		{ 1, false },
		{ ERROR_UNAVAILABLE, true },
		{ ERROR_STALE, true },
		{ ERROR_INPUT, false },
		{ ERROR_REFUSED, false },
		{ ERROR_USAGE, false },
		{ ERROR_FENCED, false },
		{ ERROR_NOMEM, false },
	};
	const struct patience p = { .deadline_ms = NOW_MS + 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(patience_allows(&p, rows[i].rc, NOW_MS), rows[i].again);
}

static void nothing_is_asked_again_when_the_time_is_up(void **state)
{
	const struct patience p = { .deadline_ms = NOW_MS };
	const struct patience none = { 0 };

	(void)state;
	assert_false(patience_allows(&p, ERROR_UNAVAILABLE, NOW_MS));
	assert_false(patience_allows(&none, ERROR_UNAVAILABLE, NOW_MS));
	assert_false(patience_lasts(NULL, "Kafka", ERROR_UNAVAILABLE));
}

static void end_of_a_wait_is_told_once_and_only_after_one(void **state)
{
	struct patience p = { .tell = note_told, .waiting = true };

	(void)state;
	told = "Kafka";
	assert_false(patience_lasts(&p, "Kafka", 0));
	assert_null(told);
	assert_false(patience_lasts(&p, "Kafka", ERROR_UNAVAILABLE));
	assert_int_equal(calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_may_pass_is_asked_again),
		cmocka_unit_test(nothing_is_asked_again_when_the_time_is_up),
		cmocka_unit_test(end_of_a_wait_is_told_once_and_only_after_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
