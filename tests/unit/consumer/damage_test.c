/* A rebuild that does not help is repeated with growing pauses. */

#include "consumer/damage.h"

#include "tests/unit/unit.h"

static void pauses_grow_as_long_as_damage_is_found(void **state)
{
	static const int64_t pauses_s[] = { 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300 };
	struct damages d = { 0 };
	int64_t now_ms = 5000;

	(void)state;
	for (size_t i = 0; i < sizeof(pauses_s) / sizeof(*pauses_s); i++) {
		int64_t pause_ms = damages_note(&d, now_ms);

		assert_int_equal(pause_ms, pauses_s[i] * 1000);
		now_ms += pause_ms + 10000;
	}
}

static void damage_of_long_ago_is_forgotten(void **state)
{
	enum { TEN_MINUTES_MS = 600000 };
	struct damages d = { 0 };

	(void)state;
	assert_int_equal(damages_note(&d, 0), 0);
	assert_int_equal(damages_note(&d, TEN_MINUTES_MS - 1), 1000);
	assert_int_equal(damages_note(&d, 2 * TEN_MINUTES_MS - 1), 0);
	assert_int_equal(damages_note(&d, INT64_C(2) * TEN_MINUTES_MS), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_as_long_as_damage_is_found),
		cmocka_unit_test(damage_of_long_ago_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
