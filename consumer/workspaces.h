#ifndef SB_CONSUMER_WORKSPACES_H
#define SB_CONSUMER_WORKSPACES_H

/*
 * The workspaces at hand: a bounded memory of what the index holds, so that a
 * busy workspace need not be read again for every run. It is true as long as
 * this process owns the partition and its transactions succeed; whenever that
 * is in doubt, workspaces_forget().
 */

#include "cache/workspace.h"

struct touched_workspace;

struct held_workspace {
	struct workspace workspace;
	int partition;
	struct touched_workspace *touched; /* what the present run changed of it; NULL: nothing */
};

struct workspaces;

/* max: bytes of memory beyond which the least recently used ones go. */
struct workspaces *workspaces_new(size_t max);
void workspaces_free(struct workspaces **w);

/* The workspace, if it is at hand, else NULL. Valid until the next trim or forget. */
struct held_workspace *workspaces_find(struct workspaces *w, const struct uuid *id);

/* Adds one, initialised and empty. It must not be there yet. */
struct held_workspace *workspaces_add(struct workspaces *w, int partition, const struct uuid *id);

/*
 * The workspace, added if it is not at hand: then it is appended to `missing`,
 * whose caller must read it from the index.
 */
struct held_workspace *workspaces_hold(struct workspaces *w, int partition, const struct uuid *id,
				       struct workspace **missing, size_t *missing_count);

/* Between runs: drops the least recently used until the bound holds. */
void workspaces_trim(struct workspaces *w);

/* Forgets all workspaces of a partition. */
void workspaces_forget(struct workspaces *w, int partition);

/* What an empty workspace counts against the bound, in bytes. */
size_t workspaces_min_bytes(void);

#endif
