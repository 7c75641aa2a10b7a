#ifndef SB_PRODUCER_NAMES_H
#define SB_PRODUCER_NAMES_H

/* Looks names up in the index. ERROR_INPUT says which does not exist. */

#include "ops/support/attributes.h"
#include "producer/client.h"

/*
 * Fills in the ids of subjects that only have a name. Groups are those of the
 * organization, unless they are given as "organization/name". On failure, some may
 * be filled in.
 */
MUST_USE int names_subjects(struct sharebus *c, struct sharebus_subject *list, size_t count,
			    const struct uuid *organization_id, struct error *err);

#endif
