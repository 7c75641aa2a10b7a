/* sharebus_list_…(): finds candidates in the reverse indexes, then checks each as it is now. */

#include "cache/check.h"
#include "cache/scan.h"
#include "ops/support/clock.h"
#include "producer/client.h"
#include "producer/ids.h"
#include "producer/view.h"
#include "producer/visible.h"

#include <assert.h>
#include <stdlib.h>

enum { PAGE = 500 }; /* candidates that are checked in one step */

struct sharebus_list {
	struct sharebus *client;
	struct sharebus_query query;
	struct user_changed me;  /* who looks; without a name if the query has no `as` */
	struct arena arena;      /* holds ids, me and found */
	struct arena page;       /* holds what sharebus_list_next() has returned last */
	struct uuid_list ids;    /* the candidates, ascending */
	size_t at;               /* the index of the next candidate to check */
	struct workspace *found; /* those of the present page; room for PAGE */
	size_t count;            /* of found */
};

static bool is_set(const struct sharebus_id *id)
{
	const struct uuid u = uuid_of(id);

	return !uuid_is_nil(&u);
}

/* ---- candidates ---- */

/* Sorts the candidates, drops duplicates, and skips those up to and with `after`. */
static void sort_candidates(struct sharebus_list *l)
{
	const struct uuid after = uuid_of(&l->query.after);

	l->ids.count = uuid_sort(l->ids.list, l->ids.count);
	if (!is_set(&l->query.after))
		return;
	while (l->at < l->ids.count && uuid_compare(&l->ids.list[l->at], &after) <= 0)
		l->at++;
}

static int find_shared_with(struct sharebus_list *l, enum subject_kind kind,
			    const struct sharebus_id *id, struct error *err)
{
	const struct subject s = { kind, uuid_of(id) };

	return lookup_shared_with(l->client->reader, &s, &l->arena, &l->ids, err);
}

static int find_owned(struct sharebus_list *l, const struct sharebus_id *id, struct error *err)
{
	const struct uuid owner = uuid_of(id);

	return lookup_owned(l->client->reader, &owner, &l->arena, &l->ids, err);
}

/* May she see workspaces that she neither owns nor has a share of? */
static bool sees_all(const struct sharebus_list *l)
{
	bool all = !is_set(&l->query.as) || l->me.site_role == SITE_OWNER;

	for (size_t i = 0; i < l->me.organization_count; i++)
		all = all || l->me.organizations[i].role == ORGANIZATION_ADMIN;
	return all;
}

/* All that she might see: for queries without a narrower condition. */
static int find_visible(struct sharebus_list *l, struct error *err)
{
	struct reader *r = l->client->reader;

	return sees_all(l) ? scan_workspaces(r, &l->arena, &l->ids, err)
			   : visible_find(r, &l->me, &l->arena, &l->ids, err);
}

/* ---- unknown ids ---- */

static int complain_unknown(const char *what, const struct sharebus_id *id, struct error *err)
{
	char text[SHAREBUS_ID_SIZE];

	sharebus_format_id(text, id);
	return error_set(err, ERROR_INPUT, "there is no %s %s", what, text);
}

static int require_user(struct sharebus_list *l, const struct sharebus_id *id,
			struct user_changed *out, struct error *err)
{
	const struct uuid u = uuid_of(id);
	int rc;

	if (!is_set(id))
		return 0;
	rc = lookup_users(l->client->reader, &u, 1, &l->arena, out, err);
	if (!rc && (!out->username.data || out->status == USER_DELETED))
		rc = complain_unknown("user", id, err);
	return rc;
}

/* The id of an organization is that of its group Everyone. */
static int require_group(struct sharebus_list *l, const struct sharebus_id *id, struct error *err)
{
	const struct uuid u = uuid_of(id);
	struct group_changed group;
	struct organization_changed organization = { .name = { 0 } };
	int rc;

	if (!is_set(id))
		return 0;
	rc = lookup_groups(l->client->reader, &u, 1, &l->arena, &group, err);
	if (!rc && !group.name.data)
		rc = lookup_organizations(l->client->reader, &u, 1, &l->arena, &organization, err);
	return rc || group.name.data || organization.name.data ? rc
							       : complain_unknown("group", id, err);
}

/* An unknown id in a query is an error, not an empty list. */
static int require_known(struct sharebus_list *l, struct error *err)
{
	struct user_changed other;
	int rc = require_user(l, &l->query.as, &l->me, err);

	if (!rc)
		rc = require_user(l, &l->query.with_user, &other, err);
	if (!rc)
		rc = require_user(l, &l->query.owner, &other, err);
	return rc ? rc : require_group(l, &l->query.with_group, err);
}

/* Each condition alone yields all candidates, so the narrowest one is asked. */
static int find_candidates(struct sharebus_list *l, struct error *err)
{
	const struct sharebus_query *q = &l->query;
	int rc = require_known(l, err);

	if (rc)
		return rc;
	if (is_set(&q->with_user))
		rc = find_shared_with(l, SUBJECT_USER, &q->with_user, err);
	else if (is_set(&q->owner))
		rc = find_owned(l, &q->owner, err);
	else if (is_set(&q->with_group))
		rc = find_shared_with(l, SUBJECT_GROUP, &q->with_group, err);
	else if (q->with_me)
		rc = visible_find_shared(l->client->reader, &l->me, &l->arena, &l->ids, err);
	else
		rc = find_visible(l, err);
	if (!rc)
		sort_candidates(l);
	return rc;
}

/* ---- conditions ---- */

static bool has_grant(const struct workspace *w, enum subject_kind kind,
		      const struct sharebus_id *id, int64_t now)
{
	const struct subject s = { kind, uuid_of(id) };
	const struct grant *g = workspace_grant(w, &s);

	return g && !grant_expired(g, now);
}

static bool is_shared(const struct workspace *w, int64_t now)
{
	for (size_t i = 0; i < w->grant_count; i++)
		if (!grant_expired(&w->grants[i], now))
			return true;
	return false;
}

static bool matches_query(const struct sharebus_query *q, const struct workspace *w, int64_t now)
{
	const struct uuid owner = uuid_of(&q->owner);

	if (!w->registered || (is_set(&q->owner) && !uuid_equal(&owner, &w->owner_id)))
		return false;
	if (q->shared != SHAREBUS_SHARED_OR_NOT &&
	    is_shared(w, now) != (q->shared == SHAREBUS_SHARED))
		return false;
	return (!is_set(&q->with_user) || has_grant(w, SUBJECT_USER, &q->with_user, now)) &&
	       (!is_set(&q->with_group) || has_grant(w, SUBJECT_GROUP, &q->with_group, now));
}

static bool may_see(const struct sharebus_query *q, const struct access_facts *f)
{
	const struct access a = access_check(f, ACTION_READ);

	return q->with_me ? a.allowed && a.reason != ACCESS_OWNER : visible_is(f);
}

/* ---- pages ---- */

static void drop_page(struct sharebus_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		workspace_done(&l->found[i]);
	l->count = 0;
}

/* Moves what the query wants to the front, and frees the rest. */
static void keep_wanted(struct sharebus_list *l)
{
	const struct uuid me = uuid_of(&l->query.as);
	const struct person *who =
		is_set(&l->query.as) ? people_find(l->client->people, &me) : NULL;
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct workspace *w = &l->found[i];
		int64_t now = reader_time(l->client->reader, &w->id);
		struct access_facts facts;

		if (who)
			people_facts(l->client->people, who, w, now, &facts);
		if (matches_query(&l->query, w, now) && (!who || may_see(&l->query, &facts)))
			l->found[kept++] = *w;
		else
			workspace_done(w);
	}
	l->count = kept;
}

static int try_page(void *context, struct error *err)
{
	struct sharebus_list *l = context;
	struct sharebus *c = l->client;
	const struct uuid me = uuid_of(&l->query.as);
	size_t left = l->ids.count - l->at;
	size_t count = left < PAGE ? left : PAGE;
	int rc;

	assert(l->at < l->ids.count);
	drop_page(l);
	rc = people_learn_users(c->people, c->reader, &me, is_set(&l->query.as), err);
	if (!rc)
		rc = lookup_workspaces(c->reader, l->ids.list + l->at, count, l->found, err);
	if (rc)
		return rc;
	l->count = count;
	rc = people_learn_workspaces(c->people, c->reader, l->found, l->count, err);
	if (rc)
		return rc;
	keep_wanted(l);
	l->at += count;
	return 0;
}

/* ---- the list ---- */

int sharebus_list_open(struct sharebus *client, const struct sharebus_query *query,
		       struct sharebus_list **out)
{
	struct error *err = client_begin(client);
	struct sharebus_list *l;
	int rc;

	if (query->with_me && !is_set(&query->as))
		return error_set(err, ERROR_INPUT,
				 "with_me needs `as`: the user with whom it is shared");
	l = calloc(1, sizeof(*l));
	if (!l)
		return error_set(err, ERROR_NOMEM, "out of memory");
	l->client = client;
	l->query = *query;
	arena_init(&l->arena);
	arena_init(&l->page);
	l->found = arena_zalloc(&l->arena, PAGE, sizeof(*l->found));
	rc = client_reader(client, err);
	if (!rc)
		rc = find_candidates(l, err);
	if (rc)
		sharebus_list_close(&l);
	else
		*out = l;
	return rc;
}

int sharebus_list_next(struct sharebus_list *list, const struct sharebus_workspace **page,
		       size_t *count)
{
	struct error *err = client_begin(list->client);
	struct sharebus_workspace *shown;
	size_t begun_at = list->at;
	int rc = 0;

	arena_reset(&list->page);
	drop_page(list);
	while (!rc && !list->count && list->at < list->ids.count)
		rc = check_steadily(try_page, list, err);
	shown = arena_alloc(&list->page, (list->count + 1) * sizeof(*shown));
	if (!rc)
		rc = view_workspaces(&(struct viewing){ list->client->reader, &list->page },
				     list->found, list->count, shown, err);
	if (rc) {
		list->at = begun_at; /* the next call tries the same page again */
		return rc;
	}
	*page = shown;
	*count = list->count;
	return 0;
}

void sharebus_list_progress(const struct sharebus_list *list, size_t *done, size_t *total)
{
	if (done)
		*done = list->at;
	if (total)
		*total = list->ids.count;
}

void sharebus_list_close(struct sharebus_list **list)
{
	struct sharebus_list *l = *list;

	if (!l)
		return;
	drop_page(l);
	arena_done(&l->arena);
	arena_done(&l->page);
	free(l);
	*list = NULL;
}
