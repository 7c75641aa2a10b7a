#include "producer/cli/grants.h"

#include "ops/support/clock.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "producer/cli/text.h"

#include <jansson.h>
#include <stdio.h>

struct bytes time_cell(struct session *s, int64_t ms)
{
	char text[RFC3339_SIZE];

	if (!ms)
		return (struct bytes){ 0 };
	clock_format_rfc3339(text, ms);
	return arena_printf(&s->arena, "%s", text);
}

static bool has_expiry(const struct sharebus_workspace *w)
{
	for (size_t i = 0; i < w->grant_count; i++)
		if (w->grants[i].expires_at)
			return true;
	return false;
}

void grants_print(struct session *s, const struct sharebus_workspace *w)
{
	static const char *const titles[] = { "USER", "GROUP", "ROLE", "EXPIRES", "BY", "SINCE" };
	enum { ROLES = 3, EXPIRES = 4, WIDE = 6 }; /* how many columns are shown */
	struct table t;

	if (!w->grant_count) {
		(void)fflush(stdout);
		(void)fprintf(stderr, "Workspace %s is not shared with anybody.\n",
			      (const char *)printable(bytes_of(w->name), &s->arena).data);
		return;
	}
	table_init(&t, &s->arena, titles, s->wide ? WIDE : has_expiry(w) ? EXPIRES : ROLES);
	for (size_t i = 0; i < w->grant_count; i++) {
		const struct sharebus_grant *g = &w->grants[i];
		bool user = g->kind == SHAREBUS_USER;
		const struct bytes cells[] = {
			bytes_of(user ? g->name : NULL),       bytes_of(user ? NULL : g->name),
			bytes_of(sharebus_role_name(g->role)), time_cell(s, g->expires_at),
			bytes_of(g->granted_by_name),          time_cell(s, g->granted_at),
		};

		table_add(&t, cells);
	}
	table_print(&t);
}

static json_t *grant_json(const struct sharebus_grant *g)
{
	bool user = g->kind == SHAREBUS_USER;
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", id_json(&g->id));
	if (user)
		(void)json_object_set_new(o, "username", json_text(bytes_of(g->name)));
	(void)json_object_set_new(o, "name", json_text(bytes_of(user ? g->display_name : g->name)));
	(void)json_object_set_new(o, "role", json_string(sharebus_role_name(g->role)));
	(void)json_object_set_new(o, "granted_by", json_text(bytes_of(g->granted_by_name)));
	(void)json_object_set_new(o, "granted_at", time_json(g->granted_at));
	(void)json_object_set_new(o, "expires_at", time_json(g->expires_at));
	return o;
}

json_t *workspace_json(const struct sharebus_workspace *w)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", id_json(&w->id));
	(void)json_object_set_new(o, "name", json_text(bytes_of(w->name)));
	(void)json_object_set_new(o, "owner_id", id_json(&w->owner));
	(void)json_object_set_new(o, "owner_name", json_text(bytes_of(w->owner_name)));
	(void)json_object_set_new(o, "organization_id", id_json(&w->organization));
	(void)json_object_set_new(o, "organization_name",
				  json_text(bytes_of(w->organization_name)));
	(void)json_object_set_new(o, "status", json_string(w->dormant ? "dormant" : "active"));
	return o;
}

json_t *grants_json(const struct sharebus_workspace *w)
{
	json_t *o = json_object();
	json_t *users = json_array();
	json_t *groups = json_array();

	for (size_t i = 0; i < w->grant_count; i++)
		(void)json_array_append_new(w->grants[i].kind == SHAREBUS_USER ? users : groups,
					    grant_json(&w->grants[i]));
	(void)json_object_set_new(o, "workspace", workspace_json(w));
	(void)json_object_set_new(o, "version", json_integer(w->version));
	(void)json_object_set_new(o, "users", users);
	(void)json_object_set_new(o, "group", groups);
	return o;
}
