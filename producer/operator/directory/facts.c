#include "producer/operator/directory/facts.h"

#include <stdlib.h>

const struct directory_kind_words directory_kinds[DIRECTORY_KINDS] = {
	[DIRECTORY_ORGANIZATIONS] = { "organizations", "organization" },
	[DIRECTORY_SWITCH] = { "sharing_enabled", "deployment" },
	[DIRECTORY_USERS] = { "users", "user" },
	[DIRECTORY_GROUPS] = { "groups", "group" },
	[DIRECTORY_WORKSPACES] = { "workspaces", "workspace" },
};

enum directory_kind directory_kind(const struct record *r)
{
	if (r->type == RECORD_ORGANIZATION_CHANGED)
		return DIRECTORY_ORGANIZATIONS;
	if (r->type == RECORD_USER_CHANGED)
		return DIRECTORY_USERS;
	if (r->type == RECORD_GROUP_CHANGED)
		return DIRECTORY_GROUPS;
	return r->type == RECORD_DEPLOYMENT_CHANGED ? DIRECTORY_SWITCH : DIRECTORY_WORKSPACES;
}

bool directory_shares_ids(enum directory_kind kind)
{
	return kind == DIRECTORY_ORGANIZATIONS || kind == DIRECTORY_USERS ||
	       kind == DIRECTORY_GROUPS;
}

const struct uuid *directory_id(const struct record *r)
{
	static const struct uuid none;

	switch (directory_kind(r)) {
	case DIRECTORY_ORGANIZATIONS:
		return &r->as.organization_changed.id;
	case DIRECTORY_USERS:
		return &r->as.user_changed.id;
	case DIRECTORY_GROUPS:
		return &r->as.group_changed.id;
	case DIRECTORY_WORKSPACES:
		return r->type == RECORD_WORKSPACE_DELETED ? &r->as.workspace_deleted.workspace_id
							   : &r->as.workspace_changed.workspace_id;
	case DIRECTORY_SWITCH:
	case DIRECTORY_KINDS:
		break;
	}
	return &none;
}

bool directory_is_deleted(const struct record *r)
{
	return r->type == RECORD_USER_CHANGED && r->as.user_changed.status == USER_DELETED;
}

struct bytes directory_name(const struct record *r)
{
	switch (directory_kind(r)) {
	case DIRECTORY_ORGANIZATIONS:
		return r->as.organization_changed.name;
	case DIRECTORY_USERS:
		return r->as.user_changed.username;
	case DIRECTORY_GROUPS:
		return r->as.group_changed.name;
	case DIRECTORY_WORKSPACES:
		return r->as.workspace_changed.name;
	case DIRECTORY_SWITCH:
	case DIRECTORY_KINDS:
		break;
	}
	return bytes_of("");
}

bool directory_is_shadowed(const struct record *r, const struct uuid *shadowed, size_t count)
{
	return directory_kind(r) != DIRECTORY_WORKSPACES && count &&
	       bsearch(directory_id(r), shadowed, count, sizeof(*shadowed), uuid_compare);
}
