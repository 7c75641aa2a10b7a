/* The last state of each workspace, and the portions in which it is written. */

#include "consumer/latest.h"

#include "tests/unit/unit.h"

enum { ROOM = 4096, ENTRIES_MAX = 16 };

static struct latest *latest;
static const struct latest_entry *found[ENTRIES_MAX];

static int set_up(void **state)
{
	(void)state;
	latest = latest_new(ROOM);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	latest_free(&latest);
	return 0;
}

static void put(int partition, uint8_t id, const char *value)
{
	struct latest_entry e = { .partition = partition,
				  .id = { { id } },
				  .value = bytes_of(value) };

	latest_put(latest, &e);
}

static size_t portion(size_t max, size_t bytes)
{
	return latest_portion(latest, max, bytes, found);
}

static void later_state_takes_the_place_of_the_earlier(void **state)
{
	(void)state;
	put(1, 7, "one");
	put(1, 8, "other");
	put(1, 7, "two");
	assert_int_equal(portion(ENTRIES_MAX, ROOM), 2);
	assert_true(bytes_equal_text(found[0]->value, "other"));
	assert_true(bytes_equal_text(found[1]->value, "two"));
}

static void value_is_a_copy(void **state)
{
	char text[] = "value";

	(void)state;
	put(1, 7, text);
	text[0] = 'V';
	assert_int_equal(portion(ENTRIES_MAX, ROOM), 1);
	assert_true(bytes_equal_text(found[0]->value, "value"));
}

static void deleted_workspace_has_no_value(void **state)
{
	(void)state;
	put(1, 7, "value");
	put(1, 7, NULL);
	put(1, 8, "");
	assert_int_equal(portion(ENTRIES_MAX, ROOM), 2);
	assert_null(found[0]->value.data);
	assert_non_null(found[1]->value.data);
}

static void portion_is_of_one_partition(void **state)
{
	(void)state;
	put(2, 1, "a");
	put(1, 2, "b");
	put(2, 3, "c");
	latest_sort(latest);
	assert_int_equal(portion(ENTRIES_MAX, ROOM), 1);
	assert_int_equal(found[0]->partition, 1);
	latest_drop(latest, 1);
	assert_int_equal(portion(ENTRIES_MAX, ROOM), 2);
	latest_drop(latest, 2);
	assert_int_equal(portion(ENTRIES_MAX, ROOM), 0);
}

static void portion_is_bounded_but_never_empty(void **state)
{
	(void)state;
	put(1, 1, "0123456789");
	put(1, 2, "0123456789");
	put(1, 3, "0123456789");
	assert_int_equal(portion(2, ROOM), 2);
	assert_int_equal(portion(ENTRIES_MAX, 5), 1);
	assert_int_equal(portion(ENTRIES_MAX, 15), 2);
}

static void is_full_by_what_it_holds_and_not_by_what_it_held(void **state)
{
	char value[ROOM / 4];

	(void)state;
	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = 0;
	for (int i = 0; i < 10; i++)
		put(1, 1, value);
	assert_false(latest_is_full(latest));
	for (uint8_t i = 0; i < 4; i++)
		put(1, i, value);
	assert_true(latest_is_full(latest));
	latest_drop(latest, 3);
	assert_false(latest_is_full(latest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(later_state_takes_the_place_of_the_earlier),
		TEST(value_is_a_copy),
		TEST(deleted_workspace_has_no_value),
		TEST(portion_is_of_one_partition),
		TEST(portion_is_bounded_but_never_empty),
		TEST(is_full_by_what_it_holds_and_not_by_what_it_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
