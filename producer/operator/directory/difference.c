#include "producer/operator/directory/difference.h"

#include "producer/operator/directory/facts.h"

#include <assert.h>
#include <string.h>

static unsigned bit_if(bool differs, unsigned difference)
{
	return differs ? difference : 0;
}

/*
 * Is each membership of a one of b, with the same role? Others may list an
 * organization twice; then the first counts, as it does for everybody.
 */
static bool has_memberships(const struct user_changed *a, const struct user_changed *b)
{
	for (size_t i = 0; i < a->organization_count; i++) {
		const struct membership *own = user_membership(a, &a->organizations[i].id);
		const struct membership *m = user_membership(b, &own->id);

		if (!m || m->role != own->role)
			return false;
	}
	return true;
}

static bool same_memberships(const struct user_changed *a, const struct user_changed *b)
{
	return has_memberships(a, b) && has_memberships(b, a);
}

static unsigned compare_users(const struct user_changed *a, const struct user_changed *b)
{
	return bit_if(!bytes_equal(a->username, b->username), DIFFERS_NAME) |
	       bit_if(!bytes_equal(a->name, b->name), DIFFERS_FULL_NAME) |
	       bit_if(!bytes_equal(a->email, b->email), DIFFERS_EMAIL) |
	       bit_if(a->status != b->status, DIFFERS_STATUS) |
	       bit_if(a->kind != b->kind, DIFFERS_KIND) |
	       bit_if(a->site_role != b->site_role, DIFFERS_SITE_ROLE) |
	       bit_if(!same_memberships(a, b), DIFFERS_MEMBERSHIPS);
}

static unsigned compare_groups(const struct group_changed *a, const struct group_changed *b)
{
	bool members = a->member_count == b->member_count &&
		       (!a->member_count ||
			memcmp(a->members, b->members, a->member_count * sizeof(*a->members)) == 0);

	return bit_if(!bytes_equal(a->name, b->name), DIFFERS_NAME) |
	       bit_if(!uuid_equal(&a->organization_id, &b->organization_id), DIFFERS_ORGANIZATION) |
	       bit_if(!members, DIFFERS_MEMBERS);
}

static unsigned compare_workspaces(const struct workspace_changed *a,
				   const struct workspace_changed *b)
{
	return bit_if(!bytes_equal(a->name, b->name), DIFFERS_NAME) |
	       bit_if(!uuid_equal(&a->organization_id, &b->organization_id), DIFFERS_ORGANIZATION) |
	       bit_if(!uuid_equal(&a->owner_id, &b->owner_id), DIFFERS_OWNER) |
	       bit_if(a->status != b->status, DIFFERS_STATUS);
}

unsigned directory_differences(const struct record *a, const struct record *b)
{
	assert(directory_kind(a) == directory_kind(b));
	switch (directory_kind(a)) {
	case DIRECTORY_ORGANIZATIONS:
		return bit_if(!bytes_equal(a->as.organization_changed.name,
					   b->as.organization_changed.name),
			      DIFFERS_NAME) |
		       bit_if(a->as.organization_changed.sharing !=
				      b->as.organization_changed.sharing,
			      DIFFERS_SHARING) |
		       bit_if(a->as.organization_changed.grant_lifetime_max_ms !=
				      b->as.organization_changed.grant_lifetime_max_ms,
			      DIFFERS_LIFETIME);
	case DIRECTORY_SWITCH:
		return bit_if(a->as.deployment_changed.sharing_enabled !=
				      b->as.deployment_changed.sharing_enabled,
			      DIFFERS_SHARING);
	case DIRECTORY_USERS:
		return compare_users(&a->as.user_changed, &b->as.user_changed);
	case DIRECTORY_GROUPS:
		return compare_groups(&a->as.group_changed, &b->as.group_changed);
	case DIRECTORY_WORKSPACES:
		return compare_workspaces(&a->as.workspace_changed, &b->as.workspace_changed);
	case DIRECTORY_KINDS:
		break;
	}
	return 0;
}
