#ifndef SB_TESTS_UNIT_UNIT_H
#define SB_TESTS_UNIT_UNIT_H

/*
 * What every unit test includes: cmocka with the headers that its own header
 * needs, and what more than one test file would otherwise define for itself.
 */

#include "ops/support/arena.h"
#include "ops/support/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A test between the set_up() and the tear_down() that its file defines. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A test whose *state is an arena of its own, which goes after it. */
#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, arena_set_up, arena_tear_down)

static inline int arena_set_up(void **state)
{
	struct arena *arena = malloc(sizeof(*arena));

	if (!arena)
		return -1;
	arena_init(arena);
	*state = arena;
	return 0;
}

static inline int arena_tear_down(void **state)
{
	arena_done(*state);
	free(*state);
	return 0;
}

/*
 * The bytes in a heap block of exactly their size, so that the address
 * sanitizer sees a read past their end. The caller frees it.
 */
static inline uint8_t *exact_copy(struct bytes bytes)
{
	uint8_t *copy = malloc(bytes.len ? bytes.len : 1);

	assert_non_null(copy);
	if (bytes.len)
		memcpy(copy, bytes.data, bytes.len);
	return copy;
}

#endif
