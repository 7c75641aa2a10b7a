#ifndef SB_CONSUMER_MARKERS_H
#define SB_CONSUMER_MARKERS_H

/*
 * The markers in the logs tell readers how a transaction has ended.
 *
 * Brokers in KRaft mode (seen with 4.3.0) write none where a partition has no
 * leader at that moment, which a single broker that was paused for its session's
 * time is enough for. The records there stay open under the producer's id, while
 * the coordinator holds their transaction for ended, and they share the fate of
 * that producer's next transaction. Hence two precautions: a transaction counts as
 * committed only when readers see that it has ended, and whatever is open is
 * aborted before the first (see orphans.h). So a transaction that got none of its
 * markers never was. One that got some, because only some partitions had no leader,
 * is completed by the producer's next commit to the same partitions.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stdint.h>

struct rd_kafka_s;
struct rd_kafka_message_s;

/* A transaction's records in a log, by offset; last is -1 when there are none. */
struct written {
	int64_t first;
	int64_t last;
};

/* Of several logs, the greatest counts. */
enum marker_sign {
	MARKER_HIDDEN,  /* readers are held up before it, by a transaction that is not this one */
	MARKER_MISSING, /* it is what holds them up */
	MARKER_WRITTEN, /* they get beyond it */
};

/*
 * What the last stable offset of a log says of a transaction that has ended; HIDDEN
 * where it has written nothing. A pure function.
 */
enum marker_sign marker_sign_of(const struct written *w, int64_t stable);

struct markers {
	struct rd_kafka_s *producer; /* borrowed */
	int partitions;          /* of sharing.grants; each transaction writes to one at least */
	struct written *written; /* by partition */
};

void markers_init(struct markers *m, struct rd_kafka_s *producer, int partitions);
void markers_done(struct markers *m); /* accepts zeros */

/* Before each transaction: nothing is written yet. */
void markers_begin(struct markers *m);

/* Notes a record of sharing.grants that the brokers have taken. */
void markers_note(struct markers *m, const struct rd_kafka_message_s *delivered);

/*
 * Waits until a marker of the transaction, which has ended, is in a log: one shows
 * that the brokers are writing all of them. That takes milliseconds. Blocks for up
 * to 10 s, and where others hide whether there is one, for up to 25 s:
 * ERROR_UNAVAILABLE then.
 */
MUST_USE int markers_wait(const struct markers *m, struct error *err);

#endif
