#ifndef SB_PRODUCER_VIEW_H
#define SB_PRODUCER_VIEW_H

/* Workspaces as callers see them: with the names that go with their ids. */

#include "cache/workspace.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "producer/sharebus.h"

struct reader;

/* How they are viewed. */
struct viewing {
	struct reader *reader; /* who has the names */
	struct arena *arena;   /* holds what the views point to */
	int64_t now;           /* ms since 1970: grants that have expired are left out */
};

/*
 * Views several workspaces with one set of questions. out has count elements.
 * Grants are sorted, users by name, then groups by name.
 */
MUST_USE int view_workspaces(const struct viewing *how, const struct workspace *workspaces,
			     size_t count, struct sharebus_workspace *out, struct error *err);

#endif
