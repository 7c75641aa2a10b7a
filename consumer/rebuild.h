#ifndef SB_CONSUMER_REBUILD_H
#define SB_CONSUMER_REBUILD_H

/*
 * Fills partitions of the index anew from sharing.grants, after Redis has lost
 * data. Nothing is decided and nothing emitted. Works in bounded steps, so
 * that other partitions and the group go on meanwhile; readers of these are
 * told to wait, by their marks. Whatever goes wrong, it begins anew.
 */

#include "consumer/processor.h"
#include "ops/support/attributes.h"

/*
 * Adds a partition, whose mark is ours and says MARK_REBUILDING. Only while
 * the phase is REBUILD_NONE or the first step has not been done.
 */
void rebuild_add(struct processor *p, struct partition *part);

/*
 * Does a piece of the work, waiting a little if more of the changelog has yet
 * to come. In the end the partitions are READY. ERROR_UNAVAILABLE,
 * ERROR_FENCED: they are CLAIMING again. ERROR_REFUSED: stop.
 */
MUST_USE int rebuild_step(struct processor *p, struct error *err);

void rebuild_done(struct rebuild *r);

#endif
