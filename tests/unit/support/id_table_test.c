/* The table of ids holds what a list holds, whatever is added and removed in between. */

#include "ops/support/id_table.h"

#include "ops/support/hash.h"
#include "tests/unit/unit.h"

enum { THINGS = 500, STEPS = 50000 };

struct thing {
	uint8_t id[ID_TABLE_ID_SIZE];
	bool added;
};

static struct thing things[THINGS];

static void name_things(void)
{
	for (size_t i = 0; i < THINGS; i++)
		things[i] = (struct thing){ .id = { (uint8_t)i, (uint8_t)(i >> 8) } };
}

/* What a thing that has nothing but its id is found as. */
static const struct thing *find_copy(const struct id_table *t, size_t i)
{
	const struct thing copy = things[i];

	return id_table_find(t, copy.id);
}

static void check_all(const struct id_table *t)
{
	size_t count = 0;

	for (size_t i = 0; i < THINGS; i++) {
		assert_ptr_equal(find_copy(t, i), things[i].added ? &things[i] : NULL);
		count += things[i].added;
	}
	assert_int_equal(t->count, count);
}

static void empty_table_finds_nothing(void **state)
{
	struct id_table t = { 0 };

	(void)state;
	name_things();
	check_all(&t);
	id_table_done(&t);
	check_all(&t);
}

/* Also of none, and of more than are seen to at a time; half of the ids are not in the table. */
static void warming_changes_nothing(void **state)
{
	struct id_table t = { 0 };
	const void *ids[THINGS];

	(void)state;
	name_things();
	for (size_t i = 0; i < THINGS; i++)
		ids[i] = things[i].id;
	id_table_warm(&t, ids, THINGS, sizeof(*things));
	for (size_t i = 0; i < THINGS; i += 2) {
		id_table_add(&t, &things[i]);
		things[i].added = true;
	}
	for (size_t count = 0; count <= THINGS; count += 7)
		id_table_warm(&t, ids, count, sizeof(*things));
	check_all(&t);
	id_table_done(&t);
}

static void all_that_was_added_is_found(void **state)
{
	struct id_table t = { 0 };

	(void)state;
	name_things();
	for (size_t i = 0; i < THINGS; i++) {
		id_table_add(&t, &things[i]);
		things[i].added = true;
	}
	check_all(&t);
	assert_true(2 * t.count <= t.size);
	id_table_done(&t);
	assert_int_equal(t.count, 0);
	assert_null(find_copy(&t, 0));
}

static void removed_things_leave_the_others_to_be_found(void **state)
{
	struct id_table t = { 0 };
	uint32_t random = 1;

	(void)state;
	name_things();
	for (size_t step = 0; step < STEPS; step++) {
		struct thing *thing;

		random = random * 1664525U + 1013904223U;
		thing = &things[(random >> 8) % THINGS];
		if (thing->added)
			id_table_remove(&t, thing);
		else
			id_table_add(&t, thing);
		thing->added = !thing->added;
		if (step % 100 == 0)
			check_all(&t);
	}
	check_all(&t);
	for (size_t i = 0; i < THINGS; i++)
		if (things[i].added)
			id_table_remove(&t, &things[i]);
	assert_int_equal(t.count, 0);
	id_table_done(&t);
}

int main(void)
{
	static const uint8_t key[HASH_KEY_SIZE] = { 1 };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_table_finds_nothing),
		cmocka_unit_test(warming_changes_nothing),
		cmocka_unit_test(all_that_was_added_is_found),
		cmocka_unit_test(removed_things_leave_the_others_to_be_found),
	};

	hash_fix_key(key);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
