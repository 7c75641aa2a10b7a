#ifndef SB_DIRECTORY_BUILD_H
#define SB_DIRECTORY_BUILD_H

/*
 * Builds the facts that a directory file states: what its entries say, with ids
 * for names. Pure: what the index knows of the names is given.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "producer/operator/directory/facts.h"
#include "producer/operator/directory/names.h"

/*
 * Builds the facts that a file states, in the arena. Members of groups are
 * sorted by their bytes. ERROR_INPUT names the entry, as in `users[2] "bob"`,
 * and what is wrong with it.
 */
MUST_USE int directory_build(const struct json_t *file, const struct directory_names *names,
			     int64_t now_ms, struct arena *arena, struct directory_facts *out,
			     struct error *err);

#endif
