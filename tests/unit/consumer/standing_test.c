/* When a log counts as not being read to its end. */

#include "consumer/standing.h"

#include "tests/unit/unit.h"

static const struct {
	int64_t position;
	int64_t end;
	int64_t now_ms;
	bool stands;
} looks[] = {
	{ 5, INT64_MIN, 1000, false },           /* the end is not known */
	{ 5, 7, 2000, false },                   /* begins to stand */
	{ 5, 8, 2000 + STANDING_MS - 1, false }, /* the end may move on */
	{ 5, 9, 2000 + STANDING_MS, true },
	{ 6, 9, 2001 + STANDING_MS, false }, /* has moved */
	{ 6, 9, 2001 + 2 * STANDING_MS, true },
	{ 6, 6, 2002 + 2 * STANDING_MS, false }, /* all is read */
	{ 6, 7, 2003 + 3 * STANDING_MS, false }, /* something new */
	{ 6, 7, 2003 + 4 * STANDING_MS, true },
	{ 2, 7, 2004 + 4 * STANDING_MS, false }, /* has gone back */
};

static void a_position_stands_that_has_not_moved_before_the_end_for_long(void **state)
{
	struct standing s = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		assert_int_equal(
			standing_note(&s, looks[i].position, looks[i].end, looks[i].now_ms),
			looks[i].stands);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_position_stands_that_has_not_moved_before_the_end_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
