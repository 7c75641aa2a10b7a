#ifndef SB_CONSUMER_VERIFIER_H
#define SB_CONSUMER_VERIFIER_H

/*
 * Is Kafka's log of a partition still the one that was applied? A topic that was
 * made anew, a broker's disk restored from a snapshot or an unclean election
 * puts other records where those were that are applied. An offset cannot tell;
 * the tip can. The loop's thread.
 */

#include "consumer/intake.h"
#include "consumer/lookback.h"
#include "consumer/partition.h"

enum log_verdict {
	LOG_SAME,    /* the tip is where it was, or nothing is left that could speak against it */
	LOG_SHORT,   /* it ends before what was applied; a new leader may lag for moments */
	LOG_OTHER,   /* another record stands where the tip was, or after it */
	LOG_SUSPECT, /* it was once SHORT or OTHER, and the tip is gone, so nothing clears it */
};

/* What was applied. */
struct applied_log {
	int64_t applied;
	struct tip tip;
	bool suspect;
};

/* What Kafka has. */
struct log_view {
	int64_t begin;
	int64_t end;
	struct tip found; /* the last of the records that were applied; not known: none is there */
};

/* A pure function. */
enum log_verdict log_verdict_of(const struct applied_log *applied, const struct log_view *view);

/* Both are borrowed. */
struct verifier {
	struct intake *intake;
	struct lookback *lookback;
};

/* Looks at the partition's log, for log_verdict_of(). Blocks. ERROR_UNAVAILABLE. */
MUST_USE int verifier_look(const struct verifier *v, int partition,
			   const struct applied_log *applied, struct log_view *out,
			   struct error *err);

/*
 * For a READY partition, before records are applied: true when nothing has
 * happened since its log was last known to be the same, or when its tip is found
 * again. What may have happened is a new connection to a broker, a topic that
 * was away, or a pause of half a second: no log is replaced in less without one
 * of the other two. Blocks for up to three seconds if so. False: recover it.
 */
bool verifier_vouches(const struct verifier *v, struct partition *part, int64_t now_ms);

/* Has something other than a pause happened? */
bool verifier_doubts(const struct verifier *v, const struct partition *part);

#endif
