#include "producer/operator/directory/show_file.h"

#include "producer/cli/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	return label_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void set_text(json_t *o, const char *key, struct bytes text)
{
	(void)json_object_set_new(o, key, json_text(text.data ? text : bytes_of("")));
}

static void set_symbol(json_t *o, const char *key, const char *const *symbols, int value)
{
	(void)json_object_set_new(o, key, json_string(symbol_name(symbols, value)));
}

/* Others may list an organization twice; the first counts, and a file has no other. */
static void set_memberships(const struct shown *v, json_t *o, const struct user_changed *u)
{
	json_t *list = json_array();

	for (size_t i = 0; i < u->organization_count; i++) {
		json_t *m;

		if (user_membership(u, &u->organizations[i].id) != &u->organizations[i])
			continue;
		m = json_object();
		set_text(m, "name", shown_organization(v, &u->organizations[i].id));
		set_symbol(m, "role", organization_role_symbols, (int)u->organizations[i].role);
		(void)json_array_append_new(list, m);
	}
	(void)json_object_set_new(o, "organizations", list);
}

static void set_members(const struct shown *v, json_t *o, const struct group_changed *g)
{
	struct arena arena;
	const struct labels labels = { &v->names, &arena, v->doubles };
	struct bytes *names;
	json_t *list = json_array();

	arena_init(&arena);
	names = arena_alloc(&arena, (g->member_count + 1) * sizeof(*names));
	for (size_t i = 0; i < g->member_count; i++)
		names[i] = label_user(&labels, &g->members[i]);
	qsort(names, g->member_count, sizeof(*names), by_name);
	for (size_t i = 0; i < g->member_count; i++)
		(void)json_array_append_new(list, json_text(names[i]));
	(void)json_object_set_new(o, "members", list);
	arena_done(&arena);
}

static void set_user(const struct shown *v, json_t *o, const struct user_changed *u)
{
	set_text(o, "name", u->name);
	set_text(o, "email", u->email);
	set_symbol(o, "status", user_status_symbols, (int)u->status);
	set_symbol(o, "kind", user_kind_symbols, (int)u->kind);
	set_symbol(o, "site_role", site_role_symbols, (int)u->site_role);
	set_memberships(v, o, u);
}

static void set_lifetime(json_t *o, const struct organization_changed *organization)
{
	if (organization->grant_lifetime_max_ms != ABSENT)
		(void)json_object_set_new(o, "grant_lifetime_max_ms",
					  json_integer(organization->grant_lifetime_max_ms));
}

static json_t *entry_json(const struct shown *v, const struct shown_entry *e)
{
	const struct record *r = e->record;
	char id[UUID_TEXT_SIZE];
	json_t *o = json_object();

	uuid_format(id, directory_id(r));
	set_text(o, r->type == RECORD_USER_CHANGED ? "username" : "name", e->name);
	(void)json_object_set_new(o, "id", json_string(id));
	if (r->type == RECORD_ORGANIZATION_CHANGED) {
		set_symbol(o, "sharing", sharing_policy_symbols,
			   (int)r->as.organization_changed.sharing);
		set_lifetime(o, &r->as.organization_changed);
	} else if (r->type == RECORD_USER_CHANGED) {
		set_user(v, o, &r->as.user_changed);
	} else if (r->type == RECORD_GROUP_CHANGED) {
		set_text(o, "organization", e->parent);
		set_members(v, o, &r->as.group_changed);
	} else if (r->type == RECORD_WORKSPACE_CHANGED) {
		set_text(o, "owner", e->parent);
		set_text(o, "organization",
			 shown_organization(v, &r->as.workspace_changed.organization_id));
		set_symbol(o, "status", workspace_status_symbols,
			   (int)r->as.workspace_changed.status);
	}
	return o;
}

/* One entry a line, so that the file can be searched and compared line by line. */
static void print_section(const struct shown *v, enum directory_kind kind)
{
	struct shown_section section = shown_section(v, kind);

	(void)printf("  \"%s\": [", directory_kinds[kind].section);
	for (size_t i = 0; i < section.count; i++) {
		json_t *o = entry_json(v, &section.list[i]);

		(void)printf("%s\n    ", i ? "," : "");
		(void)json_dumpf(o, stdout, 0);
		json_decref(o);
	}
	(void)printf("%s]", section.count ? "\n  " : "");
}

void show_file(const struct shown *v)
{
	const char *before = "{\n";

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		if (!(v->kinds & 1U << kind))
			continue;
		(void)printf("%s", before);
		if (kind == DIRECTORY_SWITCH)
			(void)printf("  \"%s\": %s", directory_kinds[kind].section,
				     shown_sharing(v) ? "true" : "false");
		else
			print_section(v, (enum directory_kind)kind);
		before = ",\n";
	}
	(void)printf("\n}\n");
}
