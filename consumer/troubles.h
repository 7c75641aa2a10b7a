#ifndef SB_CONSUMER_TROUBLES_H
#define SB_CONSUMER_TROUBLES_H

/*
 * What keeps this consumer, or one of its partitions, from going on, in words
 * for people: `sharebus status` shows it. The troubles of the whole process are
 * shown under each partition that it owns. Nothing is decided by them. The
 * loop's thread.
 */

#include "cache/trouble.h"
#include "consumer/flow.h"
#include "consumer/follower.h"
#include "consumer/intake.h"
#include "consumer/partition.h"
#include "consumer/publisher.h"
#include "consumer/standing.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

/* Where a trouble of the whole process comes from; each source has one at a time. */
enum trouble_source {
	TROUBLE_TURN,      /* a turn of the loop failed */
	TROUBLE_PUBLISHER, /* it broke, or nothing is published */
	TROUBLE_DIRECTORY, /* the directory cannot be followed, so that nothing is decided */
	TROUBLE_SOURCES,
};

struct trouble_note {
	struct error why; /* code 0: no trouble */
	int64_t since_ms; /* unix time */
};

/* What the troubles are about. The pointers are borrowed and must outlive them. */
struct troubles_options {
	struct partitions *partitions;
	const struct flow *flow;
	struct intake *intake;
	struct follower *follower;
	struct publisher *publisher;
	struct index *index;
	const char *instance;
};

struct troubles;

struct troubles *troubles_new(const struct troubles_options *o);
void troubles_free(struct troubles **t); /* sets *t to NULL; accepts NULL */

/* Notes the trouble. One with the same words goes on since it was first noted. */
void troubles_note(struct troubles *t, enum trouble_source source, const struct error *why,
		   const struct now *now);

/* Notes that the source has no trouble now. */
void troubles_end(struct troubles *t, enum trouble_source source);

/* Notes that outputs were committed: then the publisher has no trouble. */
void troubles_note_published(struct troubles *t);

/*
 * Looks for what stands still, and writes all troubles to Redis, under the
 * partitions that are ours; those that are over are deleted. Blocks as index.h
 * says, but not to connect to a Redis that is gone. What Redis does not take is
 * written the next time. To be called about once a second.
 */
void troubles_report(struct troubles *t, const struct now *now);

/* When the next report is due, in ms of CLOCK_MONOTONIC. */
int64_t troubles_due_ms(const struct troubles *t);

#endif
