#ifndef SB_CONSUMER_WORKSPACES_H
#define SB_CONSUMER_WORKSPACES_H

/*
 * The workspaces at hand: a bounded memory of what the index holds, so that a
 * busy workspace need not be read again for every run. It is true as long as
 * this process owns the partition and its transactions succeed; whenever that
 * is in doubt, workspaces_forget().
 */

#include "cache/apply.h"

#include <uthash.h>

struct held_workspace {
	struct workspace workspace;
	int partition;
	struct touched *touched; /* what the present run has changed of it; NULL: nothing */
	size_t accounted;        /* bytes counted against the bound */
	UT_hash_handle hh;
};

struct workspaces;

/* max: bytes of memory after which the least recently used ones go. */
struct workspaces *workspaces_new(size_t max);
void workspaces_free(struct workspaces **w);

/* The workspace, if it is at hand, else NULL. Valid until the next trim or forget. */
struct held_workspace *workspaces_find(struct workspaces *w, const struct uuid *id);

/* Adds one, initialised and empty. It must not be there yet. */
struct held_workspace *workspaces_add(struct workspaces *w, int partition, const struct uuid *id);

/* Between runs: lets go of the least recently used until the bound holds. */
void workspaces_trim(struct workspaces *w);

/* Forgets all workspaces of a partition. */
void workspaces_forget(struct workspaces *w, int partition);

#endif
