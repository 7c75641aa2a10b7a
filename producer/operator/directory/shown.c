#include "producer/operator/directory/shown.h"

#include "producer/operator/directory/read.h"
#include "producer/operator/inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int by_title(const void *a, const void *b)
{
	const struct shown_entry *x = a;
	const struct shown_entry *y = b;
	enum directory_kind kinds[] = { directory_kind(x->record), directory_kind(y->record) };
	int order = label_compare(x->parent, y->parent);

	if (kinds[0] != kinds[1])
		return kinds[0] < kinds[1] ? -1 : 1;
	if (!order)
		order = label_compare(x->name, y->name);
	return order ? order
		     : memcmp(directory_id(x->record), directory_id(y->record),
			      sizeof(struct uuid));
}

struct bytes shown_organization(const struct shown *v, const struct uuid *id)
{
	return label_organization(&(struct labels){ &v->names, v->arena, v->doubles }, id);
}

struct bytes shown_user(const struct shown *v, const struct uuid *id)
{
	return label_user(&(struct labels){ &v->names, v->arena, v->doubles }, id);
}

static struct shown_entry title_of(const struct shown *v, const struct record *r)
{
	struct shown_entry out = { .record = r, .parent = bytes_of("") };

	if (r->type == RECORD_ORGANIZATION_CHANGED) {
		out.name = r->as.organization_changed.name;
	} else if (r->type == RECORD_USER_CHANGED) {
		out.name = r->as.user_changed.username;
	} else if (r->type == RECORD_GROUP_CHANGED) {
		out.parent = shown_organization(v, &r->as.group_changed.organization_id);
		out.name = r->as.group_changed.name;
	} else if (r->type == RECORD_WORKSPACE_CHANGED) {
		out.parent = shown_user(v, &r->as.workspace_changed.owner_id);
		out.name = r->as.workspace_changed.name;
	}
	return out;
}

/* A deleted user has no name any more, so a directory file cannot have an entry for them. */
static bool is_shown(const struct shown *v, const struct record *r)
{
	return !directory_is_deleted(r) && v->kinds & 1U << directory_kind(r);
}

static void list_shown(struct shown *v, const struct directory_facts *have)
{
	v->list = arena_alloc(v->arena, (have->count + 1) * sizeof(*v->list));
	for (size_t i = 0; i < have->count; i++)
		if (is_shown(v, &have->list[i]))
			v->list[v->count++] = title_of(v, &have->list[i]);
	qsort(v->list, v->count, sizeof(*v->list), by_title);
}

/* Finds the names of all that the facts refer to, whether these are shown or not. */
static int find_names(struct shown *v, struct session *s, struct meter *m,
		      const struct directory_facts *have, struct error *err)
{
	struct directory_facts *more = arena_zalloc(v->arena, 1, sizeof(*more));
	const struct directory_facts *lists[] = { have, more };
	struct directory_mentions facts = {
		arena_alloc(v->arena, (have->count + 1) * sizeof(const struct record *)), 0
	};
	int rc;

	for (; facts.count < have->count; facts.count++)
		facts.list[facts.count] = &have->list[facts.count];
	directory_finder_init(&v->names, lists, 1, v->arena);
	rc = directory_read_referred(s, m, &facts, &v->names, more, err);
	if (!rc)
		directory_finder_init(&v->names, lists, 2, v->arena);
	return rc;
}

int shown_read(struct shown *out, struct session *s, struct meter *m, unsigned kinds,
	       struct error *err)
{
	const unsigned referring = 1U << DIRECTORY_GROUPS | 1U << DIRECTORY_WORKSPACES;
	struct shown v = { .kinds = kinds, .arena = &s->arena };
	struct directory_facts *have = arena_zalloc(v.arena, 1, sizeof(*have));
	int rc = inside_open_reader(s, err);

	if (!rc)
		rc = directory_read_all(s, m, kinds, NULL, have, err);
	if (!rc)
		rc = find_names(&v, s, m, have, err);
	if (!rc)
		rc = directory_read_doubles(s, m, &v.names, kinds & referring, &v.doubles, err);
	if (rc)
		return rc;
	list_shown(&v, have);
	*out = v;
	return 0;
}

struct shown_section shown_section(const struct shown *v, enum directory_kind kind)
{
	size_t begin = 0;
	size_t end;

	while (begin < v->count && directory_kind(v->list[begin].record) != kind)
		begin++;
	end = begin;
	while (end < v->count && directory_kind(v->list[end].record) == kind)
		end++;
	return (struct shown_section){ v->list + begin, end - begin };
}

bool shown_sharing(const struct shown *v)
{
	struct shown_section section = shown_section(v, DIRECTORY_SWITCH);

	assert(section.count == 1);
	return section.list[0].record->as.deployment_changed.sharing_enabled;
}
