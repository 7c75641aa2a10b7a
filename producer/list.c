/* sharebus list --shared | --search KEY:VALUE */

#include "producer/commands.h"
#include "producer/grants.h"
#include "producer/print.h"
#include "producer/resolve.h"

#include <stdio.h>
#include <stdlib.h>

enum { FLAG_SHARED = 1, FLAG_SEARCH, NAMES_SHOWN = 5 };

const struct flag list_flags[] = {
	{ "shared", FLAG_SHARED, NULL, "workspaces that I own and share" },
	{ "search", FLAG_SEARCH, "KEY:VALUE", "shared_with_user:NAME or shared_with_group:NAME" },
	{ NULL, 0, NULL, NULL },
};

/* What is looked for. */
struct search {
	bool shared; /* of mine, those that are shared */
	struct subject with;
};

static int parse_search(struct session *s, const char *text, struct search *out, struct error *err)
{
	static const char user[] = "shared_with_user:";
	static const char group[] = "shared_with_group:";

	if (strncmp(text, user, sizeof(user) - 1) == 0) {
		out->with.kind = SUBJECT_USER;
		return resolve_user(s, text + sizeof(user) - 1, &out->with.id, err);
	}
	if (strncmp(text, group, sizeof(group) - 1) == 0) {
		out->with.kind = SUBJECT_GROUP;
		return resolve_group(s, text + sizeof(group) - 1, &out->with.id, err);
	}
	return error_set(
		err, ERROR_USAGE,
		"--search is \"%s\"; it must be shared_with_user:NAME or shared_with_group:NAME",
		text);
}

/* ---- what the asker may see ---- */

struct sight {
	const struct user_changed *me;
	struct uuid_list groups;
};

static bool in_groups(const struct sight *sight, const struct uuid *id)
{
	for (size_t i = 0; i < sight->groups.count; i++)
		if (uuid_equal(&sight->groups.list[i], id))
			return true;
	return false;
}

/* Owners, those it is shared with, admins of the organization and site owners see a workspace. */
static bool may_see(const struct sight *sight, const struct workspace *w)
{
	const struct user_changed *me = sight->me;

	if (uuid_equal(&me->id, &w->owner_id) || me->site_role == SITE_OWNER)
		return true;
	for (size_t i = 0; i < me->organization_count; i++)
		if (me->organizations[i].role == ORGANIZATION_ADMIN &&
		    uuid_equal(&me->organizations[i].id, &w->organization_id))
			return true;
	for (size_t i = 0; i < w->grant_count; i++) {
		const struct subject *s = &w->grants[i].subject;

		if (s->kind == SUBJECT_USER ? uuid_equal(&s->id, &me->id)
					    : in_groups(sight, &s->id))
			return true;
	}
	return false;
}

static int by_owner_and_name(const void *a, const void *b)
{
	const struct grants_view *x = a;
	const struct grants_view *y = b;
	const struct bytes pairs[][2] = { { x->owner.username, y->owner.username },
					  { x->workspace->name, y->workspace->name } };

	for (size_t i = 0; i < 2; i++) {
		size_t len = pairs[i][0].len < pairs[i][1].len ? pairs[i][0].len : pairs[i][1].len;
		int order = len ? memcmp(pairs[i][0].data, pairs[i][1].data, len) : 0;

		if (order)
			return order;
		if (pairs[i][0].len != pairs[i][1].len)
			return pairs[i][0].len < pairs[i][1].len ? -1 : 1;
	}
	return 0;
}

/* ---- printing ---- */

static struct bytes shared_with(struct session *s, const struct grants_view *v)
{
	struct bytes text = bytes_of("");

	for (size_t i = 0; i < v->count && i < NAMES_SHOWN; i++)
		text = arena_printf(&s->arena, "%.*s%s%.*s", (int)text.len, (const char *)text.data,
				    i ? ", " : "", (int)v->grants[i].name.len,
				    (const char *)v->grants[i].name.data);
	if (v->count > NAMES_SHOWN)
		text = arena_printf(&s->arena, "%.*s and %zu more", (int)text.len,
				    (const char *)text.data, v->count - NAMES_SHOWN);
	return text;
}

static void print_table(struct session *s, const struct grants_view *views, size_t count)
{
	static const char *const titles[] = { "WORKSPACE", "ORGANIZATION", "STATUS",
					      "SHARED WITH" };
	struct table t;

	table_init(&t, &s->arena, titles, 4);
	for (size_t i = 0; i < count; i++) {
		const struct grants_view *v = &views[i];
		const struct bytes cells[] = {
			arena_printf(&s->arena, "%.*s/%.*s", (int)v->owner.username.len,
				     (const char *)v->owner.username.data,
				     (int)v->workspace->name.len,
				     (const char *)v->workspace->name.data),
			v->organization.name,
			bytes_of(symbol_name(workspace_status_symbols, (int)v->workspace->status)),
			shared_with(s, v),
		};

		table_add(&t, cells);
	}
	table_print(&t);
	if (!count)
		(void)fprintf(stderr, "No workspaces found.\n");
}

/* As in Coder's API: "shared_with": [{"id", "actor_type", "name", "roles": ["use"]}] */
static json_t *shared_with_json(const struct grants_view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->count; i++) {
		const struct shown_grant *g = &v->grants[i];
		char id[UUID_TEXT_SIZE];
		json_t *o = json_object();

		uuid_format(id, &g->grant.subject.id);
		(void)json_object_set_new(o, "id", json_string(id));
		(void)json_object_set_new(
			o, "actor_type",
			json_string(symbol_name(subject_kind_symbols, (int)g->grant.subject.kind)));
		(void)json_object_set_new(o, "name", json_text(g->name));
		(void)json_object_set_new(o, "roles", json_pack("[s]", role_name(g->grant.role)));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static void print_json(const struct grants_view *views, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *o = workspace_json(&views[i]);

		(void)json_object_set_new(o, "shared_with", shared_with_json(&views[i]));
		(void)json_array_append_new(list, o);
	}
	json_print(list);
}

/* ---- the command ---- */

static int find(struct session *s, const struct search *search, struct uuid_list *out,
		struct error *err)
{
	if (search->shared)
		return lookup_owned(s->reader, &s->me.id, &s->arena, out, err);
	return lookup_shared_with(s->reader, &search->with, &s->arena, out, err);
}

/* Moves what is to be shown to the front and returns how many that are; frees the rest. */
static size_t keep(const struct sight *sight, const struct search *search, struct workspace *list,
		   size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct workspace *w = &list[i];

		if (w->registered && may_see(sight, w) && (!search->shared || w->grant_count))
			list[kept++] = *w;
		else
			workspace_done(w);
	}
	return kept;
}

static int show(struct session *s, const struct workspace *list, size_t count, struct error *err)
{
	struct grants_view *views = arena_alloc(&s->arena, (count + 1) * sizeof(*views));
	int rc = grants_view(s, list, count, views, err);

	if (rc)
		return rc;
	qsort(views, count, sizeof(*views), by_owner_and_name);
	if (s->output == OUTPUT_JSON)
		print_json(views, count);
	else
		print_table(s, views, count);
	return 0;
}

static int list_found(struct session *s, const struct search *search, struct error *err)
{
	struct sight sight = { .me = &s->me };
	struct workspace *list;
	struct uuid_list ids;
	size_t count;
	int rc = find(s, search, &ids, err);

	if (!rc)
		rc = lookup_groups_of(s->reader, &s->me, &s->arena, &sight.groups, err);
	if (rc)
		return rc;
	list = arena_alloc(&s->arena, (ids.count + 1) * sizeof(*list));
	rc = lookup_workspaces(s->reader, ids.list, ids.count, list, err);
	if (rc)
		return rc;
	count = keep(&sight, search, list, ids.count);
	rc = show(s, list, count, err);
	for (size_t i = 0; i < count; i++)
		workspace_done(&list[i]);
	return rc;
}

enum exit_code run_list(struct session *s, const struct arguments *a)
{
	const char *text = argument_value(a, FLAG_SEARCH);
	struct search search = { .shared = argument_has(a, FLAG_SHARED) };
	struct error err = { 0 };
	int rc;

	if (!text == !search.shared) {
		(void)error_set(&err, ERROR_INPUT,
				"give --shared, or --search with what to look for");
		complain(&err);
		return EXIT_USAGE;
	}
	rc = session_me(s, &err);
	if (!rc && text)
		rc = parse_search(s, text, &search, &err);
	if (!rc)
		rc = list_found(s, &search, &err);
	if (rc)
		complain(&err);
	return exit_code_of(rc);
}
