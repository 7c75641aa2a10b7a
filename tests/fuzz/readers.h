#ifndef SB_TESTS_FUZZ_READERS_H
#define SB_TESTS_FUZZ_READERS_H

/*
 * The two ways to read a record of ours, beside each other: by its plan, and through
 * the walk and avro-c, which are the authority.
 */

#include "ops/support/arena.h"
#include "schemas/records.h"

/*
 * Whether both ways make the same of the datum, which has no frame: the same record,
 * or none. *readable, unless readable is NULL, is which.
 */
bool readers_agree(enum record_type type, struct bytes datum, struct arena *arena, bool *readable);

/* Frees what they keep. Leaks would be found where there are none: avro-c's pointers may be unaligned. */
void readers_done(void);

#endif
