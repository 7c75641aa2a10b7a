#include "producer/operator/directory/names.h"

#include "producer/operator/directory/entry.h"
#include "schemas/uuid.h"

#include <jansson.h>
#include <string.h>

/*
 * Adds a name that an entry mentions. What looks like an id is one: nobody can
 * refer by name to whoever has such a name.
 */
static void mention_name(json_t *names, const char *name)
{
	struct uuid id;

	if (uuid_parse(&id, bytes_of(name)) && !json_object_get(names, name))
		(void)json_object_set_new(names, name, json_null());
}

/* Adds a name that an entry defines, with the id that the entry gives, if any. */
static void define_name(json_t *names, const char *name, const struct entry *e)
{
	json_t *id = json_object_get(e->object, "id");

	if (strlen((const char *)e->name.data) != e->name.len)
		return;
	if (json_is_string(id))
		(void)json_object_set(names, name, id);
	else if (!json_object_get(names, name))
		(void)json_object_set_new(names, name, json_null());
}

static int name_organization(struct entry *e, void *context)
{
	define_name(((struct directory_names *)context)->organizations, text_of(e->name), e);
	return 0;
}

static int name_user(struct entry *e, void *context)
{
	struct directory_names *n = context;
	int rc = 0;
	const json_t *list = entry_array(e, "organizations", &rc);

	define_name(n->users, text_of(e->name), e);
	for (size_t i = 0; !rc && i < json_array_size(list); i++)
		mention_name(n->organizations, entry_membership(e, json_array_get(list, i), &rc));
	return rc;
}

static int name_group(struct entry *e, void *context)
{
	struct directory_names *n = context;
	char text[ENTRY_PAIR_SIZE];
	int rc = 0;
	const char *organization = entry_reference(e, "organization", &rc);
	const json_t *list = entry_array(e, "members", &rc);

	if (rc)
		return rc;
	mention_name(n->organizations, organization);
	define_name(n->groups, entry_pair(text, organization, text_of(e->name)), e);
	for (size_t i = 0; !rc && i < json_array_size(list); i++)
		mention_name(n->users, entry_member(e, json_array_get(list, i), &rc));
	return rc;
}

static int name_workspace(struct entry *e, void *context)
{
	struct directory_names *n = context;
	char text[ENTRY_PAIR_SIZE];
	int rc = 0;
	const char *owner = entry_reference(e, "owner", &rc);
	const char *organization = entry_reference(e, "organization", &rc);

	if (rc)
		return rc;
	mention_name(n->users, owner);
	mention_name(n->organizations, organization);
	define_name(n->workspaces, entry_pair(text, owner, text_of(e->name)), e);
	return 0;
}

int directory_names(const json_t *file, struct directory_names *out, struct error *err)
{
	struct directory_names names = { json_object(), json_object(), json_object(),
					 json_object() };
	int rc = entry_visit(file, &organization_list, name_organization, &names, err);

	if (!rc)
		rc = entry_visit(file, &user_list, name_user, &names, err);
	if (!rc)
		rc = entry_visit(file, &group_list, name_group, &names, err);
	if (!rc)
		rc = entry_visit(file, &workspace_list, name_workspace, &names, err);
	if (rc)
		directory_names_done(&names);
	else
		*out = names;
	return rc;
}

void directory_names_done(struct directory_names *n)
{
	json_decref(n->organizations);
	json_decref(n->users);
	json_decref(n->groups);
	json_decref(n->workspaces);
	*n = (struct directory_names){ 0 };
}
