#ifndef SB_CONSUMER_EFFECTS_H
#define SB_CONSUMER_EFFECTS_H

/*
 * What a run changes in the index: decisions are carried out on the workspaces
 * at hand and gathered for Redis. No I/O.
 */

#include "cache/apply.h"
#include "consumer/decision.h"
#include "consumer/input.h"

/* What the run changed of one workspace, and the last record that did. */
struct touched_workspace {
	struct touched touched;
	struct held_workspace *held;
	struct source source;
};

struct effects {
	struct apply *apply;
	struct arena *arena;
	struct touched_workspace *list; /* in the order in which they were first touched */
	size_t count;
};

/* Begins a run of up to `max` records, gathered in `apply`. */
void effects_begin(struct effects *e, struct apply *apply, struct arena *arena, size_t max);

/*
 * Carries out the decision on the input's workspace. The workspace's touched
 * entry, or NULL when the index need not be told.
 */
struct touched_workspace *effects_take(struct effects *e, const struct input *in,
				       const struct decision *d);

/* The run is over: its workspaces are touched by none. */
void effects_end(struct effects *e);

#endif
