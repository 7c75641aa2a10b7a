#ifndef SB_CLI_SEARCH_H
#define SB_CLI_SEARCH_H

/*
 * The value of `list --search`: pairs of key and value, separated by blanks, all
 * of which must apply. A value in double quotes may contain blanks. Pure.
 *
 *	shared:true|false
 *	shared_with_user:<user|me>    shared_with_group:<[organization/]group>
 *	owner:<user|me>
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

/* The values as they were given; NULL if they were not. */
struct search {
	const char *shared; /* "true" or "false" */
	const char *shared_with_user;
	const char *shared_with_group;
	const char *owner;
};

/*
 * Adds the pairs in text to *out; what it points to is in the arena. ERROR_INPUT
 * quotes what is wrong: an unknown or repeated key, a missing value, an open
 * quote. Then *out is not to be used.
 */
MUST_USE int search_parse(struct search *out, const char *text, struct arena *arena,
			  struct error *err);

#endif
