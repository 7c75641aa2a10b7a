/* What became of a transaction whose markers are not in all logs. */

#include "consumer/fate.h"

#include "tests/unit/unit.h"

static void ends_of_a_log_tell_what_it_has(void **state)
{
	static const struct {
		int64_t first;
		int64_t stable;
		int64_t real;
		enum remains remains;
	} cases[] = {
		{ 10, 10, 20, REMAINS_OPEN },    { 10, 9, 20, REMAINS_HIDDEN },
		{ 10, 11, 20, REMAINS_CLOSED },  { 10, 20, 20, REMAINS_CLOSED },
		{ 10, 10, 10, REMAINS_NOTHING }, { 10, 5, 5, REMAINS_NOTHING },
		{ 10, 5, 11, REMAINS_HIDDEN },   { 0, 0, 1, REMAINS_OPEN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (remains_of(cases[i].first, cases[i].stable, cases[i].real) != cases[i].remains)
			fail_msg("case %zu", i);
}

enum { LOGS = 3 };
#define NIL        REMAINS_NOTHING
#define LEADERLESS REMAINS_UNKNOWN
#define HIDDEN     REMAINS_HIDDEN
#define OPEN       REMAINS_OPEN
#define ABORTED    REMAINS_ABORTED
#define COMMITTED  REMAINS_COMMITTED

static void one_marker_decides_and_without_any_it_never_was(void **state)
{
	static const struct {
		enum remains logs[LOGS];
		bool offsets;
		enum fate fate;
	} cases[] = {
		{ { NIL, NIL, NIL }, true, FATE_SEALED },
		{ { COMMITTED, NIL, COMMITTED }, true, FATE_SEALED },
		{ { ABORTED, ABORTED, ABORTED }, true, FATE_SEALED }, /* others' offsets */
		{ { COMMITTED, OPEN, OPEN }, false, FATE_COMMITTED },
		{ { OPEN, HIDDEN, COMMITTED }, false, FATE_COMMITTED },
		{ { LEADERLESS, COMMITTED, NIL }, false, FATE_COMMITTED },
		{ { COMMITTED, ABORTED, OPEN }, false, FATE_COMMITTED },
		{ { ABORTED, OPEN, OPEN }, false, FATE_ABORTED },
		{ { ABORTED, OPEN, HIDDEN }, true, FATE_ABORTED },
		{ { OPEN, OPEN, OPEN }, false, FATE_ABORTED },
		{ { OPEN, NIL, NIL }, false, FATE_ABORTED },
		{ { OPEN, OPEN, OPEN }, true, FATE_COMMITTED },
		{ { OPEN, HIDDEN, NIL }, true, FATE_COMMITTED },
		{ { OPEN, HIDDEN, OPEN }, false, FATE_UNCLEAR },
		{ { OPEN, LEADERLESS, OPEN }, false, FATE_UNCLEAR },
		{ { HIDDEN, HIDDEN, HIDDEN }, false, FATE_UNCLEAR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (fate_of(cases[i].logs, LOGS, cases[i].offsets) != cases[i].fate)
			fail_msg("case %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_of_a_log_tell_what_it_has),
		cmocka_unit_test(one_marker_decides_and_without_any_it_never_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
