#ifndef SB_OPERATOR_RULE_H
#define SB_OPERATOR_RULE_H

/*
 * A rule of somebody's preferences as people type it: "[CHANNEL:]WHAT", where WHAT is a
 * kind (role_changed), a category (handoff) or "all". A channel may stand alone: "mail".
 * Pure.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/records.h"

/* Sets *out to the rule, off. ERROR_USAGE with what there is to choose from. */
MUST_USE int rule_parse(const char *text, struct preference_rule *out, struct error *err);

/* The rule in that form, in the arena. */
struct bytes rule_text(const struct preference_rule *r, struct arena *arena);

/* Does `within` name all that the rule names? Whether they are on does not matter. */
bool rule_is_within(const struct preference_rule *r, const struct preference_rule *within);

#endif
