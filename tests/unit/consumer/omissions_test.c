/* What was passed over while the directory was read, and what of it still matters. */

#include "consumer/omissions.h"

#include "tests/unit/unit.h"

#include <stdio.h>

enum { LISTED = 4 };

static struct uuid numbered(uint32_t n)
{
	struct uuid id = { { 1 } };

	memcpy(id.bytes + 8, &n, sizeof(n));
	return id;
}

static void add_numbered(struct omissions *o, uint32_t n, const char *reason)
{
	const struct uuid id = numbered(n);

	omissions_add(o, &id, n, reason, false);
}

static void drop_numbered(struct omissions *o, uint32_t n)
{
	const struct uuid id = numbered(n);

	omissions_drop(o, &id);
}

static void record_that_is_taken_later_makes_earlier_ones_not_matter(void **state)
{
	struct omissions *o = omissions_new();
	struct omission list[LISTED];
	const struct uuid seventh = numbered(7);

	(void)state;
	for (uint32_t i = 0; i < 2000; i++)
		add_numbered(o, i, "it is not signed");
	for (uint32_t i = 0; i < 2000; i++)
		if (i != 7)
			drop_numbered(o, i);
	drop_numbered(o, 5000);
	assert_int_equal(omissions_records(o), 2000);
	assert_int_equal(omissions_list(o, list, LISTED), 1);
	assert_memory_equal(&list[0].id, &seventh, sizeof(seventh));
	assert_int_equal(list[0].offset, 7);
	assert_string_equal(list[0].reason, "it is not signed");
	omissions_free(&o);
	assert_null(o);
}

static void last_of_a_key_counts_once_with_its_reason(void **state)
{
	const struct uuid id = numbered(1);
	struct omissions *o = omissions_new();
	struct omission list[LISTED];

	(void)state;
	omissions_add(o, &id, 3, "first", true);
	omissions_add(o, &id, 4, "second", false);
	omissions_add(o, NULL, 5, "it has no key", false);
	assert_int_equal(omissions_records(o), 3);
	assert_int_equal(omissions_list(o, list, LISTED), 1);
	assert_int_equal(list[0].offset, 4);
	assert_string_equal(list[0].reason, "second");
	assert_true(list[0].known);
	omissions_drop(o, &id);
	omissions_add(o, &id, 6, "first", false);
	assert_int_equal(omissions_list(o, list, LISTED), 1);
	assert_false(list[0].known);
	omissions_free(&o);
}

static void memory_is_bounded(void **state)
{
	struct omissions *o = omissions_new();
	struct omission list[OMISSIONS_REASONS + 1];
	char reason[16];

	(void)state;
	for (uint32_t i = 0; i < OMISSIONS_MAX + 5; i++) {
		(void)snprintf(reason, sizeof(reason), "%u", (unsigned)i);
		add_numbered(o, i, reason);
	}
	assert_int_equal(omissions_list(o, list, OMISSIONS_REASONS + 1), OMISSIONS_MAX);
	assert_int_equal(omissions_missed(o), 5);
	assert_string_equal(list[OMISSIONS_REASONS - 1].reason, "15");
	assert_null(list[OMISSIONS_REASONS].reason);
	omissions_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_that_is_taken_later_makes_earlier_ones_not_matter),
		cmocka_unit_test(last_of_a_key_counts_once_with_its_reason),
		cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
