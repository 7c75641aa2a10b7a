#ifndef SB_CONSUMER_LOOKBACK_H
#define SB_CONSUMER_LOOKBACK_H

/*
 * Reads single records of sharing.commands back, by a client of its own, to see
 * whether the log is still the one that was applied. The loop's thread.
 */

#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "schemas/tip.h"

struct lookback;

/* Settings from config: "brokers", "consumer-group". ERROR_USAGE names one that is wrong. */
MUST_USE int lookback_open(struct lookback **out, const struct config *config, struct error *err);
void lookback_close(struct lookback **l); /* sets *l to NULL; accepts NULL */

/*
 * Sets *out to the first record at that offset or after it; to a tip that is not
 * known when the log ends there, or has a batch there that cannot be unpacked. Blocks for up to wait_ms: ERROR_UNAVAILABLE
 * then.
 */
MUST_USE int lookback_read(struct lookback *l, int partition, int64_t offset, int wait_ms,
			   struct tip *out, struct error *err);

#endif
