#ifndef SB_CACHE_FACTS_H
#define SB_CACHE_FACTS_H

/*
 * The facts that the index was made of, read back: many at a time, for whoever
 * compares or copies whole directories. What it is that a workspace is shared
 * with is not among them: lookup.h.
 *
 * Questions go in pipelines of bounded size; each piece is true as of the marks
 * that were read with it, and somebody may write between two of them.
 */

#include "cache/lookup.h"
#include "ops/support/attributes.h"

/* A name that is unique within its parent: a group's in its organization, a workspace's of its owner. */
struct child_name {
	struct uuid parent;
	struct bytes name;
};

/* Ids of groups, and of workspaces, by name. ids[i] is nil where there is none. */
MUST_USE int facts_group_ids(struct reader *r, const struct child_name *names, size_t count,
			     struct uuid *ids, struct error *err);
MUST_USE int facts_workspace_ids(struct reader *r, const struct child_name *names, size_t count,
				 struct uuid *ids, struct error *err);

/* Fills in the members of groups whose ids are set, sorted by their bytes; they live in the arena. */
MUST_USE int facts_members(struct reader *r, struct group_changed *groups, size_t count,
			   struct arena *arena, struct error *err);

/* Workspaces by id; changed_at is ABSENT. A name that is absent means: not registered. */
MUST_USE int facts_workspaces(struct reader *r, const struct uuid *ids, size_t count,
			      struct arena *arena, struct workspace_changed *out,
			      struct error *err);

/* The deployment's switch. */
MUST_USE int facts_deployment(struct reader *r, struct deployment_changed *out, struct error *err);

#endif
