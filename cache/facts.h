#ifndef SB_CACHE_FACTS_H
#define SB_CACHE_FACTS_H

/*
 * The facts that the index was made from, read back in bulk, to compare or
 * copy whole directories. For grants see lookup.h.
 *
 * Questions go in pipelines of bounded size; each pipeline is true as of the
 * marks that were read with it, and the index may change between two of them.
 * Every function blocks and fails as reader_ask() does. Texts and lists live in
 * the arena given.
 */

#include "cache/lookup.h"
#include "ops/support/attributes.h"

/* A name and the parent it is unique in: a group's organization, or a workspace's owner. */
struct child_name {
	struct uuid parent;
	struct bytes name;
};

/* The groups, or the workspaces, of these names: out[i] has those called names[i]. */
MUST_USE int facts_group_ids(struct reader *r, const struct child_name *names, size_t count,
			     struct bearers *out, struct error *err);
MUST_USE int facts_workspace_ids(struct reader *r, const struct child_name *names, size_t count,
				 struct bearers *out, struct error *err);

/* Sets the members of the groups, whose ids are set, sorted by their bytes. */
MUST_USE int facts_members(struct reader *r, struct group_changed *groups, size_t count,
			   struct arena *arena, struct error *err);

/* Workspaces by id; changed_at is ABSENT. The name of one that is not registered is absent. */
MUST_USE int facts_workspaces(struct reader *r, const struct uuid *ids, size_t count,
			      struct arena *arena, struct workspace_changed *out,
			      struct error *err);

/*
 * The ids of entities, nil for the deployment's switch, that have to be announced
 * again, because a later record under their key was passed over. Sorted.
 */
MUST_USE int facts_shadowed(struct reader *r, struct arena *arena, struct uuid_list *out,
			    struct error *err);

/* The user's preferences; none where the directory does not say. */
MUST_USE int facts_preferences(struct reader *r, const struct uuid *user_id, struct arena *arena,
			       struct preferences_changed *out, struct error *err);

/* The deployment's switch; sharing is enabled where the directory does not say. */
MUST_USE int facts_deployment(struct reader *r, struct deployment_changed *out, struct error *err);

#endif
