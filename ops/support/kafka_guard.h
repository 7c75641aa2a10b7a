#ifndef SB_SUPPORT_KAFKA_GUARD_H
#define SB_SUPPORT_KAFKA_GUARD_H

/*
 * Settings of librdkafka that section [kafka] must not have, because what we
 * guarantee rests on the values that the programs give them, and those that are secrets.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * Why that one must not be set, as a clause that follows a colon; NULL if it may. Names
 * are librdkafka's, with all that mean the same, and it tells capitals from small
 * letters, too.
 */
const char *kafka_guard_reason(const char *name);

/* Is it one that others must not read? A name that is only misspelt counts, too. */
bool kafka_guard_is_secret(const char *name, const char *value);

/* The i-th name of the table, or NULL after the last one: for tests. */
const char *kafka_guard_name(size_t i);

#endif
