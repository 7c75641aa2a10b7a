/* How far a word is from a name, and when it is too far for a hint. */

#include "ops/support/nearest.h"

#include "tests/unit/unit.h"

static void distance_counts_letters_and_swaps(void **state)
{
	static const struct {
		const char *word;
		const char *name;
		size_t distance;
	} table[] = {
		{ "redis", "redis", 0 },
		{ "redsi", "redis", 1 },
		{ "rdis", "redis", 1 },
		{ "rediss", "redis", 1 },
		{ "radis", "redis", 1 },
		{ "brokr", "brokers", 2 },
		{ "erdsi", "redis", 2 },
		{ "rats", "redis", NEAREST_FAR },
		{ "ab", "ba", 1 },
		{ "", "as", NEAREST_FAR },
		{ "as", "", NEAREST_FAR },
		{ "x", "as", NEAREST_FAR },
		{ "", "", 0 },
		{ "max_grants", "max-grants", 1 },
		{ "nonsense", "instance", NEAREST_FAR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(nearest_distance(table[i].word, table[i].name), table[i].distance);
}

static void nearest_of_the_offered_names_is_kept(void **state)
{
	struct nearest n = { "redsi", NULL, NEAREST_FAR };

	(void)state;
	nearest_offer(&n, "brokers");
	assert_null(n.name);
	nearest_offer(&n, "rediss");
	assert_string_equal(n.name, "rediss");
	nearest_offer(&n, "redis");
	nearest_offer(&n, "reds");
	assert_string_equal(n.name, "redis");
}

static void long_words_are_near_to_nothing(void **state)
{
	char word[66];

	(void)state;
	memset(word, 'x', sizeof(word));
	word[64] = 0;
	assert_int_equal(nearest_distance(word, word), 0);
	word[64] = 'x';
	word[65] = 0;
	assert_true(nearest_distance(word, word) == NEAREST_FAR);
	assert_true(nearest_distance("a", word) == NEAREST_FAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_letters_and_swaps),
		cmocka_unit_test(nearest_of_the_offered_names_is_kept),
		cmocka_unit_test(long_words_are_near_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
