#ifndef SB_CONSUMER_EMIT_H
#define SB_CONSUMER_EMIT_H

/*
 * Turns decisions into records: the event, a notification for each person
 * concerned, the workspace's new state. Packs them as output.h says. What fails
 * returns the error of codec_encode().
 */

#include "consumer/audience.h"
#include "consumer/dead_letter.h"
#include "consumer/output.h"
#include "consumer/prose.h"
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
	size_t outputs_max;     /* bytes that the notifications of one record may take */
	size_t untold;          /* people who were not notified for that reason */
	int partition;
	int64_t log;           /* which log of the partition: see mark.h */
	struct arena *arena;   /* of the run */
	struct buffer *packed; /* the run's outputs */
	struct buffer value;   /* scratch, as are the texts of a notification */
	struct prose title;
	struct prose body;
};

/* What readers are told of a decision besides itself. */
struct consequence {
	struct workspace_ref workspace; /* as events should show it */
	int64_t version;                /* after the decision */
	struct audience audience;
};

/* Begins with no scratch memory, which is all that it owns; and gives that back. */
void emitter_init(struct emitter *e);
void emitter_done(struct emitter *e);

/*
 * Emits HandoffChanged for each step of a handoff, then SharingChanged and its notifications, CommandRejected, or nothing, as the
 * decision demands. Notifications beyond e->outputs_max are left out and counted
 * in e->untold: a share is rejected before it comes to that, but taking access
 * away is never refused.
 */
MUST_USE int emit_decision(struct emitter *e, struct source *src, const struct decision *d,
			   const struct consequence *c, struct error *err);

/* Emits the workspace's state after src, or its tombstone when it is no longer registered. */
MUST_USE int emit_state(struct emitter *e, struct source *src, const struct workspace *w,
			struct error *err);

/* Emits the partition's Progress. */
MUST_USE int emit_progress(struct emitter *e, struct source *src, const struct progress *progress,
			   struct error *err);

/* Emits what is kept of an unreadable record. */
void emit_dead_letter(struct emitter *e, struct source *src, const struct dead_letter *letter);

#endif
