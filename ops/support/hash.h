#ifndef SB_SUPPORT_HASH_H
#define SB_SUPPORT_HASH_H

/*
 * Hash tables: uthash, with a hash that nobody outside can foresee. Most keys
 * are ids that come from outside, and whoever could choose ids of one hash would
 * turn each look-up into a walk through a list. So the hash is SipHash-2-4 with a
 * random key of this process. Include this instead of <uthash.h>.
 *
 * A table keeps its entries in the order in which they were added, so what a
 * program does depends neither on the key nor on the hash. Without memory for a
 * table the process aborts (memory.h). Any thread.
 */

#include "ops/support/memory.h"

#include <stdint.h>
#include <stdlib.h>

enum { HASH_KEY_SIZE = 16 };

/* The hash of len bytes. */
uint32_t hash_bytes(const void *data, size_t len);

/* Fixes the key, for tests that need the same hashes in each run. Call it before all others. */
void hash_fix_key(const uint8_t key[static HASH_KEY_SIZE]);

#define HASH_FUNCTION(key, len, hash) ((hash) = hash_bytes((key), (len)))
#define uthash_malloc(size)           memory_must(malloc(size))

#include <uthash.h>

#endif
