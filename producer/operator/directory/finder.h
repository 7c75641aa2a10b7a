#ifndef SB_DIRECTORY_FINDER_H
#define SB_DIRECTORY_FINDER_H

/* Finds facts by kind and id in several lists at once. */

#include "ops/support/arena.h"
#include "producer/operator/directory/facts.h"

/* The facts of several lists, found by kind and id. */
struct directory_finder {
	const struct record **list;
	size_t count;
};

/* Begins one, in the arena, with room for so many; then takes the facts of the lists. */
void directory_finder_init(struct directory_finder *f, const struct directory_facts *const *lists,
			   size_t list_count, struct arena *arena);

/* The fact of that kind and id, from the first list that has it; or NULL. */
const struct record *directory_find(const struct directory_finder *f, enum directory_kind kind,
				    const struct uuid *id);

#endif
