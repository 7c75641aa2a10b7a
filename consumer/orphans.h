#ifndef SB_CONSUMER_ORPHANS_H
#define SB_CONSUMER_ORPHANS_H

/*
 * Orphans are records of a transaction that has ended, or was forgotten by a
 * broker that was killed, but has no marker in any log (see markers.h). Nothing
 * after them can be read by readers of committed records.
 */

#include "consumer/markers.h"
#include "consumer/sender.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"

/*
 * Aborts the orphans of this producer, which must have settled its predecessor's
 * transactions and be in none: a transaction over all that is open is begun and
 * aborted. What others have open stays open. Does nothing when nothing is open.
 * Blocks while the brokers do that. ERROR_UNAVAILABLE, ERROR_FENCED: discard the
 * producer and try again. Settings from config: "brokers", "consumer-group".
 */
MUST_USE int orphans_abort(const struct sender *s, struct markers *m, const struct config *config,
			   struct error *err);

#endif
