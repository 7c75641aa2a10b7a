#ifndef SB_DIRECTORY_RIVALS_H
#define SB_DIRECTORY_RIVALS_H

/* Reads from the index who may have the names that a file gives anew: see claims.h. */

#include "ops/support/attributes.h"
#include "producer/cli/meter.h"
#include "producer/cli/session.h"
#include "producer/operator/directory/claims.h"

/*
 * Sets *out, whose memory is the session's. The reader of the session must be
 * open. Owners who are created by the same file are taken to own nothing yet.
 * ERROR_UNAVAILABLE or ERROR_REFUSED as reader.h says.
 */
MUST_USE int rivals_read(struct session *s, struct meter *m, const struct directory_diff *diff,
			 struct claim_rivals *out, struct error *err);

#endif
