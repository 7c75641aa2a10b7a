#include "producer/operator/directory_file.h"

#include "producer/operator/directory_entry.h"
#include "schemas/uuid.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* In memory a file takes ten times as much. A million users and a million workspaces fit. */
enum { FILE_MAX_BYTES = 512 * 1024 * 1024 };

/* ---- reading ---- */

static int check_file(const json_t *file, const char *name, struct error *err)
{
	static const char *const known[] = { "organizations", "users",           "groups",
					     "workspaces",    "sharing_enabled", NULL };
	const char *key;
	json_t *value;

	if (!json_is_object(file))
		return error_set(err, ERROR_INPUT, "%s: an object is wanted", name);
	json_object_foreach((json_t *)(uintptr_t)file, key, value)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			return error_set(err, ERROR_INPUT, "%s: unknown key %s", name, key);
	}
	return 0;
}

/* Takes over what jansson made of the text, NULL if nothing; *why then says why. */
static int take_file(json_t **out, json_t *file, const json_error_t *why, const char *name,
		     struct error *err)
{
	int rc;

	if (!file && why->line < 0)
		return error_set(err, ERROR_INPUT, "%s: %s", name, why->text);
	if (!file)
		return error_set(err, ERROR_INPUT, "%s: line %d, column %d: %s", name, why->line,
				 why->column, why->text);
	rc = check_file(file, name, err);
	if (rc)
		json_decref(file);
	else
		*out = file;
	return rc;
}

int directory_file_read(json_t **out, const char *path, struct error *err)
{
	json_error_t why;
	struct stat st;
	json_t *file;

	if (!stat(path, &st) && st.st_size > FILE_MAX_BYTES)
		return error_set(err, ERROR_INPUT,
				 "%s: a directory file has at most %d MB, not %lld; split it", path,
				 FILE_MAX_BYTES >> 20, (long long)st.st_size >> 20);
	file = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	return take_file(out, file, &why, path, err);
}

int directory_file_parse(json_t **out, struct bytes text, const char *name, struct error *err)
{
	json_error_t why;
	json_t *file = json_loadb(text.data ? (const char *)text.data : "", text.len,
				  JSON_REJECT_DUPLICATES, &why);

	return take_file(out, file, &why, name, err);
}

/* ---- names ---- */

/*
 * Something is mentioned. What looks like an id is one: names that do can only
 * be looked up by those who bear them.
 */
static void mention(json_t *names, const char *name)
{
	struct uuid id;

	if (uuid_parse(&id, bytes_of(name)) && !json_object_get(names, name))
		(void)json_object_set_new(names, name, json_null());
}

/* An entry defines the name: its own id, if it has one, is what the name means. */
static void define(json_t *names, const char *name, const struct entry *e)
{
	json_t *id = json_object_get(e->object, "id");

	if (json_is_string(id))
		(void)json_object_set(names, name, id);
	else if (!json_object_get(names, name))
		(void)json_object_set_new(names, name, json_null());
}

static int name_organization(struct entry *e, void *context)
{
	define(((struct directory_names *)context)->organizations, e->name, e);
	return 0;
}

static int name_user(struct entry *e, void *context)
{
	struct directory_names *n = context;
	int rc = 0;
	const json_t *list = entry_array(e, "organizations", &rc);

	define(n->users, e->name, e);
	for (size_t i = 0; !rc && i < json_array_size(list); i++)
		mention(n->organizations, entry_membership(e, json_array_get(list, i), &rc));
	return rc;
}

static int name_group(struct entry *e, void *context)
{
	struct directory_names *n = context;
	char text[ENTRY_PAIR_SIZE];
	int rc = 0;
	const char *organization = entry_name(e, "organization", &rc);
	const json_t *list = entry_array(e, "members", &rc);

	if (rc)
		return rc;
	mention(n->organizations, organization);
	define(n->groups, entry_pair(text, organization, e->name), e);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *member = json_string_value(json_array_get(list, i));

		if (!member)
			return entry_complain(e, "members must be usernames", "");
		mention(n->users, member);
	}
	return 0;
}

static int name_workspace(struct entry *e, void *context)
{
	struct directory_names *n = context;
	char text[ENTRY_PAIR_SIZE];
	int rc = 0;
	const char *owner = entry_name(e, "owner", &rc);
	const char *organization = entry_name(e, "organization", &rc);

	if (rc)
		return rc;
	mention(n->users, owner);
	mention(n->organizations, organization);
	define(n->workspaces, entry_pair(text, owner, e->name), e);
	return 0;
}

int directory_file_names(const json_t *file, struct directory_names *out, struct error *err)
{
	int rc;

	out->organizations = json_object();
	out->users = json_object();
	out->groups = json_object();
	out->workspaces = json_object();
	rc = entry_visit(file, &organization_list, name_organization, out, err);
	if (!rc)
		rc = entry_visit(file, &user_list, name_user, out, err);
	if (!rc)
		rc = entry_visit(file, &group_list, name_group, out, err);
	if (!rc)
		rc = entry_visit(file, &workspace_list, name_workspace, out, err);
	if (rc)
		directory_names_done(out);
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
