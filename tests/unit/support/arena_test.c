/*
 * Pieces of an arena are aligned, do not overlap, and cost no new memory once
 * the arena has been as large as it gets.
 */

#include "ops/support/arena.h"

#include "tests/unit/unit.h"

#include <stdalign.h>
#include <stdio.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

enum {
	BLOCK = 256 * 1024,      /* an arena's usual block */
	LARGE = 3 * 1024 * 1024, /* larger than a block */
	KEPT = 16 * 1024 * 1024, /* what a reset keeps at most */
	PIECES = 2000,
	PIECE_MAX = 1000,
};

static void every_size_is_aligned_for_any_type(void **state)
{
	struct arena *arena = *state;
	for (size_t size = 0; size < 100; size++)
		assert_int_equal((uintptr_t)arena_alloc(arena, size) % alignof(max_align_t), 0);
}

/* Fills each piece with its number; an overlap would show afterwards. */
static void pieces_do_not_overlap_across_blocks(void **state)
{
	struct arena *arena = *state;
	static uint8_t *pieces[PIECES];

	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = arena_alloc(arena, i % PIECE_MAX);
		memset(pieces[i], (int)(i & 0xff), i % PIECE_MAX);
	}
	assert_ptr_not_equal(arena->first, arena->current);
	for (size_t i = 0; i < PIECES; i++)
		for (size_t k = 0; k < i % PIECE_MAX; k++)
			assert_int_equal(pieces[i][k], i & 0xff);
}

static void piece_larger_than_a_block_is_whole(void **state)
{
	struct arena *arena = *state;
	uint8_t *p;

	(void)arena_alloc(arena, 10);
	p = arena_alloc(arena, LARGE);
	memset(p, 1, LARGE);
	assert_non_null(arena_alloc(arena, 10));
}

static void joined_parts_stand_one_after_another(void **state)
{
	const struct bytes parts[] = { bytes_of("alice"), { 0 }, bytes_of("/"), bytes_of("dev") };
	struct bytes text = arena_join(*state, parts, 4);

	assert_int_equal(text.len, strlen("alice/dev"));
	assert_string_equal((const char *)text.data, "alice/dev");
	assert_int_equal(arena_join(*state, NULL, 0).len, 0);
}

static void zalloc_clears_what_a_reset_left(void **state)
{
	struct arena *arena = *state;
	static const uint8_t zero[800];
	uint8_t *p = arena_alloc(arena, sizeof(zero));

	memset(p, 0xff, sizeof(zero));
	arena_reset(arena);
	assert_ptr_equal(arena_zalloc(arena, 100, 8), p);
	assert_memory_equal(p, zero, sizeof(zero));
}

/* Takes the same mixture of sizes and returns the last piece. */
static void *use_arena(struct arena *arena)
{
	void *last = NULL;

	for (size_t i = 0; i < PIECES; i++)
		last = arena_alloc(arena, i % PIECE_MAX);
	return last;
}

static void reset_arena_hands_out_the_same_memory(void **state)
{
	struct arena *arena = *state;
	void *first = use_arena(arena);

	arena_reset(arena);
	assert_ptr_equal(use_arena(arena), first);
	arena_reset(arena);
	assert_ptr_equal(use_arena(arena), first);
}

/* A large piece in between must not lose the block that came next. */
static void large_piece_goes_between_the_blocks_kept(void **state)
{
	struct arena *arena = *state;
	void *second;

	(void)arena_alloc(arena, BLOCK);
	second = arena_alloc(arena, BLOCK);
	arena_reset(arena);
	(void)arena_alloc(arena, BLOCK);
	memset(arena_alloc(arena, LARGE), 1, LARGE);
	assert_ptr_equal(arena_alloc(arena, BLOCK), second);
}

static void reset_lets_go_of_memory_beyond_what_it_keeps(void **state)
{
	struct arena *arena = *state;
	struct arena_block *last;

	for (size_t i = 0; i < 2 * KEPT / BLOCK; i++)
		(void)arena_alloc(arena, BLOCK);
	arena_reset(arena);
	for (size_t i = 0; i < KEPT / BLOCK; i++)
		(void)arena_alloc(arena, BLOCK);
	/* All that was kept is in use again; the next piece needs a new block. */
	last = arena->current;
	assert_null(*(struct arena_block **)(void *)last);
}

static void copy_is_terminated_and_absent_stays_absent(void **state)
{
	struct arena *arena = *state;
	struct bytes copy = arena_copy(arena, (struct bytes){ (const uint8_t *)"abc", 2 });

	assert_int_equal(copy.len, 2);
	assert_string_equal((const char *)copy.data, "ab");
	assert_null(arena_copy(arena, (struct bytes){ 0 }).data);
	copy = arena_copy(arena, bytes_of(""));
	assert_non_null(copy.data);
	assert_int_equal(copy.len, 0);
}

static void printf_begins_an_empty_arena(void **state)
{
	struct arena *arena = *state;
	struct bytes text = arena_printf(arena, "%s-%d", "a", 7);

	assert_true(bytes_equal_text(text, "a-7"));
	assert_int_equal(text.data[text.len], 0);
	assert_int_equal(arena_printf(arena, "%s", "").len, 0);
}

/* Leaves 0 to 31 bytes in the block and prints 15 characters, which take 16 bytes. */
static void printf_across_the_end_of_a_block_is_whole(void **state)
{
	struct arena *arena = *state;
	for (size_t left = 0; left <= 32; left += alignof(max_align_t)) {
		struct bytes before;
		struct bytes text;

		arena_reset(arena);
		before = (struct bytes){ arena_alloc(arena, BLOCK - left), 1 };
		text = arena_printf(arena, "%s", "fifteen letters");
		assert_true(bytes_equal_text(text, "fifteen letters"));
		assert_int_equal(text.data[text.len], 0);
		assert_int_equal(text.data == before.data + (BLOCK - left), left >= 16);
	}
}

/* Of every length around a multiple of the alignment: a block of its own ends right after it. */
static void printf_longer_than_a_block_is_whole(void **state)
{
	struct arena *arena = *state;
	char *long_text = malloc(LARGE + 1);

	assert_non_null(long_text);
	memset(long_text, 'x', LARGE);
	long_text[LARGE] = 0;
	for (size_t cut = 0; cut <= alignof(max_align_t) + 1; cut++) {
		size_t len = LARGE - cut;
		struct bytes text;

		arena_done(arena);
		text = arena_printf(arena, "%s!", long_text + cut);
		assert_int_equal(text.len, len + 1);
		assert_memory_equal(text.data, long_text + cut, len);
		assert_int_equal(text.data[len], '!');
		assert_int_equal(text.data[len + 1], 0);
	}
	free(long_text);
}

/* Into an arena that is empty, in use, or was reset; from one that is empty, or has several blocks. */
static void what_is_adopted_lives_until_the_next_reset(void **state)
{
	static const size_t sizes[] = { 0, 16, LARGE };
	struct arena *arena = *state;

	for (size_t i = 0; i < 9; i++) {
		size_t own = sizes[i % 3];
		size_t given = sizes[i / 3];
		struct arena other;
		uint8_t *mine;
		uint8_t *theirs;

		arena_done(arena);
		arena_init(&other);
		if (given)
			(void)arena_alloc(&other, 1);
		mine = own ? memset(arena_alloc(arena, own), 'm', own) : NULL;
		theirs = given ? memset(arena_alloc(&other, given), 't', given) : NULL;
		arena_adopt(arena, &other);
		assert_int_equal(arena_size(&other), 0);
		memset(arena_alloc(arena, LARGE), 'x', LARGE);
		for (size_t n = 0; n < own; n++)
			assert_int_equal(mine[n], 'm');
		for (size_t n = 0; n < given; n++)
			assert_int_equal(theirs[n], 't');
		arena_reset(arena);
		arena_adopt(arena, &other); /* of nothing */
		memset(arena_alloc(arena, LARGE), 'x', LARGE);
		arena_done(&other);
	}
}

#ifdef __SANITIZE_ADDRESS__
/* As with malloc(): else the sanitizer would see nothing of what is done wrong in an arena. */
static void only_what_is_allocated_may_be_touched(void **state)
{
	struct arena *arena = *state;
	char *piece = arena_alloc(arena, 20);
	struct bytes text = arena_printf(arena, "%s", "some words");

	assert_false(__asan_address_is_poisoned(piece));
	assert_false(__asan_address_is_poisoned(piece + 19));
	assert_true(__asan_address_is_poisoned(piece + 20));
	assert_false(__asan_address_is_poisoned(text.data + text.len));
	assert_true(__asan_address_is_poisoned(text.data + text.len + 1));
	arena_reset(arena);
	assert_true(__asan_address_is_poisoned(piece));
	assert_true(__asan_address_is_poisoned(text.data));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(every_size_is_aligned_for_any_type),
		ARENA_TEST(pieces_do_not_overlap_across_blocks),
		ARENA_TEST(piece_larger_than_a_block_is_whole),
		ARENA_TEST(joined_parts_stand_one_after_another),
		ARENA_TEST(zalloc_clears_what_a_reset_left),
		ARENA_TEST(reset_arena_hands_out_the_same_memory),
		ARENA_TEST(large_piece_goes_between_the_blocks_kept),
		ARENA_TEST(reset_lets_go_of_memory_beyond_what_it_keeps),
		ARENA_TEST(copy_is_terminated_and_absent_stays_absent),
		ARENA_TEST(printf_begins_an_empty_arena),
		ARENA_TEST(printf_across_the_end_of_a_block_is_whole),
		ARENA_TEST(printf_longer_than_a_block_is_whole),
		ARENA_TEST(what_is_adopted_lives_until_the_next_reset),
#ifdef __SANITIZE_ADDRESS__
		ARENA_TEST(only_what_is_allocated_may_be_touched),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
