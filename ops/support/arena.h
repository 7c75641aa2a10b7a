#ifndef SB_SUPPORT_ARENA_H
#define SB_SUPPORT_ARENA_H

/*
 * Memory that is freed all at once: what is needed for one run of records,
 * for the answer to one question, or for one file. Allocation is a pointer
 * bump; blocks are kept after a reset, so that the hot path soon stops
 * calling malloc. Not thread-safe: one arena, one thread.
 */

#include "ops/support/bytes.h"

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *first;
	struct arena_block *current;
	size_t used; /* bytes of the current block in use */
};

/* Starts empty; holds no memory until the first allocation. */
void arena_init(struct arena *a);

/* Gives every block back to the system. */
void arena_done(struct arena *a);

/* Ends the life of everything allocated; keeps up to ARENA_KEEP_BYTES of blocks. */
void arena_reset(struct arena *a);

/*
 * Moves all that was allocated in `from` into *a, where it lives until the next reset
 * of that. `from` is then empty.
 */
void arena_adopt(struct arena *a, struct arena *from);

/* The size of all its blocks together, in use or not. */
size_t arena_size(const struct arena *a);

/*
 * Returns size bytes, aligned for any type and not zeroed, valid until the
 * next reset. Never returns NULL: a process that cannot get memory for work
 * of bounded size cannot go on, so it aborts with a sentence.
 */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc));

/* The same, zeroed, for count elements of size bytes. */
void *arena_zalloc(struct arena *a, size_t count, size_t size);

/*
 * memory_grow() in an arena: makes room for `need` elements of `size` bytes
 * each in a list that has room for *cap of them, all of which are kept. What a
 * list leaves behind when it moves is lost until the next reset.
 */
void *arena_grow(struct arena *a, void *list, size_t *cap, size_t need, size_t size);

/* A copy of b, followed by a NUL that is not counted; absent stays absent. */
struct bytes arena_copy(struct arena *a, struct bytes b);

/* The parts one after another, followed by a NUL that is not counted. */
struct bytes arena_join(struct arena *a, const struct bytes *parts, size_t count);

/* A formatted text, followed by a NUL that is not counted. */
struct bytes arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct bytes arena_vprintf(struct arena *a, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
