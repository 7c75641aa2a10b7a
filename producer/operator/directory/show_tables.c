#include "producer/operator/directory/show_tables.h"

#include "producer/cli/table.h"
#include "producer/ids.h"

#include <stdio.h>

void show_counts(const struct shown *v)
{
	static const char *const titles[] = { "KIND", "COUNT" };
	struct table t;

	table_init(&t, v->arena, titles, 2);
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		size_t count = shown_section(v, (enum directory_kind)kind).count;

		if (kind != DIRECTORY_SWITCH)
			table_add(&t,
				  (const struct bytes[]){ bytes_of(directory_kinds[kind].section),
							  arena_printf(v->arena, "%zu", count) });
	}
	table_print(&t);
	(void)printf("Sharing is %s in this deployment.\n", shown_sharing(v) ? "on" : "off");
}

static struct bytes text_of_memberships(const struct shown *v, const struct user_changed *u)
{
	struct bytes text = bytes_of("");

	for (size_t i = 0; i < u->organization_count; i++) {
		struct bytes name = shown_organization(v, &u->organizations[i].id);

		text = arena_printf(v->arena, "%.*s%s%.*s%s", BYTES_ARG(text), i ? ", " : "",
				    BYTES_ARG(name),
				    u->organizations[i].role == ORGANIZATION_ADMIN ? ":admin" : "");
	}
	return text;
}

static struct bytes symbol_text(const char *const *symbols, int value)
{
	return bytes_of(symbol_name(symbols, value));
}

static struct bytes joined_name(const struct shown *v, const struct shown_entry *e)
{
	return arena_printf(v->arena, "%.*s/%.*s", BYTES_ARG(e->parent), BYTES_ARG(e->name));
}

static size_t user_cells(const struct shown *v, const struct user_changed *u, struct bytes *cells)
{
	cells[0] = u->username;
	cells[1] = u->name;
	cells[2] = u->email;
	cells[3] = symbol_text(user_status_symbols, (int)u->status);
	cells[4] = symbol_text(user_kind_symbols, (int)u->kind);
	cells[5] = symbol_text(site_role_symbols, (int)u->site_role);
	cells[6] = text_of_memberships(v, u);
	return 7;
}

/* Fills the cells of an entry and returns how many they are; the id comes after them. */
static size_t fill_cells(const struct shown *v, const struct shown_entry *e, struct bytes *cells)
{
	const struct record *r = e->record;
	const struct workspace_changed *w = &r->as.workspace_changed;

	if (r->type == RECORD_USER_CHANGED)
		return user_cells(v, &r->as.user_changed, cells);
	if (r->type == RECORD_ORGANIZATION_CHANGED) {
		cells[0] = e->name;
		cells[1] = symbol_text(sharing_policy_symbols,
				       (int)r->as.organization_changed.sharing);
		return 2;
	}
	cells[0] = joined_name(v, e);
	if (r->type == RECORD_GROUP_CHANGED) {
		cells[1] = arena_printf(v->arena, "%zu", r->as.group_changed.member_count);
		return 2;
	}
	cells[1] = shown_organization(v, &w->organization_id);
	cells[2] = symbol_text(workspace_status_symbols, (int)w->status);
	return 3;
}

static void print_table(const struct shown *v, enum directory_kind kind, bool wide)
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
	struct shown_section section = shown_section(v, kind);
	struct bytes cells[TABLE_COLUMNS_MAX];
	struct table t;

	table_init(&t, v->arena, heads[kind].titles, heads[kind].count + wide);
	for (size_t i = 0; i < section.count; i++) {
		size_t n = fill_cells(v, &section.list[i], cells);

		cells[n] = id_text(v->arena, directory_id(section.list[i].record));
		table_add(&t, cells);
	}
	table_print(&t);
	if (!t.rows)
		(void)fprintf(stderr, "There are no %s.\n", directory_kinds[kind].section);
}

void show_tables(const struct shown *v, bool wide)
{
	bool first = true;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		if (!(v->kinds & 1U << kind))
			continue;
		(void)printf("%s", first ? "" : "\n");
		print_table(v, (enum directory_kind)kind, wide);
		first = false;
	}
}
