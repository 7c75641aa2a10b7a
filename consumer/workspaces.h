#ifndef SB_CONSUMER_WORKSPACES_H
#define SB_CONSUMER_WORKSPACES_H

/*
 * The workspaces at hand: a bounded copy of what the index holds, so that a busy
 * workspace need not be read again for every run. The copy is true as long as
 * this process owns the partition and its transactions succeed. Call
 * workspaces_forget() whenever that is in doubt. The loop's thread.
 */

#include "cache/workspace.h"

struct touched_workspace;

struct held_workspace {
	struct workspace workspace;
	int partition;
	struct touched_workspace *touched; /* what the present run changed of it; NULL: nothing */
};

struct workspaces;

/* workspaces_trim() drops what is beyond `max` bytes of memory. */
struct workspaces *workspaces_new(size_t max);
void workspaces_free(struct workspaces **w); /* sets *w to NULL; accepts NULL */

/* The workspace if it is at hand, else NULL. Borrowed until the next trim or forget. */
struct held_workspace *workspaces_find(struct workspaces *w, const struct uuid *id);

/* Adds a workspace, initialised and empty, which must not be at hand yet. */
struct held_workspace *workspaces_add(struct workspaces *w, int partition, const struct uuid *id);

/*
 * The workspace. One that is not at hand is added, and appended to `missing`:
 * the caller must read it from the index.
 */
struct held_workspace *workspaces_hold(struct workspaces *w, int partition, const struct uuid *id,
				       struct workspace **missing, size_t *missing_count);

/* Has what workspaces_hold() looks at brought into the cache, for these ids. */
void workspaces_warm(const struct workspaces *w, const void *const *ids, size_t count);

/*
 * Drops the oldest ones until the bound holds, but spares each once that was used
 * since it was added or last spared. Between runs only.
 */
void workspaces_trim(struct workspaces *w);

/* Forgets all workspaces of a partition. */
void workspaces_forget(struct workspaces *w, int partition);

/* What an empty workspace counts against the bound, in bytes. */
size_t workspaces_min_bytes(void);

#endif
