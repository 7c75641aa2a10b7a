/* Lists on the heap and in an arena keep what they hold when they grow. */

#include "ops/support/memory.h"

#include "ops/support/arena.h"
#include "tests/unit/unit.h"

#include <stdio.h>

enum { COUNT = 1000 };

static void a_list_on_the_heap_keeps_its_elements(void **state)
{
	int64_t *list = NULL;
	size_t cap = 0;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		list = memory_grow(list, &cap, i + 1, sizeof(*list));
		assert_true(cap > i);
		list[i] = (int64_t)i;
	}
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(list[i], i);
	free(list);
}

static void a_list_in_an_arena_keeps_its_elements(void **state)
{
	struct arena arena;
	int64_t *list = NULL;
	size_t cap = 0;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT; i++) {
		list = arena_grow(&arena, list, &cap, i + 1, sizeof(*list));
		assert_true(cap > i);
		list[i] = (int64_t)i;
	}
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(list[i], i);
	arena_done(&arena);
}

static void a_list_with_room_does_not_move(void **state)
{
	size_t cap = 0;
	char *list = memory_grow(NULL, &cap, 1, 1);

	(void)state;
	assert_ptr_equal(memory_grow(list, &cap, cap, 1), list);
	free(list);
}

static void no_elements_are_memory_too(void **state)
{
	void *p = memory_zalloc(0, 8);

	(void)state;
	assert_non_null(p);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_on_the_heap_keeps_its_elements),
		cmocka_unit_test(a_list_in_an_arena_keeps_its_elements),
		cmocka_unit_test(a_list_with_room_does_not_move),
		cmocka_unit_test(no_elements_are_memory_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
