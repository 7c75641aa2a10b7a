/* A tip is told from any other record by its offset, its time and its content. */

#include "schemas/tip.h"

#include "tests/unit/unit.h"

static struct tip tip(int64_t offset, int64_t time, const char *key, const char *value)
{
	return tip_of(offset, time, bytes_of(key), bytes_of(value));
}

static void same_record_has_the_same_tip(void **state)
{
	struct tip a = tip(7, 1795512600007, "key", "value");
	struct tip b = tip(7, 1795512600007, "key", "value");

	(void)state;
	assert_true(tip_equal(&a, &b));
}

static void any_difference_makes_another_tip(void **state)
{
	struct tip a = tip(7, 1795512600007, "key", "value");
	struct tip others[] = {
		tip(8, 1795512600007, "key", "value"), tip(7, 1795512600008, "key", "value"),
		tip(7, 1795512600007, "kez", "value"), tip(7, 1795512600007, "key", "valuf"),
		tip(7, 1795512600007, "keyv", "alue"), tip(7, 1795512600007, "key", ""),
		tip(7, 1795512600007, "key", NULL),    tip(7, 1795512600007, NULL, "value"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(tip_equal(&a, &others[i]));
}

static void tombstone_differs_from_an_empty_value(void **state)
{
	struct tip absent = tip(7, 1795512600007, "key", NULL);
	struct tip empty = tip(7, 1795512600007, "key", "");

	(void)state;
	assert_false(tip_equal(&absent, &empty));
}

/* It is stored, and compared by processes that did not write it. */
static void hash_never_changes(void **state)
{
	(void)state;
	assert_true(tip(7, 1, "key", "value").hash == INT64_C(3530881860637482415));
}

static void nothing_is_known_of_a_tip_of_zeros(void **state)
{
	struct tip none = { 0 };
	struct tip first = tip(0, 1795512600007, NULL, NULL);

	(void)state;
	assert_false(tip_is_known(&none));
	assert_true(tip_is_known(&first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_record_has_the_same_tip),
		cmocka_unit_test(any_difference_makes_another_tip),
		cmocka_unit_test(tombstone_differs_from_an_empty_value),
		cmocka_unit_test(hash_never_changes),
		cmocka_unit_test(nothing_is_known_of_a_tip_of_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
