#include "producer/view.h"

#include "cache/access.h"
#include "producer/ids.h"
#include "producer/roster.h"

#include <stdlib.h>

static void collect_ids(struct roster *r, const struct workspace *w)
{
	roster_add_organization(r, &w->organization_id);
	roster_add_user(r, &w->owner_id);
	for (size_t i = 0; i < w->grant_count; i++) {
		roster_add_user(r, &w->grants[i].granted_by);
		roster_add_subject(r, &w->grants[i].subject);
	}
}

static void show_grant(const struct roster *r, const struct grant *g, struct sharebus_grant *out)
{
	bool user = g->subject.kind == SUBJECT_USER;

	*out = (struct sharebus_grant){
		.kind = (enum sharebus_subject_kind)g->subject.kind,
		.id = public_id(&g->subject.id),
		.name = roster_subject_name(r, &g->subject),
		.display_name = user ? text_of(roster_user(r, &g->subject.id)->name) : "",
		.role = (enum sharebus_role)g->role,
		.granted_by = public_id(&g->granted_by),
		.granted_by_name = roster_user_name(r, &g->granted_by),
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

static void show_workspace(const struct roster *r, const struct workspace *w,
			   struct sharebus_workspace *out)
{
	struct sharebus_grant *grants =
		arena_alloc(r->arena, (w->grant_count + 1) * sizeof(*grants));
	int64_t now = reader_time(r->reader, &w->id);
	size_t count = 0;

	for (size_t i = 0; i < w->grant_count; i++)
		if (!grant_expired(&w->grants[i], now))
			show_grant(r, &w->grants[i], &grants[count++]);
	qsort(grants, count, sizeof(*grants), by_name);
	*out = (struct sharebus_workspace){
		.id = public_id(&w->id),
		.name = text_of(arena_copy(r->arena, w->name)),
		.owner = public_id(&w->owner_id),
		.owner_name = roster_user_name(r, &w->owner_id),
		.organization = public_id(&w->organization_id),
		.organization_name = roster_organization_name(r, &w->organization_id),
		.dormant = w->status == WORKSPACE_DORMANT,
		.version = w->version,
		.grants = grants,
		.grant_count = count,
	};
}

int view_workspaces(const struct viewing *how, const struct workspace *workspaces, size_t count,
		    struct sharebus_workspace *out, struct error *err)
{
	struct roster r = { .reader = how->reader, .arena = how->arena };
	int rc;

	for (size_t i = 0; i < count; i++)
		collect_ids(&r, &workspaces[i]);
	rc = roster_look_up(&r, err);
	for (size_t i = 0; !rc && i < count; i++)
		show_workspace(&r, &workspaces[i], &out[i]);
	return rc;
}
