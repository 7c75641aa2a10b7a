#ifndef SB_CONSUMER_EMIT_H
#define SB_CONSUMER_EMIT_H

/*
 * Turns decisions into records: the event, a notification for each person
 * concerned, the workspace's new state. Packs them as output.h says. What fails
 * returns the error of codec_encode().
 */

#include "consumer/audience.h"
#include "consumer/output.h"
#include "ops/support/attributes.h"
#include "schemas/codec.h"

/* The record of sharing.commands that outputs come from. */
struct source {
	int64_t offset;
	int64_t time;             /* the record's timestamp */
	struct bytes traceparent; /* may be absent */
	uint32_t n;               /* how many outputs it has so far; emit_*() increment it */
};

struct emitter {
	struct codec *codec;
	const struct directory *directory;
	const char *access_url; /* see notice.h */
	int partition;
	int64_t log;           /* which log of the partition: see mark.h */
	struct arena *arena;   /* of the run */
	struct buffer *packed; /* the run's outputs */
	struct buffer value;   /* scratch */
};

/* What readers are told of a decision besides itself. */
struct consequence {
	struct workspace_ref workspace; /* as events should show it */
	int64_t version;                /* after the decision */
	struct audience audience;
};

/*
 * Emits SharingChanged and its notifications, CommandRejected, or nothing, as the
 * decision demands.
 */
MUST_USE int emit_decision(struct emitter *e, struct source *src, const struct decision *d,
			   const struct consequence *c, struct error *err);

/* Emits the workspace's state after src, or its tombstone when it is no longer registered. */
MUST_USE int emit_state(struct emitter *e, struct source *src, const struct workspace *w,
			struct error *err);

/* Emits the partition's Progress. */
MUST_USE int emit_progress(struct emitter *e, struct source *src, const struct progress *progress,
			   struct error *err);

/* Emits an unreadable record as a dead letter, as it came. headers: as in struct output. */
void emit_dead_letter(struct emitter *e, struct source *src, struct bytes key, struct bytes value,
		      struct bytes headers);

#endif
