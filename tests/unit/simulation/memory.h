#ifndef SB_TESTS_UNIT_SIMULATION_MEMORY_H
#define SB_TESTS_UNIT_SIMULATION_MEMORY_H

/*
 * Gives each simulated process its own memory. The linker has all code call
 * malloc() and the like here (-Wl,--wrap). What a process allocates is on its
 * list: so the memory of a process that is killed can be freed, and a process
 * that ends must have nothing left. What is outside the processes, in brokers and
 * Redis, is in the world's memory, which is emptied before each schedule.
 */

#include "ops/support/bytes.h"

#include <stddef.h>

struct block {
	struct block *previous;
	struct block *next;
	size_t unused[2]; /* so that what follows is aligned for any type */
};

/* A process' memory: a ring of its blocks. */
struct memory {
	struct block ring;
};

void memory_init(struct memory *m);

/* Frees everything. */
void memory_drop(struct memory *m);

bool memory_is_empty(const struct memory *m);

/* What is allocated from now on belongs to m; NULL: to no process. */
void memory_use(struct memory *m);

/* Memory of the world, zeroed; a copy there. */
void *world_alloc(size_t size);
struct bytes world_copy(struct bytes b);

/* Frees all memory of the world. */
void world_empty(void);

#endif
