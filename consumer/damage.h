#ifndef SB_CONSUMER_DAMAGE_H
#define SB_CONSUMER_DAMAGE_H

/*
 * What is done when Redis holds something of a partition that cannot be what
 * was written there. Nothing of the partition is believed any more: readers are
 * told at once, and recovery rebuilds it from the changelog. Should that not
 * help, because somebody else keeps writing there or keys go on vanishing, the
 * pauses between rebuilds grow. The loop's thread.
 */

#include "cache/index.h"
#include "consumer/partition.h"

/*
 * A pure function but for *d: notes that damage was found at now_ms (monotonic),
 * and returns for how many ms the rebuild is to wait: not at all the first time,
 * then 1 s, and twice as long each time, up to 5 minutes. After 10 minutes
 * without damage it begins anew.
 */
int64_t damages_note(struct damages *d, int64_t now_ms);

/*
 * Makes the partition's mark `rebuilding`, if it is ours, and the partition
 * CLAIMING, or ASIDE for as long as the rebuild is to wait. `why` is logged.
 * Blocks for Redis; when Redis does not answer, readers are told by recovery. A
 * FOREIGN partition is left alone.
 */
void damage_found(struct index *ix, struct partition *part, const struct error *why,
		  int64_t now_ms);

#endif
