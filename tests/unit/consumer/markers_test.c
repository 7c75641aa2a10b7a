/* What the last stable offset of a log says of a transaction that has ended. */

#include "consumer/markers.h"

#include "tests/unit/unit.h"

static void stable_offset_tells_a_marker_from_a_missing_one_and_from_somebody_elses(void **state)
{
	static const struct {
		int64_t first;
		int64_t stable;
		enum marker_sign sign;
	} cases[] = {
		{ 10, 21, MARKER_WRITTEN }, /* after the marker, where nothing else is open */
		{ 10, 11, MARKER_WRITTEN }, /* another one is open right after its first record */
		{ 10, 10, MARKER_MISSING }, { 10, 9, MARKER_HIDDEN }, { 10, 0, MARKER_HIDDEN },
		{ 0, 0, MARKER_MISSING },   { 0, 1, MARKER_WRITTEN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (marker_sign_of(cases[i].first, cases[i].stable) != cases[i].sign)
			fail_msg("case %zu", i);
}

/* An earlier transaction's record may be seen while this one's is still hidden. */
static void of_two_that_are_owed_the_later_is_remembered(void **state)
{
	struct footprint f;

	(void)state;
	footprint_init(&f, 1);
	footprint_begin(&f, 7);
	f.owed[0] = 3;
	footprint_note(&f, TOPIC_EVENTS, 0, 39);
	assert_int_equal(markers_sign_in(&f, 0, 2), MARKER_HIDDEN);
	assert_int_equal(markers_sign_in(&f, 0, 3), MARKER_MISSING);
	assert_int_equal(markers_sign_in(&f, 0, 37), MARKER_HIDDEN);
	assert_int_equal(markers_sign_in(&f, 0, 39), MARKER_MISSING);
	assert_int_equal(markers_sign_in(&f, 0, 41), MARKER_WRITTEN);
	markers_settle(&f, 0, MARKER_HIDDEN);
	assert_int_equal(f.owed[0], 39);
	assert_int_equal(markers_sign_in(&f, 0, 37), MARKER_HIDDEN);
	markers_settle(&f, 0, MARKER_HIDDEN);
	assert_int_equal(f.owed[0], 39);
	markers_settle(&f, 0, MARKER_WRITTEN);
	assert_false(footprint_owes(&f));
	footprint_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			stable_offset_tells_a_marker_from_a_missing_one_and_from_somebody_elses),
		cmocka_unit_test(of_two_that_are_owed_the_later_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
