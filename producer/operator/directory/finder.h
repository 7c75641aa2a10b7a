#ifndef SB_DIRECTORY_FINDER_H
#define SB_DIRECTORY_FINDER_H

/* Finds facts of several lists by kind and id. */

#include "ops/support/arena.h"
#include "producer/operator/directory/facts.h"

struct directory_finder {
	const struct record **list; /* sorted by kind and id */
	size_t count;
};

/* Makes a finder in the arena. It borrows the facts; of two with one kind and id the first counts. */
void directory_finder_init(struct directory_finder *f, const struct directory_facts *const *lists,
			   size_t list_count, struct arena *arena);

/* The fact of that kind and id, or NULL. */
const struct record *directory_find(const struct directory_finder *f, enum directory_kind kind,
				    const struct uuid *id);

#endif
