#ifndef SB_CACHE_LOOKUP_H
#define SB_CACHE_LOOKUP_H

/*
 * Questions to the index: who is that, what is shared with whom. Names are
 * exact and case-sensitive. What is returned lives in the arena given. Many
 * of a kind are asked in one pipeline; where something is not found, its id is
 * nil or its entity's name absent.
 */

#include "cache/reader.h"
#include "cache/workspace.h"
#include "ops/support/attributes.h"

/* Ids of users by name. ids[i] is nil where there is none. */
MUST_USE int lookup_usernames(struct reader *r, const struct bytes *names, size_t count,
			      struct uuid *ids, struct error *err);

/* Ids of an organization's groups by name. */
MUST_USE int lookup_groupnames(struct reader *r, const struct uuid *organization_id,
			       const struct bytes *names, size_t count, struct uuid *ids,
			       struct error *err);

/* Ids of organizations by name. */
MUST_USE int lookup_organization_names(struct reader *r, const struct bytes *names, size_t count,
				       struct uuid *ids, struct error *err);

/* Entities by id; a name that is absent (data NULL) means unknown. */
MUST_USE int lookup_users(struct reader *r, const struct uuid *ids, size_t count,
			  struct arena *arena, struct user_changed *out, struct error *err);
MUST_USE int lookup_groups(struct reader *r, const struct uuid *ids, size_t count,
			   struct arena *arena, struct group_changed *out, struct error *err);
MUST_USE int lookup_organizations(struct reader *r, const struct uuid *ids, size_t count,
				  struct arena *arena, struct organization_changed *out,
				  struct error *err);

/* All organizations, by name. */
struct named {
	struct bytes name;
	struct uuid id;
};
struct named_list {
	struct named *list;
	size_t count;
};
MUST_USE int lookup_all_organizations(struct reader *r, struct arena *arena, struct named_list *out,
				      struct error *err);

/* The groups a user is in, that of everyone in each organization included. */
struct uuid_list {
	struct uuid *list;
	size_t count;
};
MUST_USE int lookup_groups_of(struct reader *r, const struct user_changed *user,
			      struct arena *arena, struct uuid_list *out, struct error *err);

/* The ids of workspaces that a user owns under this name; more than one only by mistake. */
MUST_USE int lookup_owned_by_name(struct reader *r, const struct uuid *owner_id, struct bytes name,
				  struct arena *arena, struct uuid_list *out, struct error *err);

/* The ids of all workspaces that a user owns. */
MUST_USE int lookup_owned(struct reader *r, const struct uuid *owner_id, struct arena *arena,
			  struct uuid_list *out, struct error *err);

/* The ids of all workspaces that are shared with this user (directly) or group. */
MUST_USE int lookup_shared_with(struct reader *r, const struct subject *s, struct arena *arena,
				struct uuid_list *out, struct error *err);

/* Those that are shared with any of these groups; one may be there several times. */
MUST_USE int lookup_shared_with_groups(struct reader *r, const struct uuid_list *groups,
				       struct arena *arena, struct uuid_list *out,
				       struct error *err);

/*
 * Workspaces by id. out[i] is initialised here and the caller's:
 * workspace_done(). Unknown ones are not registered.
 */
MUST_USE int lookup_workspaces(struct reader *r, const struct uuid *ids, size_t count,
			       struct workspace *out, struct error *err);

#endif
