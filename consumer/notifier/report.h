#ifndef SB_CONSUMER_NOTIFIER_REPORT_H
#define SB_CONSUMER_NOTIFIER_REPORT_H

/*
 * What this notifier says of itself in Redis, for `sharebus status`; see
 * cache/notifier_report.h. A thread of its own writes it, so that nothing waits for
 * Redis. Nothing depends on it: where Redis takes none, deliveries go on, and the log
 * says so now and then. The loop's thread.
 */

#include "cache/notifier_report.h"
#include "consumer/notifier/lane.h"
#include "ops/support/clock.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"

struct report;

enum { REPORT_EVERY_MS = 1000 };

/* Where Redis is, and its prefix, are the configuration's. ERROR_USAGE: one is bad; ERROR_NOMEM. */
MUST_USE int report_open(struct report **out, const struct config *config,
			 const struct waker *waker, struct error *err);

/* Waits for a write that is under way. Sets *r to NULL; accepts NULL. */
void report_close(struct report **r);

/* When the next one is due, in ms of CLOCK_MONOTONIC. */
int64_t report_due_ms(const struct report *r);

/*
 * Has this written under the partition: what is to be written is copied. While the last
 * one is still being written it is dropped, and the next one says more.
 */
void report_send(struct report *r, int partition, const struct notifier_report *what,
		 int64_t now_ms);

/* Describes a lane; what *out says then is borrowed from it. Time grows with what is owed. */
void report_lane(const struct lane *l, const struct now *now, struct told_endpoint *out);

#endif
