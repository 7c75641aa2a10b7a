#ifndef SB_TESTS_FUZZ_METER_H
#define SB_TESTS_FUZZ_METER_H

/*
 * Counts what a piece of work takes, the same each time: bytes that are allocated,
 * and steps, which are ids that are hashed or compared and memberships that are
 * looked through. Linked with --wrap for hash_bytes, uuid_compare, user_membership.
 */

#include <stddef.h>

struct meter {
	size_t memory;
	size_t steps;
};

/* Once for each process. */
void meter_install(void);

void meter_start(void);

/* What has been counted since meter_start(). */
struct meter meter_stop(void);

#endif
