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
 * transactions and be in none: a transaction over all that is open, and over the
 * group's offsets, is begun and aborted. What others have open stays open. Sets
 * *all to false when a log could not be asked, because it has no leader or is not
 * there: call it again later. Blocks while the brokers do that; markers_wait()
 * comes next. ERROR_UNAVAILABLE, ERROR_FENCED: discard the producer and try again.
 * Settings from config: "brokers", "consumer-group".
 */
MUST_USE int orphans_abort(const struct sender *s, struct markers *m, const struct config *config,
			   bool *all, struct error *err);

#endif
