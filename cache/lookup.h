#ifndef SB_CACHE_LOOKUP_H
#define SB_CACHE_LOOKUP_H

/*
 * Questions to the index: who has this name or id, what is shared with whom.
 * Names are exact and case-sensitive. Texts and lists that a function returns
 * live in the arena it was given.
 *
 * Questions about many entities go in pipelines of bounded size; each pipeline
 * is true as of the marks that were read with it. Every function blocks and
 * fails as reader_ask() does.
 */

#include "cache/bearers.h"
#include "cache/reader.h"
#include "cache/workspace.h"
#include "ops/support/attributes.h"

/* ---- ids by name ---- */

/* The users of these names: out[i] has those called names[i], and may have none or several. */
MUST_USE int lookup_usernames(struct reader *r, const struct bytes *names, size_t count,
			      struct bearers *out, struct error *err);

/* The same for the groups of an organization. */
MUST_USE int lookup_groupnames(struct reader *r, const struct uuid *organization_id,
			       const struct bytes *names, size_t count, struct bearers *out,
			       struct error *err);

/* The same for organizations. */
MUST_USE int lookup_organization_names(struct reader *r, const struct bytes *names, size_t count,
				       struct bearers *out, struct error *err);

struct named {
	struct bytes name;
	struct uuid id;
};

struct named_list {
	struct named *list;
	size_t count;
};

/* The names and ids of all organizations, in no order. */
MUST_USE int lookup_all_organizations(struct reader *r, struct arena *arena, struct named_list *out,
				      struct error *err);

/* ---- entities by id ---- */

/* Users, groups (without their members) and organizations; the name of an unknown one is absent. */
MUST_USE int lookup_users(struct reader *r, const struct uuid *ids, size_t count,
			  struct arena *arena, struct user_changed *out, struct error *err);
MUST_USE int lookup_groups(struct reader *r, const struct uuid *ids, size_t count,
			   struct arena *arena, struct group_changed *out, struct error *err);
MUST_USE int lookup_organizations(struct reader *r, const struct uuid *ids, size_t count,
				  struct arena *arena, struct organization_changed *out,
				  struct error *err);

struct uuid_list {
	struct uuid *list;
	size_t count;
};

/* The groups that a user is in, including the Everyone group of each organization. */
MUST_USE int lookup_groups_of(struct reader *r, const struct user_changed *user,
			      struct arena *arena, struct uuid_list *out, struct error *err);

/* ---- workspaces ---- */

/* The workspaces that a user owns under this name. */
MUST_USE int lookup_owned_by_name(struct reader *r, const struct uuid *owner_id, struct bytes name,
				  struct bearers *out, struct error *err);

/* All workspaces that a user owns. */
MUST_USE int lookup_owned(struct reader *r, const struct uuid *owner_id, struct arena *arena,
			  struct uuid_list *out, struct error *err);

/* All workspaces that are shared with this user directly, or with this group. */
MUST_USE int lookup_shared_with(struct reader *r, const struct subject *s, struct arena *arena,
				struct uuid_list *out, struct error *err);

/* All workspaces that are shared with any of these groups; *out may have duplicates. */
MUST_USE int lookup_shared_with_groups(struct reader *r, const struct uuid_list *groups,
				       struct arena *arena, struct uuid_list *out,
				       struct error *err);

/*
 * Workspaces by id; an unknown one is not registered. Each out[i] is the
 * caller's, for workspace_done(), and need not be initialised before; do not
 * call workspace_done() after a failure. ERROR_REFUSED also when the index
 * has something broken for one of them.
 */
MUST_USE int lookup_workspaces(struct reader *r, const struct uuid *ids, size_t count,
			       struct workspace *out, struct error *err);

#endif
