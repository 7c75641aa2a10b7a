#ifndef SB_CONSUMER_MARKERS_H
#define SB_CONSUMER_MARKERS_H

/*
 * The markers in the logs tell readers how a transaction has ended. The brokers may
 * leave some out (see fate.h), so it counts as committed only when readers see that.
 */

#include "consumer/footprint.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct group_asker;
struct rd_kafka_s;

enum marker_sign {
	MARKER_HIDDEN,  /* readers are held up before it, by a transaction that is not this one */
	MARKER_MISSING, /* it is what holds them up */
	MARKER_WRITTEN, /* they get beyond it */
};

/*
 * What the last stable offset of a log says of a transaction that has ended and has
 * its first record there at that offset. A pure function.
 */
enum marker_sign marker_sign_of(int64_t first, int64_t stable);

/* The same of all that the footprint has in a log. */
enum marker_sign markers_sign_in(const struct footprint *f, size_t i, int64_t stable);

/*
 * After a commit: what is seen is forgotten, what is not is owed. The latest is
 * remembered: whoever sees that sees what was owed before it.
 */
void markers_settle(struct footprint *f, size_t i, enum marker_sign sign);

/*
 * Asks once about what is owed, when nothing else is in the footprint, and forgets
 * what is seen now. True: a marker is missing. Blocks for up to 2 s.
 */
bool markers_look(struct rd_kafka_s *client, struct footprint *f);

/*
 * Waits until no marker of the transaction, which has ended, is missing, one at
 * least is seen, and the group's offsets are where it takes them, if it does. That
 * takes milliseconds. What others hide is owed then, and what is seen is forgotten.
 * Blocks for up to 20 s, and where others hide all markers, for up to 35 s:
 * ERROR_UNAVAILABLE then.
 */
MUST_USE int markers_wait(struct rd_kafka_s *client, struct group_asker *asker, const char *group,
			  struct footprint *f, struct error *err);

#endif
