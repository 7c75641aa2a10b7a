/* sharebus directory show: what the index holds, for people, or as a directory file. */

#include "producer/cli/print.h"
#include "producer/operator/commands.h"
#include "producer/operator/directory_read.h"
#include "producer/operator/directory_report.h"
#include "producer/operator/inside.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLAG_FIRST = 1, ALL_KINDS = (1 << DIRECTORY_KINDS) - 1 }; /* one flag a kind */

const struct flag directory_show_flags[] = {
	{ "organizations", FLAG_FIRST + DIRECTORY_ORGANIZATIONS, NULL, "only organizations" },
	{ "users", FLAG_FIRST + DIRECTORY_USERS, NULL, "only users, without the deleted ones" },
	{ "groups", FLAG_FIRST + DIRECTORY_GROUPS, NULL, "only groups" },
	{ "workspaces", FLAG_FIRST + DIRECTORY_WORKSPACES, NULL, "only workspaces" },
	{ NULL, 0, NULL, NULL },
};

/* A fact with what it is sorted by: "acme" and "contractor", "erin" and "dev", "" and "alice". */
struct shown {
	const struct record *record;
	struct bytes parent;
	struct bytes name;
};

struct showing {
	struct session *s;
	unsigned kinds;
	struct shown *list; /* by kind, parent and name */
	size_t count;
	struct directory_finder names;
};

/* ---- what is shown ---- */

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int by_bytes(const void *a, const void *b)
{
	return compare_bytes(*(const struct bytes *)a, *(const struct bytes *)b);
}

static int by_title(const void *a, const void *b)
{
	const struct shown *x = a;
	const struct shown *y = b;
	enum directory_kind kinds[] = { directory_kind(x->record), directory_kind(y->record) };
	int order = compare_bytes(x->parent, y->parent);

	if (kinds[0] != kinds[1])
		return kinds[0] < kinds[1] ? -1 : 1;
	if (!order)
		order = compare_bytes(x->name, y->name);
	return order ? order
		     : memcmp(directory_id(x->record), directory_id(y->record),
			      sizeof(struct uuid));
}

static struct bytes organization_name(const struct showing *v, const struct uuid *id)
{
	return directory_organization_name(&v->names, id, &v->s->arena);
}

static struct bytes user_name(const struct showing *v, const struct uuid *id)
{
	return directory_user_name(&v->names, id, &v->s->arena);
}

static struct shown title_of(const struct showing *v, const struct record *r)
{
	struct shown out = { .record = r, .parent = bytes_of("") };

	if (r->type == RECORD_ORGANIZATION_CHANGED) {
		out.name = r->as.organization_changed.name;
	} else if (r->type == RECORD_USER_CHANGED) {
		out.name = r->as.user_changed.username;
	} else if (r->type == RECORD_GROUP_CHANGED) {
		out.parent = organization_name(v, &r->as.group_changed.organization_id);
		out.name = r->as.group_changed.name;
	} else if (r->type == RECORD_WORKSPACE_CHANGED) {
		out.parent = user_name(v, &r->as.workspace_changed.owner_id);
		out.name = r->as.workspace_changed.name;
	}
	return out;
}

/* The name of a deleted user is free, so nothing in a directory file can be said of them. */
static bool is_shown(const struct showing *v, const struct record *r)
{
	if (r->type == RECORD_USER_CHANGED && r->as.user_changed.status == USER_DELETED)
		return false;
	return v->kinds & 1U << directory_kind(r);
}

static void list_shown(struct showing *v, const struct directory_facts *have)
{
	v->list = arena_alloc(&v->s->arena, (have->count + 1) * sizeof(*v->list));
	for (size_t i = 0; i < have->count; i++)
		if (is_shown(v, &have->list[i]))
			v->list[v->count++] = title_of(v, &have->list[i]);
	qsort(v->list, v->count, sizeof(*v->list), by_title);
}

static int read_all(struct showing *v, struct meter *m, struct error *err)
{
	struct arena *arena = &v->s->arena;
	struct directory_facts *have = arena_zalloc(arena, 2, sizeof(*have));
	const struct directory_facts *lists[] = { &have[0], &have[1] };
	struct directory_mentions facts = { 0 };
	int rc = inside_open_reader(v->s, err);

	if (!rc)
		rc = directory_read_all(v->s, m, v->kinds, NULL, &have[0], err);
	if (rc)
		return rc;
	facts.list = arena_alloc(arena, (have[0].count + 1) * sizeof(const struct record *));
	for (; facts.count < have[0].count; facts.count++)
		facts.list[facts.count] = &have[0].list[facts.count];
	directory_finder_init(&v->names, lists, 1, arena);
	rc = directory_read_referred(v->s, m, &facts, &v->names, &have[1], err);
	if (rc)
		return rc;
	directory_finder_init(&v->names, lists, 2, arena);
	list_shown(v, &have[0]);
	return 0;
}

/* ---- as a directory file ---- */

static void set_text(json_t *o, const char *key, struct bytes text)
{
	(void)json_object_set_new(o, key, json_text(text.data ? text : bytes_of("")));
}

static void set_symbol(json_t *o, const char *key, const char *const *symbols, int value)
{
	(void)json_object_set_new(o, key, json_string(symbol_name(symbols, value)));
}

static void set_memberships(const struct showing *v, json_t *o, const struct user_changed *u)
{
	json_t *list = json_array();

	for (size_t i = 0; i < u->organization_count; i++) {
		json_t *m = json_object();

		set_text(m, "name", organization_name(v, &u->organizations[i].id));
		set_symbol(m, "role", organization_role_symbols, (int)u->organizations[i].role);
		(void)json_array_append_new(list, m);
	}
	(void)json_object_set_new(o, "organizations", list);
}

static void set_members(const struct showing *v, json_t *o, const struct group_changed *g)
{
	struct arena arena;
	struct bytes *names;
	json_t *list = json_array();

	arena_init(&arena);
	names = arena_alloc(&arena, (g->member_count + 1) * sizeof(*names));
	for (size_t i = 0; i < g->member_count; i++)
		names[i] = directory_user_name(&v->names, &g->members[i], &arena);
	qsort(names, g->member_count, sizeof(*names), by_bytes);
	for (size_t i = 0; i < g->member_count; i++)
		(void)json_array_append_new(list, json_text(names[i]));
	(void)json_object_set_new(o, "members", list);
	arena_done(&arena);
}

static void set_user(const struct showing *v, json_t *o, const struct user_changed *u)
{
	set_text(o, "name", u->name);
	set_text(o, "email", u->email);
	set_symbol(o, "status", user_status_symbols, (int)u->status);
	set_symbol(o, "kind", user_kind_symbols, (int)u->kind);
	set_symbol(o, "site_role", site_role_symbols, (int)u->site_role);
	set_memberships(v, o, u);
}

static json_t *entry_json(const struct showing *v, const struct shown *e)
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
	} else if (r->type == RECORD_USER_CHANGED) {
		set_user(v, o, &r->as.user_changed);
	} else if (r->type == RECORD_GROUP_CHANGED) {
		set_text(o, "organization", e->parent);
		set_members(v, o, &r->as.group_changed);
	} else if (r->type == RECORD_WORKSPACE_CHANGED) {
		set_text(o, "owner", e->parent);
		set_text(o, "organization",
			 organization_name(v, &r->as.workspace_changed.organization_id));
		set_symbol(o, "status", workspace_status_symbols,
			   (int)r->as.workspace_changed.status);
	}
	return o;
}

/* A section of the file, an entry a line: so it can be read, searched, and compared by line. */
static void print_section(const struct showing *v, enum directory_kind kind)
{
	bool any = false;

	(void)printf("  \"%s\": [", directory_kinds[kind].section);
	for (size_t i = 0; i < v->count; i++) {
		json_t *o;

		if (directory_kind(v->list[i].record) != kind)
			continue;
		o = entry_json(v, &v->list[i]);
		(void)printf("%s\n    ", any ? "," : "");
		(void)json_dumpf(o, stdout, 0);
		json_decref(o);
		any = true;
	}
	(void)printf("%s]", any ? "\n  " : "");
}

static void print_switch(const struct showing *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->list[i].record->type == RECORD_DEPLOYMENT_CHANGED)
			(void)printf("  \"%s\": %s", directory_kinds[DIRECTORY_SWITCH].section,
				     v->list[i].record->as.deployment_changed.sharing_enabled
					     ? "true"
					     : "false");
}

static void print_file(const struct showing *v)
{
	const char *before = "{\n";

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		if (!(v->kinds & 1U << kind))
			continue;
		(void)printf("%s", before);
		if (kind == DIRECTORY_SWITCH)
			print_switch(v);
		else
			print_section(v, (enum directory_kind)kind);
		before = ",\n";
	}
	(void)printf("\n}\n");
}

/* ---- for people ---- */

static void print_counts(const struct showing *v)
{
	static const char *const titles[] = { "KIND", "COUNT" };
	struct arena *arena = &v->s->arena;
	size_t counts[DIRECTORY_KINDS] = { 0 };
	bool on = true;
	struct table t;

	for (size_t i = 0; i < v->count; i++) {
		const struct record *r = v->list[i].record;

		counts[directory_kind(r)]++;
		if (r->type == RECORD_DEPLOYMENT_CHANGED)
			on = r->as.deployment_changed.sharing_enabled;
	}
	table_init(&t, arena, titles, 2);
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		if (kind != DIRECTORY_SWITCH)
			table_add(&t, (const struct bytes[]){
					      bytes_of(directory_kinds[kind].section),
					      arena_printf(arena, "%zu", counts[kind]) });
	table_print(&t);
	(void)printf("Sharing is %s in this deployment.\n", on ? "on" : "off");
}

static struct bytes text_of_memberships(const struct showing *v, const struct user_changed *u)
{
	struct bytes text = bytes_of("");

	for (size_t i = 0; i < u->organization_count; i++) {
		struct bytes name = organization_name(v, &u->organizations[i].id);

		text = arena_printf(&v->s->arena, "%.*s%s%.*s%s", (int)text.len,
				    (const char *)text.data, i ? ", " : "", (int)name.len,
				    (const char *)name.data,
				    u->organizations[i].role == ORGANIZATION_ADMIN ? ":admin" : "");
	}
	return text;
}

static struct bytes symbol(const char *const *symbols, int value)
{
	return bytes_of(symbol_name(symbols, value));
}

static struct bytes joined(const struct showing *v, const struct shown *e)
{
	return arena_printf(&v->s->arena, "%.*s/%.*s", (int)e->parent.len,
			    (const char *)e->parent.data, (int)e->name.len,
			    (const char *)e->name.data);
}

/* Fills the cells of an entry and returns how many they are; the id comes behind. */
static size_t fill_cells(const struct showing *v, const struct shown *e, struct bytes *cells)
{
	const struct record *r = e->record;
	const struct user_changed *u = &r->as.user_changed;
	size_t n = 0;

	if (r->type == RECORD_ORGANIZATION_CHANGED) {
		cells[n++] = e->name;
		cells[n++] =
			symbol(sharing_policy_symbols, (int)r->as.organization_changed.sharing);
	} else if (r->type == RECORD_USER_CHANGED) {
		cells[n++] = e->name;
		cells[n++] = u->name;
		cells[n++] = u->email;
		cells[n++] = symbol(user_status_symbols, (int)u->status);
		cells[n++] = symbol(user_kind_symbols, (int)u->kind);
		cells[n++] = symbol(site_role_symbols, (int)u->site_role);
		cells[n++] = text_of_memberships(v, u);
	} else if (r->type == RECORD_GROUP_CHANGED) {
		cells[n++] = joined(v, e);
		cells[n++] = arena_printf(&v->s->arena, "%zu", r->as.group_changed.member_count);
	} else {
		cells[n++] = joined(v, e);
		cells[n++] = organization_name(v, &r->as.workspace_changed.organization_id);
		cells[n++] = symbol(workspace_status_symbols, (int)r->as.workspace_changed.status);
	}
	return n;
}

static void print_table(const struct showing *v, enum directory_kind kind)
{
	static const struct {
		const char *titles[TABLE_COLUMNS_MAX];
		size_t count; /* without ID */
	} heads[DIRECTORY_KINDS] = {
		[DIRECTORY_ORGANIZATIONS] = { { "ORGANIZATION", "SHARING", "ID" }, 2 },
		[DIRECTORY_USERS] = { { "USERNAME", "NAME", "EMAIL", "STATUS", "KIND", "SITE ROLE",
					"ORGANIZATIONS", "ID" },
				      7 },
		[DIRECTORY_GROUPS] = { { "GROUP", "MEMBERS", "ID" }, 2 },
		[DIRECTORY_WORKSPACES] = { { "WORKSPACE", "ORGANIZATION", "STATUS", "ID" }, 3 },
	};
	struct bytes cells[TABLE_COLUMNS_MAX];
	char id[UUID_TEXT_SIZE];
	struct table t;

	table_init(&t, &v->s->arena, heads[kind].titles, heads[kind].count + v->s->wide);
	for (size_t i = 0; i < v->count; i++) {
		size_t n;

		if (directory_kind(v->list[i].record) != kind)
			continue;
		n = fill_cells(v, &v->list[i], cells);
		uuid_format(id, directory_id(v->list[i].record));
		cells[n] = bytes_of(id);
		table_add(&t, cells);
	}
	table_print(&t);
	if (!t.rows)
		(void)fprintf(stderr, "There are no %s.\n", directory_kinds[kind].section);
}

static void print_tables(const struct showing *v)
{
	bool first = true;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		if (!(v->kinds & 1U << kind))
			continue;
		(void)printf("%s", first ? "" : "\n");
		print_table(v, (enum directory_kind)kind);
		first = false;
	}
}

/* ---- the command ---- */

enum exit_code run_directory_show(struct session *s, const struct arguments *a)
{
	struct showing v = { .s = s };
	struct error err = { 0 };
	struct meter meter;
	int rc;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		if (argument_has(a, FLAG_FIRST + kind))
			v.kinds |= 1U << kind;
	if (!v.kinds)
		v.kinds = ALL_KINDS;
	meter_begin(&meter);
	rc = read_all(&v, &meter, &err);
	meter_end(&meter);
	if (rc)
		complain(&err);
	else if (s->output == OUTPUT_JSON)
		print_file(&v);
	else if (v.kinds == ALL_KINDS)
		print_counts(&v);
	else
		print_tables(&v);
	return exit_code_of(rc);
}
