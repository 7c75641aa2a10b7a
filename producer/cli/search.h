#ifndef SB_CLI_SEARCH_H
#define SB_CLI_SEARCH_H

/*
 * What stands behind `list --search`: keys and values, separated by blanks,
 * all of which must hold. A value in double quotes may hold blanks. Pure.
 *
 *	shared:true|false
 *	shared_with_user:<user|me>    shared_with_group:<[organization/]group>
 *	owner:<user|me>
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

/* The values as they were given; NULL: not asked for. */
struct search {
	const char *shared; /* "true" or "false" */
	const char *shared_with_user;
	const char *shared_with_group;
	const char *owner;
};

/*
 * Adds to *out what it says. ERROR_INPUT, with a sentence that quotes what is
 * wrong, for unknown keys, keys that come twice, missing values, open quotes.
 */
MUST_USE int search_parse(struct search *out, const char *text, struct arena *arena,
			  struct error *err);

#endif
