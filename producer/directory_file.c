#include "producer/directory_file.h"

#include <stdio.h>
#include <string.h>

enum { DOMAIN_SIZE = 2 * NAME_MAX_BYTES + 32 };

/* One entry of the file, as messages name it. */
struct entry {
	const char *list; /* "users" */
	size_t index;
	const json_t *object;
	const char *name; /* once it is known */
	struct error *err;
};

/* ---- entries and their keys ---- */

static int complain_of(const struct entry *e, const char *what, const char *detail)
{
	char name[64] = "";

	if (e->name)
		(void)snprintf(name, sizeof(name), " \"%.50s\"", e->name);
	return error_set(e->err, ERROR_INPUT, "%s[%zu]%s: %s%s", e->list, e->index, name, what,
			 detail);
}

/* A text, or fallback when the key is not there; NULL and *rc set when it is not a text. */
static const char *get_text(const struct entry *e, const char *key, const char *fallback, int *rc)
{
	const json_t *value = json_object_get(e->object, key);

	if (!value || *rc)
		return fallback;
	if (!json_is_string(value) || json_string_length(value) > NAME_MAX_BYTES ||
	    strlen(json_string_value(value)) != json_string_length(value)) {
		*rc = complain_of(e, "a text of at most 255 bytes is wanted for ", key);
		return fallback;
	}
	return json_string_value(value);
}

static const char *get_name(struct entry *e, const char *key, int *rc)
{
	const char *name = get_text(e, key, "", rc);

	if (!*rc && !name[0])
		*rc = complain_of(e, "there is no ", key);
	if (!*rc && strchr(name, '/'))
		*rc = complain_of(e, "a name has no slash: ", name);
	return name;
}

static int get_symbol(const struct entry *e, const char *key, const char *const *symbols,
		      int fallback, int *rc)
{
	const char *text = get_text(e, key, NULL, rc);
	int value = text ? symbol_parse(symbols, text) : fallback;

	if (!*rc && !value)
		*rc = complain_of(e, text,
				  json_object_get(e->object, key)
					  ? " is not a value that is known here"
					  : "");
	return value;
}

static int check_keys(const struct entry *e, const char *const *allowed)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)e->object, key, value)
	{
		size_t i = 0;

		while (allowed[i] && strcmp(allowed[i], key) != 0)
			i++;
		if (!allowed[i])
			return complain_of(e, "unknown key ", key);
	}
	return 0;
}

/* A list of the file: entries are objects with known keys and a name. */
struct list {
	const char *key;
	const char *name_key;
	const char *const *allowed;
};

static const char *const organization_keys[] = { "name", "id", "sharing", NULL };
static const char *const user_keys[] = { "username", "id",   "name",      "email",
					 "status",   "kind", "site_role", "organizations",
					 NULL };
static const char *const group_keys[] = { "name", "organization", "id", "members", NULL };
static const char *const workspace_keys[] = {
	"name", "owner", "organization", "id", "status", NULL
};
static const char *const membership_keys[] = { "name", "role", NULL };
static const struct list organizations = { "organizations", "name", organization_keys };
static const struct list users = { "users", "username", user_keys };
static const struct list groups = { "groups", "name", group_keys };
static const struct list workspaces = { "workspaces", "name", workspace_keys };

/* Does something to an entry that has passed the checks that all have. */
typedef int entry_fn(struct entry *e, void *context);

static int visit(const json_t *file, const struct list *list, entry_fn *fn, void *context,
		 struct error *err)
{
	const json_t *array = json_object_get(file, list->key);
	int rc = 0;

	if (array && !json_is_array(array))
		return error_set(err, ERROR_INPUT, "%s must be a list", list->key);
	for (size_t i = 0; !rc && i < json_array_size(array); i++) {
		struct entry e = { list->key, i, json_array_get(array, i), NULL, err };

		if (!json_is_object(e.object))
			return complain_of(&e, "an object is wanted", "");
		e.name = get_name(&e, list->name_key, &rc);
		if (!rc)
			rc = check_keys(&e, list->allowed);
		if (!rc)
			rc = fn(&e, context);
	}
	return rc;
}

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
	json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &why);

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

static void note(json_t *names, const char *name)
{
	if (!json_object_get(names, name))
		(void)json_object_set_new(names, name, json_null());
}

static const char *pair(char out[static DOMAIN_SIZE], const char *first, const char *second)
{
	(void)snprintf(out, DOMAIN_SIZE, "%s/%s", first, second);
	return out;
}

/* The name in an entry of a user's organizations: "acme" or {"name": "acme", "role": …}. */
static const char *membership_name(const struct entry *e, const json_t *m, int *rc)
{
	const char *name = json_string_value(json_is_object(m) ? json_object_get(m, "name") : m);

	if (!name && !*rc)
		*rc = complain_of(e, "organizations must be names, or objects with a name", "");
	return name ? name : "";
}

/* A list inside an entry; empty when it is not there. */
static const json_t *get_list(const struct entry *e, const char *key, int *rc)
{
	const json_t *list = json_object_get(e->object, key);

	if (list && !json_is_array(list) && !*rc)
		*rc = complain_of(e, "a list is wanted for ", key);
	return list;
}

static int name_organization(struct entry *e, void *context)
{
	note(((struct directory_names *)context)->organizations, e->name);
	return 0;
}

static int name_user(struct entry *e, void *context)
{
	struct directory_names *n = context;
	int rc = 0;
	const json_t *list = get_list(e, "organizations", &rc);

	note(n->users, e->name);
	for (size_t i = 0; !rc && i < json_array_size(list); i++)
		note(n->organizations, membership_name(e, json_array_get(list, i), &rc));
	return rc;
}

static int name_group(struct entry *e, void *context)
{
	struct directory_names *n = context;
	char text[DOMAIN_SIZE];
	int rc = 0;
	const char *organization = get_name(e, "organization", &rc);
	const json_t *list = get_list(e, "members", &rc);

	if (rc)
		return rc;
	note(n->organizations, organization);
	note(n->groups, pair(text, organization, e->name));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *member = json_string_value(json_array_get(list, i));

		if (!member)
			return complain_of(e, "members must be usernames", "");
		note(n->users, member);
	}
	return 0;
}

static int name_workspace(struct entry *e, void *context)
{
	struct directory_names *n = context;
	char text[DOMAIN_SIZE];
	int rc = 0;
	const char *owner = get_name(e, "owner", &rc);
	const char *organization = get_name(e, "organization", &rc);

	if (rc)
		return rc;
	note(n->users, owner);
	note(n->organizations, organization);
	note(n->workspaces, pair(text, owner, e->name));
	return 0;
}

int directory_file_names(const json_t *file, struct directory_names *out, struct error *err)
{
	int rc;

	out->organizations = json_object();
	out->users = json_object();
	out->groups = json_object();
	out->workspaces = json_object();
	rc = visit(file, &organizations, name_organization, out, err);
	if (!rc)
		rc = visit(file, &users, name_user, out, err);
	if (!rc)
		rc = visit(file, &groups, name_group, out, err);
	if (!rc)
		rc = visit(file, &workspaces, name_workspace, out, err);
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

/* ---- facts ---- */

struct building {
	const struct directory_names *known;
	struct directory_names defined; /* name -> id, of what the file itself defines */
	json_t *ids;                    /* all of these */
	int64_t now_ms;
	struct arena *arena;
	struct directory_facts *out;
};

static int parse_id(struct uuid *out, const char *text)
{
	return uuid_parse(out, bytes_of(text));
}

/* The entry's id: its own, the index's, or one derived from kind and name. Notes it as defined. */
static int define(const struct entry *e, const struct building *b, json_t *defined,
		  const json_t *known, const char *name, struct uuid *out)
{
	char domain[DOMAIN_SIZE];
	char text[UUID_TEXT_SIZE];
	int rc = 0;
	const char *id = get_text(e, "id", json_string_value(json_object_get(known, name)), &rc);

	(void)snprintf(domain, sizeof(domain), "%s/%s", e->list, name);
	if (!rc && id && (parse_id(out, id) || uuid_is_nil(out)))
		rc = complain_of(e, "the id is not a UUID: ", id);
	if (!rc && !id && uuid_v5(out, &UUID_NAMESPACE_SHAREBUS, bytes_of(domain)))
		rc = complain_of(e, "no id can be derived from the name", "");
	if (!rc && json_object_get(defined, name))
		rc = complain_of(e, "the name is given twice", "");
	if (rc)
		return rc;
	uuid_format(text, out);
	if (json_object_get(b->ids, text))
		return complain_of(e, "the id is given twice: ", text);
	(void)json_object_set_new(b->ids, text, json_true());
	return json_object_set_new(defined, name, json_string(text));
}

/* The id of something the entry mentions: defined in the file, or known to the index. */
static int refer(const struct entry *e, const json_t *defined, const json_t *known,
		 const char *name, const char *what, struct uuid *out)
{
	const char *id = json_string_value(json_object_get(defined, name));
	char text[64];

	if (!id)
		id = json_string_value(json_object_get(known, name));
	if (id)
		return parse_id(out, id);
	(void)snprintf(text, sizeof(text), "there is no %s ", what);
	return complain_of(e, text, name);
}

static struct record *add_fact(struct building *b, enum record_type type)
{
	struct record *r = &b->out->list[b->out->count++];

	*r = (struct record){ .type = type };
	return r;
}

static struct bytes keep(const struct building *b, const char *text)
{
	return arena_copy(b->arena, bytes_of(text));
}

static int build_organization(struct entry *e, void *context)
{
	struct building *b = context;
	struct organization_changed *o =
		&add_fact(b, RECORD_ORGANIZATION_CHANGED)->as.organization_changed;
	int rc = 0;

	o->name = keep(b, e->name);
	o->sharing = (enum sharing_policy)get_symbol(e, "sharing", sharing_policy_symbols,
						     SHARING_EVERYONE, &rc);
	return rc ? rc
		  : define(e, b, b->defined.organizations, b->known->organizations, e->name,
			   &o->id);
}

static int build_membership(const struct entry *e, const struct building *b, const json_t *m,
			    struct membership *out)
{
	int rc = 0;
	const char *name = membership_name(e, m, &rc);
	struct entry inner = *e;

	inner.object = m;
	out->role = ORGANIZATION_MEMBER;
	if (!rc && json_is_object(m))
		rc = check_keys(&inner, membership_keys);
	if (!rc && json_is_object(m))
		out->role = (enum organization_role)get_symbol(
			&inner, "role", organization_role_symbols, ORGANIZATION_MEMBER, &rc);
	return rc ? rc
		  : refer(e, b->defined.organizations, b->known->organizations, name,
			  "organization", &out->id);
}

static int build_memberships(const struct entry *e, const struct building *b,
			     struct user_changed *u)
{
	int rc = 0;
	const json_t *list = get_list(e, "organizations", &rc);

	u->organization_count = json_array_size(list);
	u->organizations =
		arena_zalloc(b->arena, u->organization_count + 1, sizeof(*u->organizations));
	for (size_t i = 0; !rc && i < u->organization_count; i++)
		rc = build_membership(e, b, json_array_get(list, i), &u->organizations[i]);
	return rc;
}

static int build_user(struct entry *e, void *context)
{
	struct building *b = context;
	struct user_changed *u = &add_fact(b, RECORD_USER_CHANGED)->as.user_changed;
	int rc = 0;

	u->username = keep(b, e->name);
	u->name = keep(b, get_text(e, "name", "", &rc));
	u->email = keep(b, get_text(e, "email", "", &rc));
	u->status =
		(enum user_status)get_symbol(e, "status", user_status_symbols, USER_ACTIVE, &rc);
	u->kind = (enum user_kind)get_symbol(e, "kind", user_kind_symbols, USER_PERSON, &rc);
	u->site_role =
		(enum site_role)get_symbol(e, "site_role", site_role_symbols, SITE_MEMBER, &rc);
	if (!rc)
		rc = define(e, b, b->defined.users, b->known->users, e->name, &u->id);
	return rc ? rc : build_memberships(e, b, u);
}

static int build_group(struct entry *e, void *context)
{
	struct building *b = context;
	struct group_changed *g = &add_fact(b, RECORD_GROUP_CHANGED)->as.group_changed;
	char name[DOMAIN_SIZE];
	int rc = 0;
	const char *organization = get_name(e, "organization", &rc);
	const json_t *list = get_list(e, "members", &rc);

	g->name = keep(b, e->name);
	if (!rc)
		rc = refer(e, b->defined.organizations, b->known->organizations, organization,
			   "organization", &g->organization_id);
	if (!rc)
		rc = define(e, b, b->defined.groups, b->known->groups,
			    pair(name, organization, e->name), &g->id);
	g->member_count = json_array_size(list);
	g->members = arena_zalloc(b->arena, g->member_count + 1, sizeof(*g->members));
	for (size_t i = 0; !rc && i < g->member_count; i++)
		rc = refer(e, b->defined.users, b->known->users,
			   json_string_value(json_array_get(list, i)), "user", &g->members[i]);
	return rc;
}

static int build_workspace(struct entry *e, void *context)
{
	struct building *b = context;
	struct workspace_changed *w = &add_fact(b, RECORD_WORKSPACE_CHANGED)->as.workspace_changed;
	char name[DOMAIN_SIZE];
	int rc = 0;
	const char *owner = get_name(e, "owner", &rc);
	const char *organization = get_name(e, "organization", &rc);

	w->name = keep(b, e->name);
	w->changed_at = b->now_ms;
	w->status = (enum workspace_status)get_symbol(e, "status", workspace_status_symbols,
						      WORKSPACE_ACTIVE, &rc);
	if (!rc)
		rc = refer(e, b->defined.users, b->known->users, owner, "user", &w->owner_id);
	if (!rc)
		rc = refer(e, b->defined.organizations, b->known->organizations, organization,
			   "organization", &w->organization_id);
	if (!rc)
		rc = define(e, b, b->defined.workspaces, b->known->workspaces,
			    pair(name, owner, e->name), &w->workspace_id);
	return rc;
}

static int build_switch(const json_t *file, struct building *b, struct error *err)
{
	const json_t *value = json_object_get(file, "sharing_enabled");

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return error_set(err, ERROR_INPUT, "sharing_enabled must be true or false");
	add_fact(b, RECORD_DEPLOYMENT_CHANGED)->as.deployment_changed.sharing_enabled =
		json_is_true(value);
	return 0;
}

static size_t count_entries(const json_t *file)
{
	return 1 + json_array_size(json_object_get(file, "organizations")) +
	       json_array_size(json_object_get(file, "users")) +
	       json_array_size(json_object_get(file, "groups")) +
	       json_array_size(json_object_get(file, "workspaces"));
}

int directory_file_facts(const json_t *file, const struct directory_names *names, int64_t now_ms,
			 struct arena *arena, struct directory_facts *out, struct error *err)
{
	struct building b = {
		.known = names,
		.defined = { json_object(), json_object(), json_object(), json_object() },
		.ids = json_object(),
		.now_ms = now_ms,
		.arena = arena,
		.out = out,
	};
	int rc;

	*out = (struct directory_facts){ 0 };
	out->list = arena_zalloc(arena, count_entries(file), sizeof(*out->list));
	rc = visit(file, &organizations, build_organization, &b, err);
	if (!rc)
		rc = build_switch(file, &b, err);
	if (!rc)
		rc = visit(file, &users, build_user, &b, err);
	if (!rc)
		rc = visit(file, &groups, build_group, &b, err);
	out->workspaces = out->count;
	if (!rc)
		rc = visit(file, &workspaces, build_workspace, &b, err);
	out->workspaces = out->count - out->workspaces;
	directory_names_done(&b.defined);
	json_decref(b.ids);
	return rc;
}
