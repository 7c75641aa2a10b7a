/*
 * The last state of each workspace, and what order and bounds it comes in.
 */

#include "consumer/latest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ROOM = 4096, MOST = 16 };

static struct latest *latest;
static const struct latest_entry *found[MOST];

static int begin(void **state)
{
	(void)state;
	latest = latest_new(ROOM);
	return 0;
}

static int end(void **state)
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
	assert_int_equal(portion(MOST, ROOM), 2);
	assert_true(bytes_equal_text(found[0]->value, "other"));
	assert_true(bytes_equal_text(found[1]->value, "two"));
}

static void value_is_a_copy(void **state)
{
	char text[] = "value";

	(void)state;
	put(1, 7, text);
	text[0] = 'V';
	assert_int_equal(portion(MOST, ROOM), 1);
	assert_true(bytes_equal_text(found[0]->value, "value"));
}

static void deleted_workspace_has_no_value(void **state)
{
	(void)state;
	put(1, 7, "value");
	put(1, 7, NULL);
	put(1, 8, "");
	assert_int_equal(portion(MOST, ROOM), 2);
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
	assert_int_equal(portion(MOST, ROOM), 1);
	assert_int_equal(found[0]->partition, 1);
	latest_drop(latest, 1);
	assert_int_equal(portion(MOST, ROOM), 2);
	latest_drop(latest, 2);
	assert_int_equal(portion(MOST, ROOM), 0);
}

static void portion_is_bounded_but_never_empty(void **state)
{
	(void)state;
	put(1, 1, "0123456789");
	put(1, 2, "0123456789");
	put(1, 3, "0123456789");
	assert_int_equal(portion(2, ROOM), 2);
	assert_int_equal(portion(MOST, 5), 1);
	assert_int_equal(portion(MOST, 15), 2);
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
		cmocka_unit_test_setup_teardown(later_state_takes_the_place_of_the_earlier, begin,
						end),
		cmocka_unit_test_setup_teardown(value_is_a_copy, begin, end),
		cmocka_unit_test_setup_teardown(deleted_workspace_has_no_value, begin, end),
		cmocka_unit_test_setup_teardown(portion_is_of_one_partition, begin, end),
		cmocka_unit_test_setup_teardown(portion_is_bounded_but_never_empty, begin, end),
		cmocka_unit_test_setup_teardown(is_full_by_what_it_holds_and_not_by_what_it_held,
						begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
