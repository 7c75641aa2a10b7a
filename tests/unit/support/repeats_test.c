#include "ops/support/repeats.h"

#include "tests/unit/unit.h"

#include <stdio.h>

enum { NOW_MS = 1000 };

static void the_same_is_told_once_a_minute(void **state)
{
	struct repeats r = { 0 };

	(void)state;
	assert_true(repeats_tell(&r, "it burns", NOW_MS));
	assert_false(repeats_tell(&r, "it burns", NOW_MS + REPEATS_EVERY_MS - 1));
	assert_true(repeats_tell(&r, "it drips", NOW_MS + 1));
	assert_true(repeats_tell(&r, "it burns", NOW_MS + REPEATS_EVERY_MS));
	assert_false(repeats_tell(&r, "it burns", NOW_MS + REPEATS_EVERY_MS + 1));
}

static void whoever_says_much_pushes_out_what_is_oldest(void **state)
{
	struct repeats r = { 0 };
	char text[32];

	(void)state;
	for (int i = 0; i <= REPEATS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "thing %d", i);
		assert_true(repeats_tell(&r, text, NOW_MS + i));
	}
	assert_false(repeats_tell(&r, "thing 1", NOW_MS + 100));
	assert_true(repeats_tell(&r, "thing 0", NOW_MS + 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_told_once_a_minute),
		cmocka_unit_test(whoever_says_much_pushes_out_what_is_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
