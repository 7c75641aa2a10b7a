#ifndef SB_TESTS_FUZZ_RECIPES_H
#define SB_TESTS_FUZZ_RECIPES_H

/*
 * The seeds of amplify.c: records at the ends of what is allowed, each in some dozen
 * bytes, which make_record_of() makes records of.
 */

#include "ops/support/bytes.h"

struct recipe {
	const char *name;
	struct bytes bytes;
};

extern const struct recipe RECIPES[];
extern const size_t RECIPE_COUNT;

#endif
