#include "producer/grants.h"

#include "ops/support/clock.h"
#include "producer/print.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- looking names up ---- */

/* Ids of one kind, each once, sorted, with their names. */
struct directory_ids {
	struct uuid *ids;
	size_t count;
};

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

static void unique(struct directory_ids *l)
{
	size_t kept = 0;

	qsort(l->ids, l->count, sizeof(*l->ids), by_id);
	for (size_t i = 0; i < l->count; i++)
		if (!kept || !uuid_equal(&l->ids[kept - 1], &l->ids[i]))
			l->ids[kept++] = l->ids[i];
	l->count = kept;
}

struct names {
	struct directory_ids user_ids;
	struct directory_ids group_ids;
	struct directory_ids organization_ids;
	struct user_changed *users;
	struct group_changed *groups;
	struct organization_changed *organizations;
};

static void collect(struct names *n, const struct workspace *w)
{
	n->organization_ids.ids[n->organization_ids.count++] = w->organization_id;
	n->user_ids.ids[n->user_ids.count++] = w->owner_id;
	for (size_t i = 0; i < w->grant_count; i++) {
		const struct grant *g = &w->grants[i];

		n->user_ids.ids[n->user_ids.count++] = g->granted_by;
		if (g->subject.kind == SUBJECT_USER)
			n->user_ids.ids[n->user_ids.count++] = g->subject.id;
		else
			n->group_ids.ids[n->group_ids.count++] = g->subject.id;
	}
}

static int look_up(struct session *s, struct names *n, struct error *err)
{
	int rc;

	unique(&n->user_ids);
	unique(&n->group_ids);
	unique(&n->organization_ids);
	n->users = arena_zalloc(&s->arena, n->user_ids.count + 1, sizeof(*n->users));
	n->groups = arena_zalloc(&s->arena, n->group_ids.count + 1, sizeof(*n->groups));
	n->organizations =
		arena_zalloc(&s->arena, n->organization_ids.count + 1, sizeof(*n->organizations));
	rc = lookup_users(s->reader, n->user_ids.ids, n->user_ids.count, &s->arena, n->users, err);
	if (!rc)
		rc = lookup_groups(s->reader, n->group_ids.ids, n->group_ids.count, &s->arena,
				   n->groups, err);
	if (!rc)
		rc = lookup_organizations(s->reader, n->organization_ids.ids,
					  n->organization_ids.count, &s->arena, n->organizations,
					  err);
	return rc;
}

/* Where the id stands in the list, which holds it. */
static size_t place(const struct directory_ids *l, const struct uuid *id)
{
	const struct uuid *at = bsearch(id, l->ids, l->count, sizeof(*l->ids), by_id);

	return (size_t)(at - l->ids);
}

static struct bytes id_text(struct session *s, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return arena_printf(&s->arena, "%s", text);
}

/* The group of everyone has the id of its organization, and no entry of its own. */
static struct bytes group_name(struct session *s, const struct names *n, const struct uuid *id)
{
	const struct group_changed *g = &n->groups[place(&n->group_ids, id)];

	if (g->name.data)
		return g->name;
	if (bsearch(id, n->organization_ids.ids, n->organization_ids.count, sizeof(*id), by_id))
		return bytes_of("Everyone");
	return id_text(s, id);
}

static void show_grant(struct session *s, const struct names *n, const struct grant *g,
		       struct shown_grant *out)
{
	const struct user_changed *by = &n->users[place(&n->user_ids, &g->granted_by)];

	*out = (struct shown_grant){ .grant = *g };
	out->granted_by = by->username.data             ? by->username
			  : uuid_is_nil(&g->granted_by) ? bytes_of("system")
							: id_text(s, &g->granted_by);
	if (g->subject.kind == SUBJECT_GROUP) {
		out->name = group_name(s, n, &g->subject.id);
		return;
	}
	out->name = n->users[place(&n->user_ids, &g->subject.id)].username;
	out->display_name = n->users[place(&n->user_ids, &g->subject.id)].name;
	if (!out->name.data)
		out->name = id_text(s, &g->subject.id);
}

static int by_name(const void *a, const void *b)
{
	const struct shown_grant *x = a;
	const struct shown_grant *y = b;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order;

	if (x->grant.subject.kind != y->grant.subject.kind)
		return x->grant.subject.kind < y->grant.subject.kind ? -1 : 1;
	order = memcmp(x->name.data, y->name.data, len);
	if (order)
		return order;
	return x->name.len < y->name.len ? -1 : x->name.len > y->name.len;
}

static void show(struct session *s, const struct names *n, const struct workspace *w,
		 struct grants_view *out)
{
	out->workspace = w;
	out->owner = n->users[place(&n->user_ids, &w->owner_id)];
	out->organization = n->organizations[place(&n->organization_ids, &w->organization_id)];
	out->grants = arena_alloc(&s->arena, (w->grant_count + 1) * sizeof(*out->grants));
	out->count = w->grant_count;
	for (size_t i = 0; i < w->grant_count; i++)
		show_grant(s, n, &w->grants[i], &out->grants[i]);
	qsort(out->grants, out->count, sizeof(*out->grants), by_name);
}

int grants_view(struct session *s, const struct workspace *workspaces, size_t count,
		struct grants_view *views, struct error *err)
{
	struct names n = { 0 };
	size_t grants = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		grants += workspaces[i].grant_count;
	n.user_ids.ids = arena_alloc(&s->arena, (count + 2 * grants + 1) * sizeof(struct uuid));
	n.group_ids.ids = arena_alloc(&s->arena, (grants + 1) * sizeof(struct uuid));
	n.organization_ids.ids = arena_alloc(&s->arena, (count + 1) * sizeof(struct uuid));
	for (size_t i = 0; i < count; i++)
		collect(&n, &workspaces[i]);
	rc = look_up(s, &n, err);
	for (size_t i = 0; !rc && i < count; i++)
		show(s, &n, &workspaces[i], &views[i]);
	return rc;
}

/* ---- printing ---- */

static struct bytes time_text(struct session *s, int64_t ms)
{
	char text[RFC3339_SIZE];

	if (ms == ABSENT)
		return (struct bytes){ 0 };
	clock_format_rfc3339(text, ms);
	return arena_printf(&s->arena, "%s", text);
}

void grants_print(struct session *s, const struct grants_view *v)
{
	static const char *const titles[] = { "USER", "GROUP", "ROLE", "EXPIRES", "BY", "SINCE" };
	struct bytes name = printable(v->workspace->name, &s->arena);
	struct table t;

	if (!v->count) {
		(void)fflush(stdout);
		(void)fprintf(stderr, "Workspace %s is not shared with anybody.\n",
			      (const char *)name.data);
		return;
	}
	table_init(&t, &s->arena, titles, s->wide ? 6 : 3);
	for (size_t i = 0; i < v->count; i++) {
		const struct shown_grant *g = &v->grants[i];
		bool user = g->grant.subject.kind == SUBJECT_USER;
		const struct bytes cells[] = {
			user ? g->name : (struct bytes){ 0 },
			user ? (struct bytes){ 0 } : g->name,
			bytes_of(role_name(g->grant.role)),
			time_text(s, g->grant.expires_at),
			g->granted_by,
			time_text(s, g->grant.granted_at),
		};

		table_add(&t, cells);
	}
	table_print(&t);
}

static json_t *json_id(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return json_string(text);
}

static json_t *json_time(int64_t ms)
{
	char text[RFC3339_SIZE];

	if (ms == ABSENT)
		return json_null();
	clock_format_rfc3339(text, ms);
	return json_string(text);
}

static json_t *grant_json(const struct shown_grant *g)
{
	bool user = g->grant.subject.kind == SUBJECT_USER;
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", json_id(&g->grant.subject.id));
	if (user)
		(void)json_object_set_new(o, "username", json_text(g->name));
	(void)json_object_set_new(o, "name", json_text(user ? g->display_name : g->name));
	(void)json_object_set_new(o, "role", json_string(role_name(g->grant.role)));
	(void)json_object_set_new(o, "granted_by", json_text(g->granted_by));
	(void)json_object_set_new(o, "granted_at", json_time(g->grant.granted_at));
	(void)json_object_set_new(o, "expires_at", json_time(g->grant.expires_at));
	return o;
}

json_t *workspace_json(const struct grants_view *v)
{
	const struct workspace *w = v->workspace;
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", json_id(&w->id));
	(void)json_object_set_new(o, "name", json_text(w->name));
	(void)json_object_set_new(o, "owner_id", json_id(&w->owner_id));
	(void)json_object_set_new(o, "owner_name", json_text(v->owner.username));
	(void)json_object_set_new(o, "organization_id", json_id(&w->organization_id));
	(void)json_object_set_new(o, "organization_name", json_text(v->organization.name));
	(void)json_object_set_new(
		o, "status", json_string(symbol_name(workspace_status_symbols, (int)w->status)));
	return o;
}

json_t *grants_json(const struct grants_view *v)
{
	json_t *o = json_object();
	json_t *users = json_array();
	json_t *groups = json_array();

	for (size_t i = 0; i < v->count; i++)
		(void)json_array_append_new(
			v->grants[i].grant.subject.kind == SUBJECT_USER ? users : groups,
			grant_json(&v->grants[i]));
	(void)json_object_set_new(o, "workspace", workspace_json(v));
	(void)json_object_set_new(o, "version", json_integer(v->workspace->version));
	(void)json_object_set_new(o, "users", users);
	(void)json_object_set_new(o, "group", groups);
	return o;
}
