#ifndef SB_TESTS_UNIT_SIMULATION_CHECK_H
#define SB_TESTS_UNIT_SIMULATION_CHECK_H

/* The promises, held against the model. Each check ends the program when one is broken. */

#include <stdbool.h>
#include <stdint.h>

void check_begin(void);

/* After each change of Redis: where a mark says `ready`, a reader sees the state it speaks of. */
void check_readers(void);

/* A transaction commits with these offsets: its grants were effective before. */
void check_commit(const int64_t *offsets);

/* Is everything applied, committed and at rest? */
bool is_settled(void);

/* Everything that must be true then. */
void check_end(void);

#endif
