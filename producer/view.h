#ifndef SB_PRODUCER_VIEW_H
#define SB_PRODUCER_VIEW_H

/* Workspaces as callers see them: with the names that go with their ids. */

#include "producer/client.h"

/*
 * Views several workspaces with one set of questions. out has count elements;
 * what they point to is in the arena. Grants are sorted, users by name, then
 * groups by name; those that have expired at `now` are left out.
 */
int view_workspaces(struct sharebus *c, const struct workspace *workspaces, size_t count,
		    int64_t now, struct arena *arena, struct sharebus_workspace *out,
		    struct error *err);

#endif
