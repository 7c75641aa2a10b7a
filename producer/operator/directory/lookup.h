#ifndef SB_DIRECTORY_LOOKUP_H
#define SB_DIRECTORY_LOOKUP_H

/* Looks the names of a directory file up in the index. */

#include "ops/support/attributes.h"
#include "producer/cli/meter.h"
#include "producer/cli/session.h"
#include "producer/operator/directory/names.h"

/*
 * Fills in ids of the index for the names that have none yet. The reader of the
 * session must be open. On failure, some may be filled in.
 */
MUST_USE int directory_look_up_names(struct session *s, struct meter *m, struct directory_names *n,
				     struct error *err);

#endif
