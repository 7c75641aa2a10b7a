#ifndef SB_PRODUCER_HANDOVER_H
#define SB_PRODUCER_HANDOVER_H

/* Where a handoff is, for those that answer it and those that show it. */

#include "ops/support/attributes.h"
#include "producer/client.h"

/*
 * The workspaces with an open handoff of that id: one, or several if authors gave two
 * handoffs one id. Opens c->reader. ERROR_INPUT when there is none; others as
 * lookup.h says.
 */
MUST_USE int handover_find(struct sharebus *c, const struct uuid *id, struct uuid_list *out,
			   struct error *err);

/* Fails because more than one workspace has it: ERROR_INPUT. */
MUST_USE int handover_refuse_several(const struct uuid *id, struct error *err);

/* Fails because there is none, or none that may be seen: ERROR_INPUT. */
MUST_USE int handover_refuse_unknown(const struct uuid *id, struct error *err);

#endif
