#include "producer/operator/directory/reference.h"

#include <assert.h>
#include <stdlib.h>

static const char MEMBERS[] = "members are users";
static const char OWNER[] = "the owner is a user";
static const char ORGANIZATION[] = "organization must name an organization";

static const char ORGANIZATIONS[] = "organizations must name organizations";

static struct reference to_organization(const struct uuid *id)
{
	return (struct reference){ DIRECTORY_ORGANIZATIONS, id, ORGANIZATION };
}

size_t reference_count(const struct record *r)
{
	if (r->type == RECORD_USER_CHANGED)
		return r->as.user_changed.organization_count;
	if (r->type == RECORD_GROUP_CHANGED)
		return r->as.group_changed.member_count + 1;
	return r->type == RECORD_WORKSPACE_CHANGED ? 2 : 0;
}

struct reference reference_at(const struct record *r, size_t i)
{
	assert(i < reference_count(r));
	if (r->type == RECORD_USER_CHANGED)
		return (struct reference){ DIRECTORY_ORGANIZATIONS,
					   &r->as.user_changed.organizations[i].id, ORGANIZATIONS };
	if (r->type == RECORD_GROUP_CHANGED)
		return i ? (struct reference){ DIRECTORY_USERS, &r->as.group_changed.members[i - 1],
					       MEMBERS }
			 : to_organization(&r->as.group_changed.organization_id);
	return i ? (struct reference){ DIRECTORY_USERS, &r->as.workspace_changed.owner_id, OWNER }
		 : to_organization(&r->as.workspace_changed.organization_id);
}

/* Its members are in order. */
static bool has_member(const struct group_changed *g, const struct uuid *id)
{
	return g->member_count &&
	       bsearch(id, g->members, g->member_count, sizeof(*id), uuid_compare);
}

bool reference_is_in(const struct reference *ref, const struct record *old)
{
	if (!old)
		return false;
	if (old->type == RECORD_USER_CHANGED)
		return user_membership(&old->as.user_changed, ref->id) != NULL;
	if (old->type == RECORD_GROUP_CHANGED)
		return ref->kind == DIRECTORY_USERS
			       ? has_member(&old->as.group_changed, ref->id)
			       : uuid_equal(&old->as.group_changed.organization_id, ref->id);
	return uuid_equal(ref->kind == DIRECTORY_USERS ? &old->as.workspace_changed.owner_id
						       : &old->as.workspace_changed.organization_id,
			  ref->id);
}
