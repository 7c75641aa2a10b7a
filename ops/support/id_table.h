#ifndef SB_SUPPORT_ID_TABLE_H
#define SB_SUPPORT_ID_TABLE_H

/*
 * A hash table of things that begin with their id, 16 bytes: the hot path's
 * alternative to uthash (hash.h), whose look-up costs a cache miss for each thing
 * that it passes in a chain. Here a slot has the hash beside the pointer, and slots
 * that are looked at lie side by side: a look-up misses the cache for the slot and
 * for the thing itself, seldom for another. It takes 16 bytes a slot, and has two to
 * eight slots for each thing.
 *
 * The hash is keyed as in hash.h, so that nobody can choose ids that collide. The
 * table has no order: whoever needs one keeps a list beside it. The things belong to
 * the caller and do not move. Without memory the process aborts (memory.h). One
 * thread.
 */

#include <stddef.h>
#include <stdint.h>

enum { ID_TABLE_ID_SIZE = 16 };

struct id_table_slot;

/* All zero is the start. */
struct id_table {
	struct id_table_slot *slots; /* owned */
	size_t size;                 /* of slots: a power of two, or 0 */
	size_t count;                /* of things */
};

/* Gives the table's memory back, not that of the things; *t is as at the start. */
void id_table_done(struct id_table *t);

/* The thing of that id; NULL: there is none. */
void *id_table_find(const struct id_table *t, const void *id);

/*
 * Has the first `size` bytes of the things of these ids brought into the cache. Whoever is
 * about to look many up waits for several misses at once, and not for one after another.
 */
void id_table_warm(const struct id_table *t, const void *const *ids, size_t count, size_t size);

/* Adds a thing whose id is not in the table. */
void id_table_add(struct id_table *t, void *thing);

/* Removes a thing that is in the table. */
void id_table_remove(struct id_table *t, const void *thing);

#endif
