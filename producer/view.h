#ifndef SB_PRODUCER_VIEW_H
#define SB_PRODUCER_VIEW_H

/* Turns workspaces of the index into those of sharebus.h: with names for ids. */

#include "cache/workspace.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "producer/sharebus.h"

struct reader;

/* What the views are made with. */
struct viewing {
	struct reader *reader; /* has read the workspaces, and looks up the names */
	struct arena *arena;   /* holds what out points to */
};

/*
 * Fills out[count] from several workspaces, with one set of questions to the
 * index. Grants that have expired are left out. The rest is sorted: users by
 * name, then groups by name. Fails as lookup.h says; out is then untouched.
 */
MUST_USE int view_workspaces(const struct viewing *how, const struct workspace *workspaces,
			     size_t count, struct sharebus_workspace *out, struct error *err);

#endif
