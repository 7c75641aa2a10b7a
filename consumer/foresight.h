#ifndef SB_CONSUMER_FORESIGHT_H
#define SB_CONSUMER_FORESIGHT_H

/*
 * Has the memory that a run is going to need brought into the processor's cache,
 * some records before their turn. A run of 2,000 records touches people and
 * workspaces all over a hundred megabytes; unasked for, each of them costs the loop a
 * wait of its own. Nothing depends on it, and short runs do without.
 */

#include "consumer/effects.h"

struct directory;

/* Before the workspaces of the inputs from `at` on are looked for. */
void foresee_look_up(const struct input *inputs, size_t count, size_t at,
		     const struct workspaces *w);

/* Before the input at `at` is decided: the people and the workspaces of those that come after it. */
void foresee_decision(const struct input *inputs, size_t count, size_t at,
		      const struct directory *d);

/* Before the state of the workspace at `at` is emitted: the workspaces that come after it. */
void foresee_state(const struct touched_workspace *list, size_t count, size_t at);

#endif
