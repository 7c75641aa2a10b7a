#include "schemas/ranges.h"

#include "schemas/topics.h"
#include "tests/unit/unit.h"

#include <string.h>

static void assert_ranges(const char *marks, const char *wanted, int count)
{
	bool marked[16] = { false };
	char text[RANGES_SHORT_SIZE];

	for (size_t i = 0; marks[i]; i++)
		marked[i] = marks[i] == 'x';
	assert_int_equal(ranges_format(text, sizeof(text), marked, (int)strlen(marks)), count);
	assert_string_equal(text, wanted);
}

static void neighbours_are_one_range(void **state)
{
	(void)state;
	assert_ranges("...", "", 0);
	assert_ranges("...x", "partition 3", 1);
	assert_ranges("xxx", "partitions 0-2", 3);
	assert_ranges("xx.x..xxx", "partitions 0-1, 3, 6-8", 6);
}

static void what_finds_no_room_is_left_out_visibly(void **state)
{
	bool marked[PARTITIONS_MAX];
	char text[RANGES_SHORT_SIZE];
	char all[RANGES_SIZE];

	(void)state;
	for (int i = 0; i < PARTITIONS_MAX; i++)
		marked[i] = i % 2;
	assert_int_equal(ranges_format(text, sizeof(text), marked, PARTITIONS_MAX),
			 PARTITIONS_MAX / 2);
	assert_true(strlen(text) < sizeof(text));
	assert_string_equal(text + strlen(text) - strlen(", …"), ", …");
	(void)ranges_format(all, sizeof(all), marked, PARTITIONS_MAX);
	assert_string_equal(all + strlen(all) - strlen(", 1023"), ", 1023");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_one_range),
		cmocka_unit_test(what_finds_no_room_is_left_out_visibly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
