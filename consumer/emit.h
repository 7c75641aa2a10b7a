#ifndef SB_CONSUMER_EMIT_H
#define SB_CONSUMER_EMIT_H

/*
 * From decisions to records: the event, a notification for each person
 * concerned, the workspace's new state. Packs them as output.h says.
 */

#include "consumer/decision.h"
#include "consumer/output.h"
#include "ops/support/attributes.h"
#include "schemas/codec.h"

/* The record of sharing.commands that outputs come from. */
struct source {
	int64_t offset;
	int64_t time;             /* the record's timestamp */
	struct bytes traceparent; /* may be absent */
	uint32_t n;               /* outputs so far */
};

struct emitter {
	struct codec *codec;
	const struct directory *directory;
	const char *access_url; /* see notice.h */
	int partition;
	struct arena *arena;   /* of the run */
	struct buffer *packed; /* the run's outputs */
	struct buffer value;   /* scratch */
};

/*
 * What the decision has to say: SharingChanged or CommandRejected, and the
 * notifications. ws is the workspace as events should show it, version that
 * after the decision.
 */
MUST_USE int emit_decision(struct emitter *e, struct source *src, const struct decision *d,
			   const struct workspace_ref *ws, int64_t version, struct error *err);

/* The workspace's state as of src, or its tombstone when it is no longer registered. */
MUST_USE int emit_state(struct emitter *e, struct source *src, const struct workspace *w,
			struct error *err);

/* How far the partition has got. */
MUST_USE int emit_progress(struct emitter *e, struct source *src, int64_t applied,
			   struct error *err);

/* Bytes that could not be read, as they came. headers as in struct output. */
void emit_dead_letter(struct emitter *e, struct source *src, struct bytes key, struct bytes value,
		      struct bytes headers);

#endif
