#ifndef SB_CONSUMER_NOTIFIER_LEDGER_H
#define SB_CONSUMER_NOTIFIER_LEDGER_H

/*
 * sharing.deliveries: what is owed, and which endpoints are disabled. A delivery
 * stands in the partition with the number of the one that its record came from, so
 * whoever owns that reads it back. The last record of a key counts; a tombstone means
 * that it has arrived. The loop's thread.
 */

#include "consumer/notifier/tally.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"
#include "schemas/codec.h"

struct ledger;

/* Called from ledger_step(). */
struct ledger_owner {
	void *context;
	/*
	 * A delivery that is owed: found when the ledger was read, or written by somebody
	 * else since. NULL: somebody else has taken the delivery of that key off.
	 */
	void (*owed)(void *context, int partition, struct bytes key, const struct delivery *d);
	void (*changed)(void *context, const struct endpoint_changed *c);
};

MUST_USE int ledger_open(struct ledger **out, const struct config *config, struct codec *codec,
			 const struct ledger_owner *owner, const struct waker *waker,
			 struct error *err);
void ledger_close(struct ledger **l); /* sets *l to NULL; accepts NULL */

/*
 * These partitions are ours now, and no others: reads them from their beginnings, and
 * the first one for what it says of endpoints, and then goes on following them. What was
 * written so far no longer pays debts. May block; ERROR_UNAVAILABLE: nothing has changed.
 */
MUST_USE int ledger_follow(struct ledger *l, const int *partitions, size_t count,
			   struct error *err);

/* No partition is ours any more: what was written so far no longer pays debts. */
void ledger_forget(struct ledger *l);

/* Are all of them read to their ends, and is everybody told? Nothing new may be sent before. */
bool ledger_is_loaded(const struct ledger *l);

/* Did this delivery stand in the ledger as dead, or as arrived, when it was read? */
bool ledger_has_ended(const struct ledger *l, const char *key);

/*
 * Writes. When the brokers have it, the debt, which may be NULL, is paid. A delivery that
 * the topic does not take is shortened. ERROR_INPUT: it does not take that either;
 * ERROR_REFUSED: nothing can be written any more.
 */
MUST_USE int ledger_put(struct ledger *l, int partition, const char *key, const struct delivery *d,
			struct debt *debt, struct error *err);
MUST_USE int ledger_take_off(struct ledger *l, int partition, const char *key, struct error *err);
MUST_USE int ledger_change(struct ledger *l, const struct endpoint_changed *c, struct error *err);

/*
 * Have the brokers so much yet to confirm that nothing must be begun which leads to more
 * writes? What is under way may be written nevertheless; see scribe.h.
 */
bool ledger_is_full(const struct ledger *l);
size_t ledger_pending(const struct ledger *l);

/*
 * Reads what has arrived, and hears what was written. ERROR_UNAVAILABLE; ERROR_REFUSED: it
 * cannot be written any more.
 */
MUST_USE int ledger_step(struct ledger *l, struct error *err);

/* Waits until all that was written is confirmed, but not beyond the deadline; monotonic. */
void ledger_flush(struct ledger *l, int64_t deadline_ms);

#endif
