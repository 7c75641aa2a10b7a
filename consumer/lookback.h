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

/* How many are looked at after a batch that cannot be unpacked; some may be transactions' markers. */
enum { LOOKBACK_LAST_OFFSETS = 4 };

/* Settings from config: "brokers", "consumer-group". ERROR_USAGE names one that is wrong. */
MUST_USE int lookback_open(struct lookback **out, const struct config *config, struct error *err);
void lookback_close(struct lookback **l); /* sets *l to NULL; accepts NULL */

/* Which records of sharing.commands: those at `from` or after it and before `until`. */
struct lookback_range {
	int partition;
	int64_t from;
	int64_t until;
};

/*
 * Sets *out to the last record of the range that can be read: one after the tip
 * shows another log as well as one in its place does. It reads up to the log's
 * end; at a batch that cannot be unpacked, it looks at the range's last
 * LOOKBACK_LAST_OFFSETS instead. A tip that is not known says that nothing was
 * read. Blocks for up to wait_ms, once more for each batch that could not be
 * unpacked, because trying that may take the client a second: ERROR_UNAVAILABLE then.
 */
MUST_USE int lookback_read(struct lookback *l, const struct lookback_range *range, int wait_ms,
			   struct tip *out, struct error *err);

#endif
