#ifndef SB_CONSUMER_EFFECTS_H
#define SB_CONSUMER_EFFECTS_H

/*
 * The effects of a run on the index: carries decisions out on the workspaces at
 * hand, and gathers what Redis must change. No I/O.
 *
 * After a run that failed, forget its workspaces: they hold changes that were
 * not applied and dangling pointers.
 */

#include "cache/apply.h"
#include "consumer/decision.h"
#include "consumer/input.h"

/* What the run has changed of one workspace, and the last record that did so. */
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
	size_t max;
};

/* Begins a run of up to `max` records, whose changes are gathered in `apply`. */
void effects_begin(struct effects *e, struct apply *apply, struct arena *arena, size_t max);

/*
 * Carries the decision out on the input's workspace, in->held. Returns what the
 * run has changed of that workspace; NULL when this decision changes nothing.
 */
struct touched_workspace *effects_carry_out(struct effects *e, const struct input *in,
					    const struct decision *d);

/* Ends a run that was applied: no run touches its workspaces any more. */
void effects_end(struct effects *e);

#endif
