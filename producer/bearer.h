#ifndef SB_PRODUCER_BEARER_H
#define SB_PRODUCER_BEARER_H

/* From a name to whom it means: several may bear it, and then none is meant. */

#include "cache/bearers.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"

/*
 * Sets *out to the only bearer, or to nil if there is none. ERROR_INPUT if there
 * are several: the sentence has their ids. `kind` is what they are, as "user", and
 * `remedy` what to give instead of the name.
 */
MUST_USE int bearer_choose(const struct bearers *b, const char *kind, struct bytes name,
			   const char *remedy, struct uuid *out, struct error *err);

#endif
