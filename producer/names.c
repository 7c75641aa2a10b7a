#include "producer/names.h"

#include "producer/bearer.h"
#include "producer/ids.h"

#include <stdio.h>

/* Finds what has that name. `me` may be NULL; it only matters for workspaces. */
typedef int by_name_fn(struct sharebus *c, const struct sharebus_id *me, const char *name,
		       struct uuid *out, struct error *err);

/* Takes an id as it is, and looks a name up. */
static int find_id(struct sharebus *c, by_name_fn *by_name, const struct sharebus_id *me,
		   const char *name, struct sharebus_id *out)
{
	struct error *err = client_begin(c);
	struct uuid found;
	int rc;

	if (!uuid_parse(&found, bytes_of(name))) {
		if (uuid_is_nil(&found))
			return error_set(err, ERROR_INPUT, "nothing has the id %s", name);
		*out = public_id(&found);
		return 0;
	}
	rc = client_reader(c, err);
	if (!rc)
		rc = by_name(c, me, name, &found, err);
	if (!rc)
		*out = public_id(&found);
	return rc;
}

/* The part of "one/two" before the slash. */
static struct bytes part_before(const char *text, const char *slash)
{
	return (struct bytes){ (const uint8_t *)text, (size_t)(slash - text) };
}

static const char GIVE_ID[] = "give the id of one";

/* ---- users ---- */

static int user_by_name(struct sharebus *c, struct bytes name, struct uuid *out, struct error *err)
{
	struct bearers found;
	int rc = lookup_usernames(c->reader, &name, 1, &found, err);

	if (!rc)
		rc = bearer_choose(&found, "user", name, GIVE_ID, out, err);
	if (!rc && uuid_is_nil(out))
		rc = error_set(err, ERROR_INPUT, "there is no user %.*s", BYTES_ARG(name));
	return rc;
}

static int user_of_text(struct sharebus *c, const struct sharebus_id *me, const char *name,
			struct uuid *out, struct error *err)
{
	(void)me;
	return user_by_name(c, bytes_of(name), out, err);
}

int sharebus_find_user(struct sharebus *client, const char *name, struct sharebus_id *out)
{
	return find_id(client, user_of_text, NULL, name, out);
}

/* ---- groups ---- */

/* In each organization "Everyone" means all members, even if a group has that name. */
static bool is_everyone(struct bytes name)
{
	return bytes_equal_text(name, "Everyone");
}

static int group_of(struct sharebus *c, const struct uuid *organization_id, struct bytes name,
		    struct uuid *out, struct error *err)
{
	struct bearers found;
	int rc;

	if (is_everyone(name)) {
		*out = *organization_id;
		return 0;
	}
	rc = lookup_groupnames(c->reader, organization_id, &name, 1, &found, err);
	return rc ? rc : bearer_choose(&found, "group", name, GIVE_ID, out, err);
}

/* Looks for the group in each of these organizations. Exactly one must have it. */
static int group_among(struct sharebus *c, const struct named_list *organizations,
		       struct bytes name, struct uuid *out, struct error *err)
{
	size_t found = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < organizations->count; i++) {
		struct uuid id;

		rc = group_of(c, &organizations->list[i].id, name, &id, err);
		if (rc || uuid_is_nil(&id))
			continue;
		*out = id;
		found++;
	}
	if (!rc && !found)
		rc = error_set(err, ERROR_INPUT, "there is no group %.*s", BYTES_ARG(name));
	if (!rc && found > 1)
		rc = error_set(err, ERROR_INPUT,
			       "%zu organizations have a group %.*s; give organization/group",
			       found, BYTES_ARG(name));
	return rc;
}

static int organization_by_name(struct sharebus *c, struct bytes name, struct uuid *out,
				struct error *err)
{
	struct bearers found;
	int rc = lookup_organization_names(c->reader, &name, 1, &found, err);

	if (!rc)
		rc = bearer_choose(&found, "organization", name, "give the id of the group", out,
				   err);
	if (!rc && uuid_is_nil(out))
		rc = error_set(err, ERROR_INPUT, "there is no organization %.*s", BYTES_ARG(name));
	return rc;
}

/* Finds "organization/name". */
static int group_by_path(struct sharebus *c, const char *path, const char *slash, struct uuid *out,
			 struct error *err)
{
	struct uuid organization_id;
	int rc = organization_by_name(c, part_before(path, slash), &organization_id, err);

	if (!rc)
		rc = group_of(c, &organization_id, bytes_of(slash + 1), out, err);
	if (!rc && uuid_is_nil(out))
		rc = error_set(err, ERROR_INPUT, "there is no group %s", path);
	return rc;
}

static int group_by_name(struct sharebus *c, const struct sharebus_id *me, const char *name,
			 struct uuid *out, struct error *err)
{
	const char *slash = strchr(name, '/');
	struct named_list all;
	int rc;

	(void)me;
	if (slash)
		return group_by_path(c, name, slash, out, err);
	rc = lookup_all_organizations(c->reader, &c->arena, &all, err);
	return rc ? rc : group_among(c, &all, bytes_of(name), out, err);
}

int sharebus_find_group(struct sharebus *client, const char *name, struct sharebus_id *out)
{
	return find_id(client, group_by_name, NULL, name, out);
}

/* ---- workspaces ---- */

static int owned_by_name(struct sharebus *c, const struct uuid *owner_id, struct bytes owner,
			 struct bytes name, struct uuid *out, struct error *err)
{
	struct bearers found;
	int rc = lookup_owned_by_name(c->reader, owner_id, name, &found, err);

	if (!rc)
		rc = bearer_choose(&found, "workspace", name, GIVE_ID, out, err);
	if (!rc && uuid_is_nil(out))
		rc = error_set(err, ERROR_INPUT, "there is no workspace %.*s owned by %.*s",
			       BYTES_ARG(name), BYTES_ARG(owner));
	return rc;
}

static int workspace_of_me(struct sharebus *c, const struct uuid *me, struct bytes name,
			   struct uuid *out, struct error *err)
{
	struct user_changed user;
	int rc = lookup_users(c->reader, me, 1, &c->arena, &user, err);

	if (!rc && !user.username.data)
		rc = error_set(err, ERROR_INPUT,
			       "workspace %.*s cannot be looked up: its owner does not exist",
			       BYTES_ARG(name));
	return rc ? rc : owned_by_name(c, me, user.username, name, out, err);
}

static int workspace_by_name(struct sharebus *c, const struct sharebus_id *me, const char *text,
			     struct uuid *out, struct error *err)
{
	const char *slash = strchr(text, '/');
	struct uuid owner;
	int rc;

	if (!slash && !me)
		return error_set(
			err, ERROR_INPUT,
			"workspace %s is given without its owner; give owner/name, or its id",
			text);
	if (!slash) {
		owner = uuid_of(me);
		return workspace_of_me(c, &owner, bytes_of(text), out, err);
	}
	rc = user_by_name(c, part_before(text, slash), &owner, err);
	return rc ? rc
		  : owned_by_name(c, &owner, part_before(text, slash), bytes_of(slash + 1), out,
				  err);
}

int sharebus_find_workspace(struct sharebus *client, const struct sharebus_id *me, const char *name,
			    struct sharebus_id *out)
{
	return find_id(client, workspace_by_name, me, name, out);
}

/* ---- subjects ---- */

static bool is_named(const struct sharebus_subject *s)
{
	const struct uuid id = uuid_of(&s->id);

	return uuid_is_nil(&id);
}

/* Finds the groups that are given as "organization/name", whichever organization that is. */
static int find_placed_groups(struct sharebus *c, struct sharebus_subject *list, size_t count,
			      struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++) {
		const char *name = list[i].name;
		const char *slash = name ? strchr(name, '/') : NULL;
		struct uuid id;

		if (list[i].kind != SHAREBUS_GROUP || !slash || !is_named(&list[i]))
			continue;
		rc = group_by_path(c, name, slash, &id, err);
		if (!rc)
			list[i].id = public_id(&id);
	}
	return rc;
}

/* The subjects of one kind that are given by their names. */
struct named_subjects {
	enum sharebus_subject_kind kind;
	struct bytes *names;
	struct sharebus_subject **subjects;
	struct bearers *found;
	size_t count;
};

static struct named_subjects collect_named(struct sharebus *c, struct sharebus_subject *list,
					   size_t count, enum sharebus_subject_kind kind)
{
	struct named_subjects n = {
		.kind = kind,
		.names = arena_alloc(&c->arena, (count + 1) * sizeof(*n.names)),
		.subjects = arena_alloc(&c->arena, (count + 1) * sizeof(struct sharebus_subject *)),
		.found = arena_alloc(&c->arena, (count + 1) * sizeof(*n.found)),
	};

	for (size_t i = 0; i < count; i++) {
		if (list[i].kind != kind || !is_named(&list[i]))
			continue;
		n.names[n.count] = bytes_of(list[i].name ? list[i].name : "");
		n.subjects[n.count++] = &list[i];
	}
	return n;
}

/* Sets the id of each that has one bearer, or is Everyone. */
static int set_subjects(const struct named_subjects *n, const struct uuid *organization_id,
			struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < n->count; i++) {
		struct uuid id = *organization_id;

		if (n->kind != SHAREBUS_GROUP || !is_everyone(n->names[i]))
			rc = bearer_choose(&n->found[i],
					   n->kind == SHAREBUS_USER ? "user" : "group", n->names[i],
					   "give the id of one; nothing was changed", &id, err);
		if (!rc)
			n->subjects[i]->id = public_id(&id);
	}
	return rc;
}

/* Looks up the names of one kind, all in one question. */
static int look_up_kind(struct sharebus *c, struct sharebus_subject *list, size_t count,
			enum sharebus_subject_kind kind, const struct uuid *organization_id,
			struct error *err)
{
	struct named_subjects n = collect_named(c, list, count, kind);
	int rc;

	if (!n.count)
		return 0;
	rc = kind == SHAREBUS_USER ? lookup_usernames(c->reader, n.names, n.count, n.found, err)
				   : lookup_groupnames(c->reader, organization_id, n.names, n.count,
						       n.found, err);
	return rc ? rc : set_subjects(&n, organization_id, err);
}

/* "there is no user zoe", or several unknown names in one sentence. */
static int report_unknown(struct sharebus *c, const struct sharebus_subject *list, size_t count,
			  struct error *err)
{
	enum { SHOWN = 10 };
	struct bytes text = bytes_of("");
	size_t unknown = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_named(&list[i]) || unknown++ >= SHOWN)
			continue;
		text = arena_printf(&c->arena, "%.*s%s%s %s", BYTES_ARG(text),
				    unknown > 1 ? ", " : "",
				    list[i].kind == SHAREBUS_USER ? "user" : "group",
				    list[i].name ? list[i].name : "without a name");
	}
	if (!unknown)
		return 0;
	if (unknown > SHOWN)
		text = arena_printf(&c->arena, "%.*s and %zu more", BYTES_ARG(text),
				    unknown - SHOWN);
	return error_set(err, ERROR_INPUT, "there is no %.*s; nothing was changed",
			 BYTES_ARG(text));
}

int names_subjects(struct sharebus *c, struct sharebus_subject *list, size_t count,
		   const struct uuid *organization_id, struct error *err)
{
	int rc = look_up_kind(c, list, count, SHAREBUS_USER, organization_id, err);

	if (!rc)
		rc = find_placed_groups(c, list, count, err);
	if (!rc)
		rc = look_up_kind(c, list, count, SHAREBUS_GROUP, organization_id, err);
	return rc ? rc : report_unknown(c, list, count, err);
}
