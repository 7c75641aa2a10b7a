#include "producer/operator/directory/label.h"

#include "producer/ids.h"

#include <stdlib.h>
#include <string.h>

bool label_is_usable(struct bytes name)
{
	struct uuid id;

	return name.len && uuid_parse(&id, name) && !memchr(name.data, '/', name.len) &&
	       !memchr(name.data, 0, name.len);
}

static bool is_own_name(const struct labels *l, struct bytes name, const struct uuid *id)
{
	return label_is_usable(name) &&
	       !(l->doubles.count &&
		 bsearch(id, l->doubles.list, l->doubles.count, sizeof(*id), uuid_compare));
}

struct bytes label_user(const struct labels *l, const struct uuid *id)
{
	const struct record *r = directory_find(l->names, DIRECTORY_USERS, id);

	if (r && r->as.user_changed.status != USER_DELETED &&
	    is_own_name(l, r->as.user_changed.username, id))
		return r->as.user_changed.username;
	return id_text(l->arena, id);
}

struct bytes label_organization(const struct labels *l, const struct uuid *id)
{
	const struct record *r = directory_find(l->names, DIRECTORY_ORGANIZATIONS, id);

	if (r && is_own_name(l, r->as.organization_changed.name, id))
		return r->as.organization_changed.name;
	return id_text(l->arena, id);
}

struct bytes label_person(const struct labels *l, const struct uuid *id)
{
	const struct record *r = directory_find(l->names, DIRECTORY_USERS, id);

	return r && r->as.user_changed.username.len ? r->as.user_changed.username
						    : id_text(l->arena, id);
}

static struct bytes join_names(const struct labels *l, struct bytes parent, struct bytes name)
{
	return arena_printf(l->arena, "%.*s/%.*s", BYTES_ARG(parent), BYTES_ARG(name));
}

struct bytes label_record(const struct labels *l, const struct record *r)
{
	switch (directory_kind(r)) {
	case DIRECTORY_ORGANIZATIONS:
	case DIRECTORY_USERS:
		return directory_name(r);
	case DIRECTORY_GROUPS:
		return join_names(l, label_organization(l, &r->as.group_changed.organization_id),
				  r->as.group_changed.name);
	case DIRECTORY_WORKSPACES:
		return join_names(l, label_person(l, &r->as.workspace_changed.owner_id),
				  r->as.workspace_changed.name);
	case DIRECTORY_SWITCH:
	case DIRECTORY_KINDS:
		break;
	}
	return bytes_of("");
}

int label_compare(struct bytes a, struct bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}
