#ifndef SB_CACHE_PLACES_H
#define SB_CACHE_PLACES_H

/*
 * Where in an array each subject is: a hash table of indices beside an array of
 * grants, so that finding one among a hundred thousand takes no walk through all
 * of them. A short array is walked all the same, which is faster, and takes no
 * memory here. No I/O.
 *
 * The array belongs to the caller, who says before or after each change what has
 * changed. All zero is the start, with an empty array.
 */

#include "schemas/records.h"

#include <stddef.h>
#include <stdint.h>

struct places {
	uint32_t *slots; /* an index + 1, or 0: empty; NULL while the array is short */
	size_t size;     /* of slots; a power of two, at least twice the grants */
};

/* Gives the memory back; *p is as at the start. */
void places_done(struct places *p);

/* The index of the subject's grant among `count`; SIZE_MAX if there is none. */
size_t places_find(const struct places *p, const struct grant *grants, size_t count,
		   const struct subject *s);

/* Notes that the last of now `count` grants has been added. */
void places_add(struct places *p, const struct grant *grants, size_t count);

/* Notes that the last of `count` grants is about to take the place of the i-th, which goes. */
void places_drop(struct places *p, const struct grant *grants, size_t count, size_t i);

/* The bytes of memory that it takes. */
size_t places_memory(const struct places *p);

#endif
