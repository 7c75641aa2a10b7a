#ifndef SB_SCHEMAS_PLAN_READ_H
#define SB_SCHEMAS_PLAN_READ_H

/*
 * Bytes to a struct in one pass, by a plan. It is as strict as walk.h, which lists
 * what is checked, and so safe on hostile bytes; what it allocates is bounded by
 * their number.
 */

#include "ops/support/arena.h"
#include "schemas/plan.h"

/*
 * Reads the one datum that value is into the struct at `to`. Texts and arrays live in
 * the arena, nothing points into value; each text is followed by a NUL that is not
 * counted. Returns 0, or ERROR_INPUT, and then *to is undefined: with a sentence that
 * names the field if an id is none, else one that says no more than that the value
 * does not fit, because walk_value() says how. Does not block.
 */
MUST_USE int plan_read(const struct plan *p, struct bytes value, struct arena *arena, void *to,
		       struct error *err);

#endif
