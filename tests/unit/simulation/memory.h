#ifndef SB_TESTS_UNIT_SIMULATION_MEMORY_H
#define SB_TESTS_UNIT_SIMULATION_MEMORY_H

/*
 * Whose memory is whose. The linker sends malloc and its kin of all code here
 * (-Wl,--wrap): what a simulated process allocates stands on its list, so that
 * a process which is killed gives all of it back, and one that ends by itself
 * must have nothing left. What lies outside the processes, in brokers and
 * Redis, lives in the world's memory, which is emptied with each schedule.
 */

#include "ops/support/bytes.h"

#include <stddef.h>

struct block {
	struct block *previous;
	struct block *next;
	size_t unused[2]; /* what follows is aligned for any type */
};

/* A process' memory: a ring of its blocks. */
struct memory {
	struct block ring;
};

void memory_init(struct memory *m);

/* Frees everything. */
void memory_drop(struct memory *m);

bool memory_is_empty(const struct memory *m);

/* What is allocated from now on is that process'; NULL: nobody's. */
void memory_use(struct memory *m);

/* The world's memory, zeroed. */
void *world_alloc(size_t size);
struct bytes world_copy(struct bytes b);

/* Ends the life of everything in it. */
void world_empty(void);

#endif
