#include "producer/operator/directory/read.h"

#include "cache/facts.h"
#include "cache/scan.h"
#include "producer/operator/directory/label.h"
#include "producer/operator/directory/reference.h"
#include "producer/operator/directory/slice.h"
#include "producer/operator/inside.h"

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

int directory_read_candidates(struct session *s, struct meter *m,
			      const struct directory_candidate *list, size_t count,
			      struct directory_facts *out, struct error *err)
{
	size_t room[DIRECTORY_KINDS] = { 0 };
	struct wanted_ids ids;

	for (size_t i = 0; i < count; i++)
		for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
			room[kind] += list[i].kinds >> kind & 1U;
	ids_init(s, &ids, room);
	for (size_t i = 0; i < count; i++)
		for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
			if (list[i].kinds >> kind & 1U)
				add_id(&ids, (enum directory_kind)kind, &list[i].id);
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

int directory_read_referred(struct session *s, struct meter *m,
			    const struct directory_mentions *facts,
			    const struct directory_finder *known, struct directory_facts *out,
			    struct error *err)
{
	size_t room[DIRECTORY_KINDS] = { 0 };
	struct wanted_ids ids;

	for (size_t i = 0; i < facts->count; i++)
		for (size_t k = 0; k < reference_count(facts->list[i]); k++)
			room[reference_at(facts->list[i], k).kind]++;
	ids_init(s, &ids, room);
	for (size_t i = 0; i < facts->count; i++)
		for (size_t k = 0; k < reference_count(facts->list[i]); k++) {
			struct reference r = reference_at(facts->list[i], k);

			if (!directory_find(known, r.kind, r.id))
				add_id(&ids, r.kind, r.id);
		}
	return read_ids(s, m, &ids, out, err);
}

/* ---- names that several have ---- */

typedef int bearers_fn(struct reader *r, const struct bytes *names, size_t count,
		       struct bearers *out, struct error *err);

/* Entities of one kind, and who has their names in the index. */
struct named_facts {
	enum directory_kind kind;
	bearers_fn *ask;
	struct bytes *names;
	struct uuid *ids;
	size_t count;
};

static void list_names(struct session *s, struct named_facts *n,
		       const struct directory_finder *facts)
{
	n->names = arena_alloc(&s->arena, (facts->count + 1) * sizeof(*n->names));
	n->ids = arena_alloc(&s->arena, (facts->count + 1) * sizeof(*n->ids));
	for (size_t i = 0; i < facts->count; i++) {
		const struct record *r = facts->list[i];

		if (directory_kind(r) != n->kind || directory_is_deleted(r) ||
		    !label_is_usable(directory_name(r)))
			continue;
		n->names[n->count] = directory_name(r);
		n->ids[n->count++] = *directory_id(r);
	}
}

/* Adds the ids of those whose names others have, too, to the list. */
static int add_doubles(struct session *s, struct meter *m, const struct named_facts *n,
		       struct uuid_list *out, struct error *err)
{
	struct bearers *found = arena_zalloc(&s->arena, n->count + 1, sizeof(*found));
	int rc = 0;

	for (size_t i = 0; !rc && i < n->count; i += SLICE_MAX) {
		meter_show(m, "looking up names", i, n->count);
		rc = n->ask(inside_reader(s), n->names + i, slice_size(n->count, i), found + i,
			    err);
	}
	for (size_t i = 0; !rc && i < n->count; i++)
		if (found[i].count > 1)
			out->list[out->count++] = n->ids[i];
	return rc;
}

int directory_read_doubles(struct session *s, struct meter *m, const struct directory_finder *facts,
			   bool users, struct uuid_list *out, struct error *err)
{
	struct named_facts organizations = { .kind = DIRECTORY_ORGANIZATIONS,
					     .ask = lookup_organization_names };
	struct named_facts people = { .kind = DIRECTORY_USERS, .ask = lookup_usernames };
	struct uuid_list found = { arena_alloc(&s->arena, (facts->count + 1) * sizeof(*found.list)),
				   0 };
	int rc;

	list_names(s, &organizations, facts);
	rc = add_doubles(s, m, &organizations, &found, err);
	if (!rc && users) {
		list_names(s, &people, facts);
		rc = add_doubles(s, m, &people, &found, err);
	}
	if (rc)
		return rc;
	found.count = uuid_sort(found.list, found.count);
	*out = found;
	return 0;
}
