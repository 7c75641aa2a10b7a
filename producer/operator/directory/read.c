#include "producer/operator/directory/read.h"

#include "cache/facts.h"
#include "cache/scan.h"
#include "producer/operator/directory/entry.h"
#include "producer/operator/directory/slice.h"
#include "producer/operator/inside.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- facts by id ---- */

static struct record *add_fact(struct directory_facts *out, enum record_type type)
{
	struct record *r = &out->list[out->count++];

	*r = (struct record){ .type = type };
	return r;
}

static int read_organizations(struct session *s, const struct uuid *ids, size_t count,
			      struct directory_facts *out, struct error *err)
{
	struct organization_changed *list = arena_alloc(&s->arena, (count + 1) * sizeof(*list));
	int rc = lookup_organizations(inside_reader(s), ids, count, &s->arena, list, err);

	for (size_t i = 0; !rc && i < count; i++)
		if (list[i].name.data)
			add_fact(out, RECORD_ORGANIZATION_CHANGED)->as.organization_changed =
				list[i];
	return rc;
}

static int read_users(struct session *s, const struct uuid *ids, size_t count,
		      struct directory_facts *out, struct error *err)
{
	struct user_changed *list = arena_alloc(&s->arena, (count + 1) * sizeof(*list));
	int rc = lookup_users(inside_reader(s), ids, count, &s->arena, list, err);

	for (size_t i = 0; !rc && i < count; i++)
		if (list[i].username.data)
			add_fact(out, RECORD_USER_CHANGED)->as.user_changed = list[i];
	return rc;
}

static int read_groups(struct session *s, const struct uuid *ids, size_t count,
		       struct directory_facts *out, struct error *err)
{
	struct group_changed *list = arena_alloc(&s->arena, (count + 1) * sizeof(*list));
	int rc = lookup_groups(inside_reader(s), ids, count, &s->arena, list, err);

	if (!rc)
		rc = facts_members(inside_reader(s), list, count, &s->arena, err);
	for (size_t i = 0; !rc && i < count; i++)
		if (list[i].name.data)
			add_fact(out, RECORD_GROUP_CHANGED)->as.group_changed = list[i];
	return rc;
}

static int read_workspaces(struct session *s, const struct uuid *ids, size_t count,
			   struct directory_facts *out, struct error *err)
{
	struct workspace_changed *list = arena_alloc(&s->arena, (count + 1) * sizeof(*list));
	int rc = facts_workspaces(inside_reader(s), ids, count, &s->arena, list, err);

	for (size_t i = 0; !rc && i < count; i++)
		if (list[i].name.data)
			add_fact(out, RECORD_WORKSPACE_CHANGED)->as.workspace_changed = list[i];
	return rc;
}

static int read_switch(struct session *s, struct directory_facts *out, struct error *err)
{
	struct deployment_changed d;
	int rc = facts_deployment(inside_reader(s), &d, err);

	if (!rc)
		add_fact(out, RECORD_DEPLOYMENT_CHANGED)->as.deployment_changed = d;
	return rc;
}

typedef int read_fn(struct session *s, const struct uuid *ids, size_t count,
		    struct directory_facts *out, struct error *err);

static const struct {
	read_fn *read;
	const char *what;
} readers[DIRECTORY_KINDS] = {
	[DIRECTORY_ORGANIZATIONS] = { read_organizations, "reading organizations" },
	[DIRECTORY_USERS] = { read_users, "reading users" },
	[DIRECTORY_GROUPS] = { read_groups, "reading groups" },
	[DIRECTORY_WORKSPACES] = { read_workspaces, "reading workspaces" },
};

/* ---- ids of each kind ---- */

struct wanted_ids {
	struct uuid *list[DIRECTORY_KINDS];
	size_t count[DIRECTORY_KINDS];
	bool with_switch; /* which has no id */
};

/* Makes room for that many of each kind. */
static void ids_init(struct session *s, struct wanted_ids *ids, const size_t room[])
{
	*ids = (struct wanted_ids){ 0 };
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		ids->list[kind] =
			arena_alloc(&s->arena, (room[kind] + 1) * sizeof(*ids->list[kind]));
}

static void add_id(struct wanted_ids *ids, enum directory_kind kind, const struct uuid *id)
{
	ids->list[kind][ids->count[kind]++] = *id;
}

static int read_ids(struct session *s, struct meter *m, struct wanted_ids *ids,
		    struct directory_facts *out, struct error *err)
{
	struct directory_facts facts = { 0 };
	size_t total = 1; /* for the switch */
	int rc = 0;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		ids->count[kind] = uuid_sort(ids->list[kind], ids->count[kind]);
		total += ids->count[kind];
	}
	facts.list = arena_alloc(&s->arena, total * sizeof(*facts.list));
	for (int kind = 0; !rc && kind < DIRECTORY_KINDS; kind++)
		for (size_t i = 0; !rc && i < ids->count[kind]; i += SLICE_MAX) {
			meter_show(m, readers[kind].what, i, ids->count[kind]);
			rc = readers[kind].read(s, ids->list[kind] + i,
						slice_size(ids->count[kind], i), &facts, err);
		}
	if (!rc && ids->with_switch)
		rc = read_switch(s, &facts, err);
	if (!rc)
		*out = facts;
	return rc;
}

/* ---- public ---- */

static void count_kinds(const struct directory_facts *f, size_t room[DIRECTORY_KINDS])
{
	for (size_t i = 0; f && i < f->count; i++)
		room[directory_kind(&f->list[i])]++;
}

static void add_ids_of(struct wanted_ids *ids, const struct directory_facts *f)
{
	for (size_t i = 0; f && i < f->count; i++) {
		enum directory_kind kind = directory_kind(&f->list[i]);

		if (kind != DIRECTORY_SWITCH)
			add_id(ids, kind, directory_id(&f->list[i]));
	}
}

int directory_read_same(struct session *s, struct meter *m, const struct directory_facts *wanted,
			struct directory_facts *out, struct error *err)
{
	size_t room[DIRECTORY_KINDS] = { 0 };
	struct wanted_ids ids;

	count_kinds(wanted, room);
	ids_init(s, &ids, room);
	add_ids_of(&ids, wanted);
	ids.with_switch = true;
	return read_ids(s, m, &ids, out, err);
}

int directory_read_others(struct session *s, struct meter *m, const struct directory_diff *diff,
			  struct directory_facts *out, struct error *err)
{
	size_t room[DIRECTORY_KINDS] = { 0 };
	struct wanted_ids ids;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		room[kind] = directory_shares_ids((enum directory_kind)kind) ? diff->count : 0;
	ids_init(s, &ids, room);
	for (size_t i = 0; i < diff->count; i++) {
		const struct directory_change *c = &diff->list[i];

		if (c->verb != DIRECTORY_CREATE || !directory_shares_ids(c->kind))
			continue;
		for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
			if (room[kind] && kind != (int)c->kind)
				add_id(&ids, (enum directory_kind)kind, directory_id(c->new));
	}
	return read_ids(s, m, &ids, out, err);
}

static void add_scanned(struct wanted_ids *ids, enum directory_kind kind,
			const struct uuid_list *found)
{
	for (size_t i = 0; i < found->count; i++)
		add_id(ids, kind, &found->list[i]);
}

int directory_read_all(struct session *s, struct meter *m, unsigned kinds,
		       const struct directory_facts *wanted, struct directory_facts *out,
		       struct error *err)
{
	size_t room[DIRECTORY_KINDS] = { 0 };
	struct wanted_ids ids;
	struct scanned all;
	unsigned what = (kinds & 1U << DIRECTORY_ORGANIZATIONS ? SCAN_ORGANIZATIONS : 0U) |
			(kinds & 1U << DIRECTORY_USERS ? SCAN_USERS : 0U) |
			(kinds & 1U << DIRECTORY_GROUPS ? SCAN_GROUPS : 0U) |
			(kinds & 1U << DIRECTORY_WORKSPACES ? SCAN_WORKSPACES : 0U);
	int rc;

	meter_show(m, "looking through the index", 0, 0);
	rc = scan_ids(inside_reader(s), what, &s->arena, &all, err);
	if (rc)
		return rc;
	count_kinds(wanted, room);
	room[DIRECTORY_ORGANIZATIONS] += all.organizations.count;
	room[DIRECTORY_USERS] += all.users.count;
	room[DIRECTORY_GROUPS] += all.groups.count;
	room[DIRECTORY_WORKSPACES] += all.workspaces.count;
	ids_init(s, &ids, room);
	add_ids_of(&ids, wanted);
	add_scanned(&ids, DIRECTORY_ORGANIZATIONS, &all.organizations);
	add_scanned(&ids, DIRECTORY_USERS, &all.users);
	add_scanned(&ids, DIRECTORY_GROUPS, &all.groups);
	add_scanned(&ids, DIRECTORY_WORKSPACES, &all.workspaces);
	ids.with_switch = true;
	return read_ids(s, m, &ids, out, err);
}

/* ---- what is referred to ---- */

static size_t references_max(const struct record *r)
{
	if (r->type == RECORD_USER_CHANGED)
		return r->as.user_changed.organization_count;
	return r->type == RECORD_GROUP_CHANGED ? r->as.group_changed.member_count + 1 : 2;
}

static void refer_to(struct wanted_ids *ids, const struct directory_finder *known,
		     enum directory_kind kind, const struct uuid *id)
{
	if (!directory_find(known, kind, id))
		add_id(ids, kind, id);
}

static void add_references(struct wanted_ids *ids, const struct directory_finder *known,
			   const struct record *r)
{
	if (r->type == RECORD_USER_CHANGED) {
		for (size_t i = 0; i < r->as.user_changed.organization_count; i++)
			refer_to(ids, known, DIRECTORY_ORGANIZATIONS,
				 &r->as.user_changed.organizations[i].id);
	} else if (r->type == RECORD_GROUP_CHANGED) {
		refer_to(ids, known, DIRECTORY_ORGANIZATIONS, &r->as.group_changed.organization_id);
		for (size_t i = 0; i < r->as.group_changed.member_count; i++)
			refer_to(ids, known, DIRECTORY_USERS, &r->as.group_changed.members[i]);
	} else if (r->type == RECORD_WORKSPACE_CHANGED) {
		refer_to(ids, known, DIRECTORY_ORGANIZATIONS,
			 &r->as.workspace_changed.organization_id);
		refer_to(ids, known, DIRECTORY_USERS, &r->as.workspace_changed.owner_id);
	}
}

int directory_read_referred(struct session *s, struct meter *m,
			    const struct directory_mentions *facts,
			    const struct directory_finder *known, struct directory_facts *out,
			    struct error *err)
{
	size_t room[DIRECTORY_KINDS] = { 0 };
	struct wanted_ids ids;

	for (size_t i = 0; i < facts->count; i++)
		room[DIRECTORY_USERS] += references_max(facts->list[i]);
	room[DIRECTORY_ORGANIZATIONS] = room[DIRECTORY_USERS];
	ids_init(s, &ids, room);
	for (size_t i = 0; i < facts->count; i++)
		add_references(&ids, known, facts->list[i]);
	return read_ids(s, m, &ids, out, err);
}
