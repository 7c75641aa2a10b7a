#ifndef SB_TESTS_UNIT_SIMULATION_CHECK_H
#define SB_TESTS_UNIT_SIMULATION_CHECK_H

/* Checks the promises against the model. Each check ends the program when one is broken. */

#include <stdbool.h>
#include <stdint.h>

/* Before each schedule. */
void check_begin(void);

/* After each change of Redis: where a mark is `ready`, readers must see the state that it names. */
void check_readers(void);

/*
 * Redis loses any key of the partition that readers need, or a field of one but
 * the mark. Until the partition is rebuilt, its data is not checked, and nothing
 * is settled.
 */
void check_lose_key(int partition);

/*
 * Another log is in the place of the partition's. Until a person has accepted
 * it, nothing may come of its records, which check_silence() asks.
 */
void check_replace_log(int partition);
void check_silence(int partition);

/* A transaction with these offsets commits: its grants must have been effective before. */
void check_commit(const int64_t *offsets);

/* Is everything of the partition applied? Committed? */
bool is_partition_applied(int partition);
bool is_partition_committed(int partition);

/* Is everything applied? */
bool is_index_settled(void);

/* Is everything committed, and no transaction open? */
bool is_bus_settled(void);

/*
 * When all is settled: what must be true of Redis; and of the bus, which has each
 * output once, those of a source in the order of its records, and the last state
 * of each workspace in the changelog.
 */
void check_index(void);
void check_bus(void);

#endif
