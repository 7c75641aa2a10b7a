#include "producer/view.h"

#include "cache/access.h"
#include "cache/lookup.h"
#include "producer/ids.h"

#include <assert.h>
#include <stdlib.h>

/* Ids of one kind: sorted, without duplicates. */
struct id_list {
	struct uuid *ids;
	size_t count;
};

/* One call of view_workspaces(): the ids that occur, and what the index knows about them. */
struct view {
	struct reader *reader;
	struct arena *arena;
	struct id_list user_ids;
	struct id_list group_ids;
	struct id_list organization_ids;
	struct user_changed *users;
	struct group_changed *groups;
	struct organization_changed *organizations;
};

/* The index of an id in the list, which must have it. */
static size_t place_of(const struct id_list *l, const struct uuid *id)
{
	const struct uuid *at = bsearch(id, l->ids, l->count, sizeof(*l->ids), uuid_compare);

	assert(at);
	return (size_t)(at - l->ids);
}

/* ---- looking names up ---- */

static void collect_ids(struct view *v, const struct workspace *w)
{
	v->organization_ids.ids[v->organization_ids.count++] = w->organization_id;
	v->user_ids.ids[v->user_ids.count++] = w->owner_id;
	for (size_t i = 0; i < w->grant_count; i++) {
		const struct grant *g = &w->grants[i];

		v->user_ids.ids[v->user_ids.count++] = g->granted_by;
		if (g->subject.kind == SUBJECT_USER)
			v->user_ids.ids[v->user_ids.count++] = g->subject.id;
		else
			v->group_ids.ids[v->group_ids.count++] = g->subject.id;
	}
}

static void collect_all(struct view *v, const struct workspace *workspaces, size_t count)
{
	size_t grants = 0;

	for (size_t i = 0; i < count; i++)
		grants += workspaces[i].grant_count;
	v->user_ids.ids = arena_alloc(v->arena, (count + 2 * grants + 1) * sizeof(struct uuid));
	v->group_ids.ids = arena_alloc(v->arena, (grants + 1) * sizeof(struct uuid));
	v->organization_ids.ids = arena_alloc(v->arena, (count + 1) * sizeof(struct uuid));
	for (size_t i = 0; i < count; i++)
		collect_ids(v, &workspaces[i]);
	v->user_ids.count = uuid_sort(v->user_ids.ids, v->user_ids.count);
	v->group_ids.count = uuid_sort(v->group_ids.ids, v->group_ids.count);
	v->organization_ids.count = uuid_sort(v->organization_ids.ids, v->organization_ids.count);
}

static int look_up(struct view *v, struct error *err)
{
	struct reader *r = v->reader;
	const struct id_list *users = &v->user_ids;
	const struct id_list *groups = &v->group_ids;
	const struct id_list *organizations = &v->organization_ids;
	int rc;

	v->users = arena_zalloc(v->arena, users->count + 1, sizeof(*v->users));
	v->groups = arena_zalloc(v->arena, groups->count + 1, sizeof(*v->groups));
	v->organizations =
		arena_zalloc(v->arena, organizations->count + 1, sizeof(*v->organizations));
	rc = lookup_users(r, users->ids, users->count, v->arena, v->users, err);
	if (!rc)
		rc = lookup_groups(r, groups->ids, groups->count, v->arena, v->groups, err);
	if (!rc)
		rc = lookup_organizations(r, organizations->ids, organizations->count, v->arena,
					  v->organizations, err);
	return rc;
}

/* ---- what they are called ---- */

static const struct user_changed *user_of(const struct view *v, const struct uuid *id)
{
	return &v->users[place_of(&v->user_ids, id)];
}

static const char *user_name(const struct view *v, const struct uuid *id)
{
	const struct user_changed *u = user_of(v, id);

	if (u->username.data)
		return text_of(u->username);
	return uuid_is_nil(id) ? "system" : text_of(id_text(v->arena, id));
}

/* "Everyone" has the id of its organization, and no entry of its own. */
static const char *group_name(const struct view *v, const struct uuid *id)
{
	const struct id_list *organizations = &v->organization_ids;
	const struct group_changed *g = &v->groups[place_of(&v->group_ids, id)];

	if (g->name.data)
		return text_of(g->name);
	if (bsearch(id, organizations->ids, organizations->count, sizeof(*id), uuid_compare))
		return "Everyone";
	return text_of(id_text(v->arena, id));
}

/* ---- showing ---- */

static void show_grant(const struct view *v, const struct grant *g, struct sharebus_grant *out)
{
	bool user = g->subject.kind == SUBJECT_USER;

	*out = (struct sharebus_grant){
		.kind = (enum sharebus_subject_kind)g->subject.kind,
		.id = public_id(&g->subject.id),
		.name = user ? user_name(v, &g->subject.id) : group_name(v, &g->subject.id),
		.display_name = user ? text_of(user_of(v, &g->subject.id)->name) : "",
		.role = (enum sharebus_role)g->role,
		.granted_by = public_id(&g->granted_by),
		.granted_by_name = user_name(v, &g->granted_by),
		.granted_at = g->granted_at,
		.expires_at = time_of(g->expires_at),
	};
}

static int by_name(const void *a, const void *b)
{
	const struct sharebus_grant *x = a;
	const struct sharebus_grant *y = b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->name, y->name);
}

static void show_workspace(const struct view *v, const struct workspace *w,
			   struct sharebus_workspace *out)
{
	struct sharebus_grant *grants =
		arena_alloc(v->arena, (w->grant_count + 1) * sizeof(*grants));
	int64_t now = reader_time(v->reader, &w->id);
	size_t count = 0;

	for (size_t i = 0; i < w->grant_count; i++)
		if (!grant_expired(&w->grants[i], now))
			show_grant(v, &w->grants[i], &grants[count++]);
	qsort(grants, count, sizeof(*grants), by_name);
	*out = (struct sharebus_workspace){
		.id = public_id(&w->id),
		.name = text_of(arena_copy(v->arena, w->name)),
		.owner = public_id(&w->owner_id),
		.owner_name = user_name(v, &w->owner_id),
		.organization = public_id(&w->organization_id),
		.organization_name = text_of(
			v->organizations[place_of(&v->organization_ids, &w->organization_id)].name),
		.dormant = w->status == WORKSPACE_DORMANT,
		.version = w->version,
		.grants = grants,
		.grant_count = count,
	};
}

int view_workspaces(const struct viewing *how, const struct workspace *workspaces, size_t count,
		    struct sharebus_workspace *out, struct error *err)
{
	struct view v = { .reader = how->reader, .arena = how->arena };
	int rc;

	collect_all(&v, workspaces, count);
	rc = look_up(&v, err);
	for (size_t i = 0; !rc && i < count; i++)
		show_workspace(&v, &workspaces[i], &out[i]);
	return rc;
}
