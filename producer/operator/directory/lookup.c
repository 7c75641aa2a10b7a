#include "producer/operator/directory/lookup.h"

#include "cache/facts.h"
#include "cache/lookup.h"
#include "producer/bearer.h"
#include "producer/operator/directory/entry.h"
#include "producer/operator/directory/facts.h"
#include "producer/operator/directory/slice.h"
#include "producer/operator/inside.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* The names that have no id yet, and who bears them in the index. */
struct open_names {
	json_t *names;
	const char *kind; /* "user" */
	bool pairs;       /* are the names those of entry_pair()? */
	const char **list;
	struct bearers *found;
	size_t count;
};

static struct open_names list_open(struct session *s, enum directory_kind kind, json_t *names)
{
	size_t max = json_object_size(names) + 1;
	struct open_names out = { .names = names, .kind = directory_kinds[kind].one };
	const char *name;
	json_t *value;

	out.list = arena_alloc(&s->arena, max * sizeof(const char *));
	out.found = arena_zalloc(&s->arena, max, sizeof(*out.found));
	json_object_foreach(names, name, value)
	{
		if (json_is_null(value))
			out.list[out.count++] =
				(const char *)arena_copy(&s->arena, bytes_of(name)).data;
	}
	return out;
}

static int set_ids(const struct open_names *open, struct error *err)
{
	char text[UUID_TEXT_SIZE];
	int rc = 0;

	for (size_t i = 0; !rc && i < open->count; i++) {
		const char *name = open->list[i];
		const char *shown = open->pairs ? strchr(name, ':') + 1 : name;
		struct uuid id;

		rc = bearer_choose(&open->found[i], open->kind, bytes_of(shown),
				   "give the id of the one that is meant", &id, err);
		if (rc || uuid_is_nil(&id))
			continue;
		uuid_format(text, &id);
		(void)json_object_set_new(open->names, name, json_string(text));
	}
	return rc;
}

typedef int name_fn(struct reader *r, const struct bytes *names, size_t count, struct bearers *out,
		    struct error *err);

static int look_up(struct session *s, struct meter *m, enum directory_kind kind, json_t *names,
		   name_fn *fn, struct error *err)
{
	struct open_names open = list_open(s, kind, names);
	struct bytes *list = arena_alloc(&s->arena, (open.count + 1) * sizeof(*list));
	int rc = 0;

	for (size_t i = 0; i < open.count; i++)
		list[i] = bytes_of(open.list[i]);
	for (size_t i = 0; !rc && i < open.count; i += SLICE_MAX) {
		meter_show(m, "looking up names", i, open.count);
		rc = fn(inside_reader(s), list + i, slice_size(open.count, i), open.found + i, err);
	}
	return rc ? rc : set_ids(&open, err);
}

/* Finds the id of a parent: it is one itself, or a name whose id is known by now. */
static bool find_parent(const json_t *parents, struct bytes parent, struct uuid *out)
{
	char name[NAME_BYTES_MAX + 1];
	const char *id;

	if (!uuid_parse(out, parent))
		return true;
	(void)snprintf(name, sizeof(name), "%.*s", BYTES_ARG(parent));
	id = json_string_value(json_object_get(parents, name));
	return id && !uuid_parse(out, bytes_of(id));
}

/* Keeps the names whose parent is known: only they can be in the index. */
static struct child_name *keep_children(struct session *s, struct open_names *open,
					const json_t *parents)
{
	struct child_name *list = arena_alloc(&s->arena, (open->count + 1) * sizeof(*list));
	size_t kept = 0;

	for (size_t i = 0; i < open->count; i++) {
		if (!find_parent(parents, entry_pair_parent(open->list[i]), &list[kept].parent))
			continue;
		list[kept].name = bytes_of(entry_pair_name(open->list[i]));
		open->list[kept++] = open->list[i];
	}
	open->count = kept;
	return list;
}

typedef int child_fn(struct reader *r, const struct child_name *names, size_t count,
		     struct bearers *out, struct error *err);

/* Names below those of another kind, and how to ask for their bearers. */
struct children {
	enum directory_kind kind;
	json_t *names;
	const json_t *parents;
	child_fn *ask;
};

static int look_up_children(struct session *s, struct meter *m, const struct children *c,
			    struct error *err)
{
	struct open_names open = list_open(s, c->kind, c->names);
	struct child_name *list = keep_children(s, &open, c->parents);
	int rc = 0;

	open.pairs = true;
	for (size_t i = 0; !rc && i < open.count; i += SLICE_MAX) {
		meter_show(m, "looking up names", i, open.count);
		rc = c->ask(inside_reader(s), list + i, slice_size(open.count, i), open.found + i,
			    err);
	}
	return rc ? rc : set_ids(&open, err);
}

int directory_look_up_names(struct session *s, struct meter *m, struct directory_names *n,
			    struct error *err)
{
	const struct children groups = { DIRECTORY_GROUPS, n->groups, n->organizations,
					 facts_group_ids };
	const struct children workspaces = { DIRECTORY_WORKSPACES, n->workspaces, n->users,
					     facts_workspace_ids };
	int rc = look_up(s, m, DIRECTORY_ORGANIZATIONS, n->organizations, lookup_organization_names,
			 err);

	if (!rc)
		rc = look_up(s, m, DIRECTORY_USERS, n->users, lookup_usernames, err);
	if (!rc)
		rc = look_up_children(s, m, &groups, err);
	if (!rc)
		rc = look_up_children(s, m, &workspaces, err);
	return rc;
}
