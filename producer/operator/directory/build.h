#ifndef SB_DIRECTORY_BUILD_H
#define SB_DIRECTORY_BUILD_H

/*
 * Turns the entries of a directory file into facts, with ids for names. Pure: it
 * is given what the index knows of the names.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "producer/operator/directory/facts.h"
#include "producer/operator/directory/names.h"

/*
 * Builds the facts in the arena. Members of groups are sorted by the bytes of
 * their ids. ERROR_INPUT names the entry, as in `users[2] "bob"`, and says what is
 * wrong with it.
 */
MUST_USE int directory_build(const struct json_t *file, const struct directory_names *names,
			     int64_t now_ms, struct arena *arena, struct directory_facts *out,
			     struct error *err);

#endif
