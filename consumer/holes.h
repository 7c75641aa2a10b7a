#ifndef SB_CONSUMER_HOLES_H
#define SB_CONSUMER_HOLES_H

/*
 * Steps over batches of sharing.commands that the client cannot unpack. Where
 * one begins, the partition is no longer fetched until it is known where the
 * batch ends; then a hole is staged in its place, which a run turns into a dead
 * letter, and fetching goes on after it. Other partitions are not held up. The
 * loop's thread.
 */

#include "consumer/flow.h"
#include "consumer/partition.h"
#include "consumer/prober.h"
#include "ops/support/clock.h"

struct holes;

/* All arguments are borrowed and must outlive the holes. */
struct holes *holes_new(const struct config *config, const struct flow *flow,
			const struct waker *waker);
void holes_free(struct holes **h); /* sets *h to NULL; accepts NULL */

/*
 * Takes over a hole that the intake has given out, and begins to look for its
 * end. One in a partition that is not READY, or whose end is being looked for,
 * is dropped: it will be met again.
 */
void holes_add(struct holes *h, struct message *hole);

/* Drops what is known of the partition, which is no longer READY. */
void holes_forget(struct holes *h, int partition);

/*
 * Stages the holes whose end is known, and moves the intake past them. Blocks
 * while it seeks, and while it begins to look for an end. What fails is logged
 * and tried again.
 */
void holes_step(struct holes *h, const struct now *now);

/* When the next step has work even if nothing arrives; monotonic, INT64_MAX: never. */
int64_t holes_due_ms(const struct holes *h);

#endif
