#ifndef SB_CONSUMER_PROBATION_H
#define SB_CONSUMER_PROBATION_H

/*
 * Publishes the unsent outputs of partitions that are doubted: a topic has refused
 * a record that may be one of theirs. That breaks the publisher that all
 * partitions share, so these are published by another one, each partition alone,
 * while it is ASIDE. Those that are published go on at once; the one whose record
 * is refused again is to blame, and stays ASIDE until its next try. The others
 * notice nothing of it. The loop's thread.
 */

#include "consumer/partition.h"
#include "consumer/publisher.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

struct probation;

/* The arguments must outlive it. The publisher publishes apart, and is the probation's alone. */
struct probation *probation_new(struct publisher *publisher, struct partitions *partitions);
void probation_free(struct probation **p); /* sets *p to NULL; accepts NULL */

/*
 * Begins the trial of a doubted partition: publishes the list of batches, at least
 * one, which becomes the probation's, and sets the partition ASIDE until that has
 * ended. Starts the publisher, which blocks; fails as publisher_start() does, and
 * the partition is as before.
 */
MUST_USE int probation_try(struct probation *p, struct partition *part, struct batch *batches,
			   const struct now *now, struct error *err);

/* Is that partition on trial? Then its retry_ms is set when the trial has ended. */
bool probation_is_trying(const struct probation *p, int partition);

/* Notes how trials have ended. Stops the publisher when there are none left. */
void probation_settle(struct probation *p, const struct now *now);

/*
 * After a trial that has failed: starts the publisher and stops it again, because
 * that ends what it has left open (see orphans.h), which others could not read
 * beyond. Otherwise, and while there are trials, it does nothing. Blocks; fails as
 * publisher_start() does.
 */
MUST_USE int probation_clear(struct probation *p, struct error *err);

/* Has probation_clear() work? */
bool probation_is_unclear(const struct probation *p);

/* Ends all trials: the partitions are being given back. Blocks like publisher_stop(). */
void probation_stop(struct probation *p);

#endif
