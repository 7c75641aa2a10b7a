#ifndef SB_SUPPORT_MEMORY_H
#define SB_SUPPORT_MEMORY_H

/*
 * Heap memory for callers that cannot go on without it: when there is none
 * left, the process says so on stderr and aborts. What these functions return
 * is never NULL and is released with free().
 *
 * The functions that open a part of libsharebus do not use them for what they
 * hold: they return ERROR_NOMEM, for that library lives in processes that are
 * not ours.
 */

#include <stddef.h>

/* Returns p, which came from an allocation; aborts if it is NULL. */
void *memory_must(void *p);

/* `count` elements of `size` bytes each, all zero. */
void *memory_zalloc(size_t count, size_t size);

/*
 * Makes room for `need` elements of `size` bytes each in a list that has room
 * for *cap of them: returns the list, moved if it had to grow, and raises *cap.
 * The list may be NULL, with *cap 0. Doubles, so that appending one by one
 * costs constant time on average.
 */
void *memory_grow(void *list, size_t *cap, size_t need, size_t size);

/*
 * How many elements of `size` bytes each a list of `cap` has room for once it
 * has grown to hold `need`. Aborts when they cannot be addressed. For lists that
 * are not on the heap; all others call memory_grow().
 */
size_t memory_capacity(size_t cap, size_t need, size_t size);

#endif
