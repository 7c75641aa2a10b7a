#ifndef SB_CONSUMER_FATE_H
#define SB_CONSUMER_FATE_H

/*
 * What became of a transaction that the brokers have ended, by what its logs show.
 *
 * Its markers tell readers how it has ended. Brokers in KRaft mode (seen with 4.3.0)
 * write none where a partition has no leader at that moment, which a single broker
 * that is paused or restarted is enough for; often that is so of some partitions
 * only. The records there stay open under the producer's id, while the coordinator
 * holds their transaction for ended, and they share the fate of that producer's next
 * one. So the producer ends them by itself: as the others have ended, and if none
 * has, by aborting, for then the transaction never was. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a log has of the transaction. */
enum remains {
	REMAINS_NOTHING,   /* it was not written to, or has lost the record */
	REMAINS_UNKNOWN,   /* it has no leader, who could tell */
	REMAINS_HIDDEN,    /* readers are held up before it by another transaction */
	REMAINS_OPEN,      /* its first record is what holds them up: the marker is missing */
	REMAINS_CLOSED,    /* there is a marker; whether readers see the record tells which */
	REMAINS_ABORTED,   /* they do not */
	REMAINS_COMMITTED, /* they do */
};

/*
 * first: the offset of its first record there. stable and real: where committed
 * records end, and where the log does.
 */
enum remains remains_of(int64_t first, int64_t stable, int64_t real);

enum fate {
	FATE_SEALED,    /* no marker is missing */
	FATE_COMMITTED, /* what is open is to be committed */
	FATE_ABORTED,   /* what is open is to be aborted */
	FATE_UNCLEAR,   /* what others have open hides it */
};

/*
 * The fate by what all logs have, none of them merely CLOSED. offsets_count: the
 * group's offsets show that the transaction has committed. That decides where no log
 * has a marker, and not before, because others commit offsets, too.
 */
enum fate fate_of(const enum remains *list, size_t count, bool offsets_count);

#endif
