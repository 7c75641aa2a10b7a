#ifndef SB_CONSUMER_TOPIC_WATCH_H
#define SB_CONSUMER_TOPIC_WATCH_H

/*
 * Watches that the topics are set up as schemas/topics.h asks: at start, and
 * then once a minute, for a person may change that at any time. The loop's
 * thread.
 */

#include "consumer/intake.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

struct topic_watch;

/* The intake is borrowed and must outlive the watch. */
struct topic_watch *topic_watch_new(struct intake *intake);
void topic_watch_free(struct topic_watch **w); /* sets *w to NULL; accepts NULL */

/*
 * ERROR_REFUSED when something is guaranteed that does not hold on such topics,
 * with a sentence that names the first such setting; all are logged. Brokers that
 * do not tell are no reason to stop. Logs which compacted topic has lost its
 * beginning. Blocks for up to 10 s.
 */
MUST_USE int topic_watch_check(struct topic_watch *w, int partitions, struct error *err);

/*
 * Looks again when a minute is over; does not block. What has changed is logged,
 * and no more is done: stopping would not bring back what such a topic loses.
 * `sharebus status` looks for itself.
 */
void topic_watch_step(struct topic_watch *w, const struct now *now);

#endif
