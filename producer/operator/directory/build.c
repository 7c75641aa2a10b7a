#include "producer/operator/directory/build.h"

#include "producer/operator/directory/entry.h"
#include "schemas/bounds.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct building {
	const struct directory_names *known;
	/*
	 * The names that the file defines, with their ids; null where several entries
	 * have one name. Those below a parent have its id before them.
	 */
	struct directory_names defined;
	json_t *ids;           /* all of these ids but those of workspaces */
	json_t *workspace_ids; /* kept apart: see directory_shares_ids() */
	int64_t now_ms;
	struct arena *arena;
	struct directory_facts *out;
};

static int parse_id(struct uuid *out, const char *text)
{
	return uuid_parse(out, bytes_of(text));
}

/* A name that an entry defines. */
struct naming {
	json_t *defined;      /* where the names of its kind are */
	const json_t *known;  /* and what the index knows of them */
	const char *given;    /* the name as `known` has it */
	const char *own;      /* and as `defined` has it */
	const char *ancestor; /* what comes before the name when an id is derived: "acme/", "" */
};

static bool is_name_text(const struct entry *e)
{
	return strlen(text_of(e->name)) == e->name.len;
}

/* From now on the name stands for that id, or for nothing if it is that of several entries. */
static int define_name(const struct entry *e, const struct naming *n, const char *id)
{
	const json_t *before = json_object_get(n->defined, n->own);

	if (!is_name_text(e))
		return 0;
	if (before && !e->has_id)
		return entry_complain(e, "the name is given twice; give each entry its id");
	return json_object_set_new(n->defined, n->own, before ? json_null() : json_string(id));
}

/* The id that the entry has, or that the index has under its name, as text; NULL if neither. */
static const char *find_own_id(const struct entry *e, const struct naming *n, int *rc)
{
	const char *id = entry_word(e, "id", rc);

	if (!id && is_name_text(e))
		id = json_string_value(json_object_get(n->known, n->given));
	return id;
}

/*
 * Gives an id to the entry whose fact was added last: its own, that of the index,
 * or one derived from kind and name. From then on the name is defined.
 */
static int define_id(const struct entry *e, const struct building *b, const struct naming *n,
		     struct uuid *out)
{
	char domain[ENTRY_PAIR_SIZE];
	char text[UUID_TEXT_SIZE];
	json_t *ids = n->defined == b->defined.workspaces ? b->workspace_ids : b->ids;
	int rc = 0;
	const char *id = find_own_id(e, n, &rc);

	(void)snprintf(domain, sizeof(domain), "%s/%s%s", e->list, n->ancestor, text_of(e->name));
	b->out->derived[b->out->count - 1] = !id;
	if (!rc && id && parse_id(out, id))
		rc = entry_complain(e, "id must be a UUID: %s", id);
	if (!rc && !id && uuid_v5(out, &UUID_NAMESPACE_SHAREBUS, bytes_of(domain)))
		rc = entry_complain(e, "no id can be derived from the name; give one");
	if (rc)
		return rc;
	uuid_format(text, out);
	rc = define_name(e, n, text);
	if (!rc && json_object_get(ids, text))
		rc = entry_complain(e, "the id is given twice: %s", text);
	return rc ? rc : json_object_set_new(ids, text, json_true());
}

/* The same for a name below a parent, which the file calls `parent`. */
static int define_child_id(const struct entry *e, const struct building *b, struct naming n,
			   const char *parent, const struct uuid *parent_id, struct uuid *out)
{
	char ancestor[ENTRY_PAIR_SIZE];
	char given[ENTRY_PAIR_SIZE];
	char own[ENTRY_PAIR_SIZE];
	char id[UUID_TEXT_SIZE];

	uuid_format(id, parent_id);
	(void)snprintf(ancestor, sizeof(ancestor), "%s/", parent);
	n.ancestor = ancestor;
	n.given = entry_pair(given, parent, text_of(e->name));
	n.own = entry_pair(own, id, text_of(e->name));
	return define_id(e, b, &n, out);
}

/*
 * Finds the id of something that the entry mentions: by id, by a name that the
 * file defines, or by a name that only the index knows. In the last case the file
 * must not give it another name.
 */
static int refer_to(const struct entry *e, const struct building *b, const json_t *defined,
		    const json_t *known, const char *name, struct uuid *out)
{
	const json_t *in_file = json_object_get(defined, name);
	const char *id = json_string_value(in_file);
	const char *what = defined == b->defined.users ? "user" : "organization";

	if (!parse_id(out, name))
		return 0;
	if (json_is_null(in_file))
		return entry_complain(e, "several %ss of this file are called %s; give an id", what,
				      name);
	if (!id)
		id = json_string_value(json_object_get(known, name));
	if (id && (in_file || !json_object_get(b->ids, id)))
		return parse_id(out, id);
	if (id)
		return entry_complain(e, "%s %s has another name in this file", what, name);
	return entry_complain(e, "there is no %s %s", what, name);
}

static int refer_to_user(const struct entry *e, const struct building *b, const char *name,
			 struct uuid *out)
{
	return refer_to(e, b, b->defined.users, b->known->users, name, out);
}

static int refer_to_organization(const struct entry *e, const struct building *b, const char *name,
				 struct uuid *out)
{
	return refer_to(e, b, b->defined.organizations, b->known->organizations, name, out);
}

static struct record *add_fact(struct building *b, enum record_type type)
{
	struct record *r = &b->out->list[b->out->count++];

	*r = (struct record){ .type = type };
	return r;
}

/* A text that is left out is empty. */
static struct bytes keep_text(const struct building *b, struct bytes text)
{
	return arena_copy(b->arena, text.data ? text : bytes_of(""));
}

static int build_organization(struct entry *e, void *context)
{
	struct building *b = context;
	struct organization_changed *o =
		&add_fact(b, RECORD_ORGANIZATION_CHANGED)->as.organization_changed;
	const char *name = text_of(e->name);
	const struct naming n = { b->defined.organizations, b->known->organizations, name, name,
				  "" };
	int rc = 0;

	o->name = keep_text(b, e->name);
	o->sharing = (enum sharing_policy)entry_symbol(e, "sharing", sharing_policy_symbols,
						       SHARING_EVERYONE, &rc);
	o->grant_lifetime_max_ms = entry_number(e, "grant_lifetime_max_ms", TIME_MAX_MS, &rc);
	return rc ? rc : define_id(e, b, &n, &o->id);
}

static int build_membership(const struct entry *e, const struct building *b, const json_t *m,
			    struct membership *out)
{
	int rc = 0;
	const char *name = entry_membership(e, m, &rc);
	struct entry inner = *e;

	inner.object = m;
	out->role = ORGANIZATION_MEMBER;
	if (!rc && json_is_object(m))
		rc = entry_check_keys(&inner, membership_keys);
	if (!rc && json_is_object(m))
		out->role = (enum organization_role)entry_symbol(
			&inner, "role", organization_role_symbols, ORGANIZATION_MEMBER, &rc);
	return rc ? rc : refer_to_organization(e, b, name, &out->id);
}

static int build_memberships(const struct entry *e, const struct building *b,
			     struct user_changed *u)
{
	int rc = 0;
	const json_t *list = entry_array(e, "organizations", &rc);
	size_t count = json_array_size(list);

	if (!rc && count > USER_ORGANIZATIONS_MAX)
		rc = entry_complain(e, "organizations must be at most %d, not %zu",
				    USER_ORGANIZATIONS_MAX, count);
	u->organizations = arena_zalloc(b->arena, rc ? 1 : count + 1, sizeof(*u->organizations));
	for (size_t i = 0; !rc && i < count; i++) {
		rc = build_membership(e, b, json_array_get(list, i), &u->organizations[i]);
		if (!rc && user_membership(u, &u->organizations[i].id))
			rc = entry_complain(e, "an organization is listed twice: %s",
					    entry_membership(e, json_array_get(list, i), &rc));
		u->organization_count++;
	}
	return rc;
}

static int build_user(struct entry *e, void *context)
{
	struct building *b = context;
	struct user_changed *u = &add_fact(b, RECORD_USER_CHANGED)->as.user_changed;
	const char *name = text_of(e->name);
	const struct naming n = { b->defined.users, b->known->users, name, name, "" };
	int rc = 0;

	u->username = keep_text(b, e->name);
	u->name = keep_text(b, entry_text(e, "name", TEXT_BYTES_MAX, &rc));
	u->email = keep_text(b, entry_text(e, "email", TEXT_BYTES_MAX, &rc));
	u->status =
		(enum user_status)entry_symbol(e, "status", user_status_symbols, USER_ACTIVE, &rc);
	u->kind = (enum user_kind)entry_symbol(e, "kind", user_kind_symbols, USER_PERSON, &rc);
	u->site_role =
		(enum site_role)entry_symbol(e, "site_role", site_role_symbols, SITE_MEMBER, &rc);
	if (!rc)
		rc = define_id(e, b, &n, &u->id);
	return rc ? rc : build_memberships(e, b, u);
}

/* Finds one of the two names that stand for the same id, for the message. */
static int complain_of_double(const struct entry *e, const struct building *b, const json_t *list,
			      const struct uuid *twice)
{
	struct uuid id = { { 0 } };
	const char *name = "";

	for (size_t i = 0; i < json_array_size(list) && !uuid_equal(&id, twice); i++) {
		name = json_string_value(json_array_get(list, i));
		error_ignore(refer_to_user(e, b, name, &id));
	}
	return entry_complain(e, "a member is listed twice: %s", name);
}

/* Members are sorted, so that equal sets are equal bytes. */
static int build_members(const struct entry *e, const struct building *b, struct group_changed *g)
{
	int rc = 0;
	const json_t *list = entry_array(e, "members", &rc);
	size_t count = json_array_size(list);

	if (!rc && count > GROUP_MEMBERS_MAX)
		rc = entry_complain(e, "members must be at most %d, not %zu", GROUP_MEMBERS_MAX,
				    count);
	if (rc)
		return rc;
	g->members = arena_zalloc(b->arena, count + 1, sizeof(*g->members));
	g->member_count = count;
	for (size_t i = 0; !rc && i < count; i++)
		rc = refer_to_user(e, b, json_string_value(json_array_get(list, i)),
				   &g->members[i]);
	qsort(g->members, count, sizeof(*g->members), uuid_compare);
	for (size_t i = 1; !rc && i < count; i++)
		if (uuid_equal(&g->members[i - 1], &g->members[i]))
			rc = complain_of_double(e, b, list, &g->members[i]);
	return rc;
}

static int build_group(struct entry *e, void *context)
{
	struct building *b = context;
	struct group_changed *g = &add_fact(b, RECORD_GROUP_CHANGED)->as.group_changed;
	const struct naming n = { .defined = b->defined.groups, .known = b->known->groups };
	int rc = 0;
	const char *organization = entry_reference(e, "organization", &rc);

	g->name = keep_text(b, e->name);
	if (!rc)
		rc = refer_to_organization(e, b, organization, &g->organization_id);
	if (!rc)
		rc = define_child_id(e, b, n, organization, &g->organization_id, &g->id);
	return rc ? rc : build_members(e, b, g);
}

static int build_workspace(struct entry *e, void *context)
{
	struct building *b = context;
	struct workspace_changed *w = &add_fact(b, RECORD_WORKSPACE_CHANGED)->as.workspace_changed;
	const struct naming n = { .defined = b->defined.workspaces, .known = b->known->workspaces };
	int rc = 0;
	const char *owner = entry_reference(e, "owner", &rc);
	const char *organization = entry_reference(e, "organization", &rc);

	w->name = keep_text(b, e->name);
	w->changed_at = b->now_ms;
	w->status = (enum workspace_status)entry_symbol(e, "status", workspace_status_symbols,
							WORKSPACE_ACTIVE, &rc);
	if (!rc)
		rc = refer_to_user(e, b, owner, &w->owner_id);
	if (!rc)
		rc = refer_to_organization(e, b, organization, &w->organization_id);
	if (!rc)
		rc = define_child_id(e, b, n, owner, &w->owner_id, &w->workspace_id);
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

/* And one more, for the switch. */
static size_t count_facts(const json_t *file)
{
	return 1 + json_array_size(json_object_get(file, "organizations")) +
	       json_array_size(json_object_get(file, "users")) +
	       json_array_size(json_object_get(file, "groups")) +
	       json_array_size(json_object_get(file, "workspaces"));
}

static unsigned sections_of(const json_t *file)
{
	unsigned sections = 0;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		if (json_object_get(file, directory_kinds[kind].section))
			sections |= 1U << kind;
	return sections;
}

static int build_all(const json_t *file, struct building *b, struct error *err)
{
	int rc = entry_visit(file, &organization_list, build_organization, b, err);
	size_t others;

	if (!rc)
		rc = build_switch(file, b, err);
	if (!rc)
		rc = entry_visit(file, &user_list, build_user, b, err);
	if (!rc)
		rc = entry_visit(file, &group_list, build_group, b, err);
	others = b->out->count;
	if (!rc)
		rc = entry_visit(file, &workspace_list, build_workspace, b, err);
	b->out->workspaces = b->out->count - others;
	return rc;
}

int directory_build(const json_t *file, const struct directory_names *names, int64_t now_ms,
		    struct arena *arena, struct directory_facts *out, struct error *err)
{
	struct directory_facts facts = {
		.list = arena_zalloc(arena, count_facts(file), sizeof(*facts.list)),
		.derived = arena_zalloc(arena, count_facts(file), sizeof(*facts.derived)),
		.sections = sections_of(file),
		.now_ms = now_ms,
	};
	struct building b = {
		.known = names,
		.defined = { json_object(), json_object(), json_object(), json_object() },
		.ids = json_object(),
		.workspace_ids = json_object(),
		.now_ms = now_ms,
		.arena = arena,
		.out = &facts,
	};
	int rc = build_all(file, &b, err);

	directory_names_done(&b.defined);
	json_decref(b.ids);
	json_decref(b.workspace_ids);
	if (!rc)
		*out = facts;
	return rc;
}
