#ifndef SB_PRODUCER_NAMES_H
#define SB_PRODUCER_NAMES_H

/* From what people type to what the index holds. ERROR_INPUT names what is not there. */

#include "ops/support/attributes.h"
#include "producer/client.h"

/* Fills the ids of subjects that have a name only; groups belong to the organization. */
MUST_USE int names_subjects(struct sharebus *c, struct sharebus_subject *list, size_t count,
			    const struct uuid *organization_id, struct error *err);

#endif
