/* sharebus list */

#include "producer/cli/commands.h"
#include "producer/cli/failure.h"
#include "producer/cli/grants.h"
#include "producer/cli/json.h"
#include "producer/cli/meter.h"
#include "producer/cli/search.h"
#include "producer/cli/table.h"
#include "producer/cli/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FLAG_SHARED = 1,
	FLAG_WITH_ME,
	FLAG_SEARCH,
	FLAG_LIMIT,
	FLAG_AFTER,
	NAMES_SHOWN = 5,
};

const struct flag list_flags[] = {
	{ "shared", FLAG_SHARED, NULL, "those that I own and share" },
	{ "shared-with-me", FLAG_WITH_ME, NULL, "those shared with me, also through a group" },
	{ "search", FLAG_SEARCH, "KEY:VALUE ...",
	  "shared:true, owner:NAME, shared_with_user:NAME, shared_with_group:[ORGANIZATION/]NAME; "
	  "all must apply" },
	{ "limit", FLAG_LIMIT, "N", "at most N; the last line says how to continue" },
	{ "after", FLAG_AFTER, "OWNER/NAME", "those that come after it" },
	{ NULL, 0, NULL, NULL },
};

/* One workspace as it is shown. */
struct row {
	const char *place; /* owner/name as it is shown, and as --after takes it */
	struct bytes cells[4];
	json_t *json;
};

struct listing {
	struct session *session;
	struct row *rows;
	size_t count;
	size_t cap;
	size_t first; /* the first row that is shown */
};

/* ---- the query ---- */

static int read_search(struct session *s, const struct arguments *a, struct sharebus_query *q,
		       struct error *err)
{
	struct search search = { 0 };
	int rc = 0;

	for (size_t i = 0; !rc && i < a->given_count; i++)
		if (a->given[i].id == FLAG_SEARCH)
			rc = search_parse(&search, a->given[i].value, &s->arena, err);
	if (rc)
		return err->code = ERROR_USAGE;
	rc = session_me(s, err);
	if (!rc && search.owner)
		rc = session_user(s, search.owner, &q->owner, err);
	if (!rc && search.shared_with_user)
		rc = session_user(s, search.shared_with_user, &q->with_user, err);
	if (!rc && search.shared_with_group)
		rc = session_failed(
			s, sharebus_find_group(s->client, search.shared_with_group, &q->with_group),
			err);
	if (search.shared)
		q->shared =
			strcmp(search.shared, "true") == 0 ? SHAREBUS_SHARED : SHAREBUS_NOT_SHARED;
	return rc;
}

/* --shared means owner:me shared:true; --search may narrow it further. */
static int add_shared(bool wanted, struct sharebus_query *q, struct error *err)
{
	static const struct sharebus_id none;

	if (!wanted)
		return 0;
	if (memcmp(&q->owner, &none, sizeof(none)) != 0 || q->shared || q->with_me)
		return error_set(err, ERROR_USAGE,
				 "--shared lists what I own and share; it cannot be combined with "
				 "owner:, shared: or --shared-with-me");
	q->owner = q->as;
	q->shared = SHAREBUS_SHARED;
	return 0;
}

static int read_query(struct session *s, const struct arguments *a, struct sharebus_query *q,
		      struct error *err)
{
	bool search = argument_has(a, FLAG_SEARCH);
	bool shared = argument_has(a, FLAG_SHARED);
	int rc;

	*q = (struct sharebus_query){ .with_me = argument_has(a, FLAG_WITH_ME) };
	if (!search && !shared && !q->with_me)
		return error_set(err, ERROR_USAGE,
				 "give --shared, --shared-with-me, or --search and what to look "
				 "for");
	rc = search ? read_search(s, a, q, err) : session_me(s, err);
	q->as = s->me;
	return rc ? rc : add_shared(shared, q, err);
}

static int read_after(const struct arguments *a, const char **out, struct error *err)
{
	*out = argument_value(a, FLAG_AFTER);
	if (!*out || strchr(*out, '/'))
		return 0;
	return error_set(err, ERROR_USAGE,
			 "--after is \"%s\"; it must be owner/name, as the list shows it", *out);
}

/* ---- the rows ---- */

static struct bytes shared_with(struct session *s, const struct sharebus_workspace *w)
{
	struct bytes text = bytes_of(w->grant_count ? "" : NULL);

	for (size_t i = 0; i < w->grant_count && i < NAMES_SHOWN; i++)
		text = arena_printf(&s->arena, "%s%s%s", text_of(text), i ? ", " : "",
				    w->grants[i].name);
	if (w->grant_count > NAMES_SHOWN)
		text = arena_printf(&s->arena, "%s and %zu more", text_of(text),
				    w->grant_count - NAMES_SHOWN);
	return text;
}

/* As in Coder's API: "shared_with": [{"id", "actor_type", "name", "roles": ["use"]}] */
static json_t *shared_with_json(const struct sharebus_workspace *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->grant_count; i++) {
		const struct sharebus_grant *g = &w->grants[i];
		json_t *o = json_object();

		(void)json_object_set_new(o, "id", id_json(&g->id));
		(void)json_object_set_new(o, "actor_type",
					  json_string(g->kind == SHAREBUS_USER ? "user" : "group"));
		(void)json_object_set_new(o, "name", json_text(bytes_of(g->name)));
		(void)json_object_set_new(o, "roles",
					  json_pack("[s]", sharebus_role_name(g->role)));
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* A copy in which nothing is left that a terminal would obey. */
static const char *shown_text(struct session *s, const char *text)
{
	return text_of(printable(bytes_of(text), &s->arena));
}

/* Copies what is shown of a workspace, because its page is gone with the next one. */
static void add_row(struct listing *l, const struct sharebus_workspace *w)
{
	struct session *s = l->session;
	struct bytes place;
	struct row *r;

	l->rows = arena_grow(&s->arena, l->rows, &l->cap, l->count + 1, sizeof(*l->rows));
	r = &l->rows[l->count++];
	place = arena_printf(&s->arena, "%s/%s", w->owner_name, w->name);
	*r = (struct row){ .place = shown_text(s, text_of(place)) };
	if (s->output == OUTPUT_JSON) {
		r->json = workspace_json(w);
		(void)json_object_set_new(r->json, "shared_with", shared_with_json(w));
		return;
	}
	r->cells[0] = bytes_of(r->place);
	r->cells[1] = bytes_of(shown_text(s, w->organization_name));
	r->cells[2] = bytes_of(w->dormant ? "dormant" : "active");
	r->cells[3] = shared_with(s, w);
}

static int find_workspaces(struct listing *l, const struct sharebus_query *q, struct error *err)
{
	struct session *s = l->session;
	struct sharebus_list *list = NULL;
	const struct sharebus_workspace *page;
	struct meter meter;
	size_t count = 1;
	size_t done;
	size_t total;
	int rc;

	meter_begin(&meter);
	rc = session_failed(s, sharebus_list_open(s->client, q, &list), err);
	while (!rc && count) {
		rc = session_failed(s, sharebus_list_next(list, &page, &count), err);
		for (size_t i = 0; !rc && i < count; i++)
			add_row(l, &page[i]);
		sharebus_list_progress(list, &done, &total);
		meter_show(&meter, "checking workspaces", done, total);
	}
	meter_end(&meter);
	sharebus_list_close(&list);
	return rc;
}

/* ---- the part that is shown ---- */

static int by_place(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	return strcmp(x->place, y->place);
}

/* Skips the rows up to and with owner/name. */
static void skip_to(struct listing *l, const char *given)
{
	const char *after = shown_text(l->session, given);

	while (l->first < l->count && strcmp(after, l->rows[l->first].place) >= 0)
		l->first++;
}

/*
 * Returns the index after the last row that is shown. Rows that look the same
 * are shown together, because --after could not tell them apart.
 */
static size_t end_of_part(const struct listing *l, size_t limit)
{
	size_t end = limit && limit < l->count - l->first ? l->first + limit : l->count;

	while (end > l->first && end < l->count && by_place(&l->rows[end - 1], &l->rows[end]) == 0)
		end++;
	return end;
}

static void drop_rows(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		json_decref(l->rows[i].json);
	l->count = 0;
}

/* ---- printing ---- */

static void print_table(const struct listing *l, size_t end)
{
	static const char *const titles[] = { "WORKSPACE", "ORGANIZATION", "STATUS",
					      "SHARED WITH" };
	struct table t;

	table_init(&t, &l->session->arena, titles, 4);
	for (size_t i = l->first; i < end; i++)
		table_add(&t, l->rows[i].cells);
	table_print(&t);
	if (end == l->first)
		(void)fprintf(stderr, "No workspaces found.\n");
}

static void print_json(const struct listing *l, size_t end)
{
	json_t *all = json_array();

	for (size_t i = l->first; i < end; i++)
		(void)json_array_append(all, l->rows[i].json);
	json_print(all);
}

static void print_rows(const struct listing *l, size_t limit)
{
	size_t end = end_of_part(l, limit);
	struct bytes last;

	if (l->session->output == OUTPUT_JSON)
		print_json(l, end);
	else
		print_table(l, end);
	if (end == l->count)
		return;
	(void)fflush(stdout);
	last = bytes_of(l->rows[end - 1].place);
	(void)fprintf(stderr, "%zu more; continue with --after %s\n", l->count - end,
		      text_of(shell_word(last, &l->session->arena)));
}

enum exit_code run_list(struct session *s, const struct arguments *a)
{
	struct listing l = { .session = s };
	struct sharebus_query q;
	struct error err = { 0 };
	const char *after = NULL;
	int64_t limit = 0; /* no limit */
	int rc = argument_number(a, FLAG_LIMIT, "limit", INT32_MAX, &limit, &err);

	if (!rc)
		rc = read_after(a, &after, &err);
	if (!rc)
		rc = read_query(s, a, &q, &err);
	if (!rc)
		rc = find_workspaces(&l, &q, &err);
	if (!rc && l.count)
		qsort(l.rows, l.count, sizeof(*l.rows), by_place);
	if (!rc && after)
		skip_to(&l, after);
	if (!rc)
		print_rows(&l, (size_t)limit);
	drop_rows(&l);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}
