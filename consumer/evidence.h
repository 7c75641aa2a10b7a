#ifndef SB_CONSUMER_EVIDENCE_H
#define SB_CONSUMER_EVIDENCE_H

/* What the brokers show of a transaction whose footprint is known. */

#include "consumer/fate.h"
#include "consumer/footprint.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"

struct group_asker;

/*
 * Finds out how the logs that are CLOSED in the list, which has an entry for each
 * log of the footprint, have been closed: reads them as read_committed, by a client of
 * its own. What it does not see there is ABORTED if readers of everything see it, and
 * NOTHING if the log has lost it, to retention or compaction. Blocks for up to 20 s:
 * ERROR_UNAVAILABLE. Settings from config: "brokers", "consumer-group".
 */
MUST_USE int evidence_read(const struct config *config, const struct footprint *f,
			   enum remains *list, struct error *err);

/* Where the group's offsets are, beside those of the transaction. */
struct offsets_sight {
	bool reached; /* consumers have set one to where the transaction takes it, or further */
	bool lacks;   /* one is not that far */
};

/* Errors as above. */
MUST_USE int evidence_ask_offsets(struct group_asker *asker, const char *group,
				  const struct footprint *f, struct offsets_sight *out,
				  struct error *err);

#endif
