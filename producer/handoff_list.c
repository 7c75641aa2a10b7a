/* sharebus_handoff_get(), _find() and _list(): open handoffs, for whoever may see them. */

#include "cache/check.h"
#include "cache/handoff_lookup.h"
#include "producer/handover.h"
#include "producer/ids.h"
#include "producer/roster.h"
#include "producer/visible.h"

#include <ctype.h>
#include <stdlib.h>

_Static_assert((int)SHAREBUS_HANDOFF_OFFERED == HANDOFF_OFFERED, "states");
_Static_assert((int)SHAREBUS_HANDOFF_ACCEPTED == HANDOFF_ACCEPTED, "states");
_Static_assert((int)SHAREBUS_HANDOFF_RETURNED == HANDOFF_RETURNED, "states");

enum { PAGE = 500 }; /* workspaces that are looked at in one step */

const char *sharebus_handoff_state_name(enum sharebus_handoff_state state)
{
	if (state < SHAREBUS_HANDOFF_OFFERED || state > SHAREBUS_HANDOFF_RETURNED)
		return "?";
	return symbol_name(handoff_state_symbols, (int)state);
}

/* A handoff that was found, with what is shown of its workspace. */
struct found {
	struct handoff handoff;
	struct workspace_ref workspace;
};

/* One look at the handoffs of some workspaces. */
struct gathering {
	struct sharebus *client;
	const struct uuid *as; /* who looks; NULL: a service, which sees all */
	enum sharebus_handoff_scope scope;
	const struct uuid *only; /* that handoff alone; NULL: all */
	struct uuid_list ids;    /* of the workspaces, ascending */
	size_t at;               /* the index of the next one */
	struct workspace *page;  /* room for PAGE */
	struct found *found;
	size_t count;
	size_t cap;
};

/* ---- who sees what ---- */

static bool is_member(const struct person *who, const struct uuid *group_id)
{
	if (who->group_count &&
	    bsearch(group_id, who->groups, who->group_count, sizeof(*group_id), uuid_compare))
		return true;
	return user_membership(who->user, group_id) != NULL; /* Everyone */
}

/* Is it offered to the user, or to a group that she is in, or has she accepted it? */
static bool waits_for(const struct handoff *h, const struct person *who)
{
	const struct subject holder = handoff_holder(h);

	if (h->state == HANDOFF_RETURNED)
		return false;
	return holder.kind == SUBJECT_USER ? uuid_equal(&holder.id, &who->user->id)
					   : is_member(who, &holder.id);
}

static bool is_wanted(const struct gathering *g, const struct handoff *h, const struct person *who,
		      const struct access_facts *f)
{
	bool waits = waits_for(h, who);
	bool offered = uuid_equal(&h->offered_by.id, g->as);

	switch (g->scope) {
	case SHAREBUS_HANDOFFS_WAITING:
		return waits;
	case SHAREBUS_HANDOFFS_OFFERED:
		return offered || uuid_equal(&f->workspace->owner_id, g->as);
	case SHAREBUS_HANDOFFS_ALL:
		break;
	}
	return waits || offered || visible_is(f);
}

static bool is_over(const struct handoff *h, int64_t now)
{
	int64_t end = handoff_end(h);

	return end != ABSENT && end <= now;
}

/* ---- finding ---- */

static void keep_handoff(struct gathering *g, const struct workspace *w, const struct handoff *h)
{
	struct arena *arena = &g->client->arena;

	g->found = arena_grow(arena, g->found, &g->cap, g->count + 1, sizeof(*g->found));
	g->found[g->count] = (struct found){ handoff_copy(h, arena), workspace_ref(w) };
	g->found[g->count].workspace.name = arena_copy(arena, w->name);
	g->count++;
}

static void keep_wanted(struct gathering *g, const struct workspace *w)
{
	struct sharebus *c = g->client;
	const int64_t now = reader_time(c->reader, &w->id);
	const struct person *who = g->as ? people_find(c->people, g->as) : NULL;
	struct access_facts facts;

	if (who && (!who->user || who->user->status != USER_ACTIVE))
		return;
	if (who && w->handoffs.count)
		people_facts(c->people, who, w, now, &facts);
	for (size_t i = 0; i < w->handoffs.count; i++) {
		const struct handoff *h = &w->handoffs.list[i];

		if ((g->only && !uuid_equal(&h->id, g->only)) || is_over(h, now))
			continue;
		if (!who || is_wanted(g, h, who, &facts))
			keep_handoff(g, w, h);
	}
}

static int try_page(void *context, struct error *err)
{
	struct gathering *g = context;
	struct sharebus *c = g->client;
	size_t left = g->ids.count - g->at;
	size_t count = left < PAGE ? left : PAGE;
	int rc = people_learn_users(c->people, c->reader, g->as, g->as ? 1 : 0, err);

	if (!rc)
		rc = lookup_workspaces(c->reader, g->ids.list + g->at, count, g->page, err);
	if (rc)
		return rc;
	rc = people_learn_workspaces(c->people, c->reader, g->page, count, err);
	for (size_t i = 0; i < count; i++) {
		if (!rc && g->page[i].registered)
			keep_wanted(g, &g->page[i]);
		workspace_done(&g->page[i]);
	}
	if (!rc)
		g->at += count;
	return rc;
}

static int gather_handoffs(struct gathering *g, struct error *err)
{
	int rc = 0;

	g->page = arena_alloc(&g->client->arena, PAGE * sizeof(*g->page));
	g->ids.count = uuid_sort(g->ids.list, g->ids.count);
	while (!rc && g->at < g->ids.count)
		rc = check_steadily(try_page, g, err);
	return rc;
}

/* ---- in which workspaces ---- */

static int require_user(struct gathering *g, struct user_changed *out, struct error *err)
{
	struct sharebus *c = g->client;
	char text[UUID_TEXT_SIZE];
	int rc = lookup_users(c->reader, g->as, 1, &c->arena, out, err);

	if (rc || (out->username.data && out->status != USER_DELETED))
		return rc;
	uuid_format(text, g->as);
	return error_set(err, ERROR_INPUT, "there is no user %s", text);
}

/* The workspaces with handoffs that wait for the user. */
static int find_waiting(struct gathering *g, const struct user_changed *user, struct uuid_list *out,
			struct error *err)
{
	struct sharebus *c = g->client;
	struct subject *subjects;
	struct uuid_list groups;
	int rc = lookup_groups_of(c->reader, user, &c->arena, &groups, err);

	if (rc)
		return rc;
	subjects = arena_alloc(&c->arena, (groups.count + 1) * sizeof(*subjects));
	for (size_t i = 0; i < groups.count; i++)
		subjects[i] = (struct subject){ SUBJECT_GROUP, groups.list[i] };
	subjects[groups.count] = (struct subject){ SUBJECT_USER, user->id };
	return lookup_waiting(c->reader, subjects, groups.count + 1, &c->arena, out, err);
}

static int find_candidates(struct gathering *g, struct error *err)
{
	struct sharebus *c = g->client;
	struct uuid_list waiting = { 0 };
	struct user_changed user;
	int rc = client_reader(c, err);

	if (!rc)
		rc = require_user(g, &user, err);
	if (!rc && g->scope != SHAREBUS_HANDOFFS_OFFERED)
		rc = find_waiting(g, &user, &waiting, err);
	if (!rc && g->scope != SHAREBUS_HANDOFFS_WAITING)
		rc = visible_find(c->reader, &user, &c->arena, &g->ids, err);
	if (!rc)
		visible_add(&g->ids, &waiting, &c->arena);
	return rc;
}

/* ---- showing ---- */

/* The text with a NUL after it; NULL stays absent. */
static const char *shown_text(struct sharebus *c, struct bytes text)
{
	return text.data ? text_of(arena_copy(&c->arena, text)) : NULL;
}

static void collect_names(struct roster *r, const struct found *f)
{
	roster_add_user(r, &f->workspace.owner_id);
	roster_add_organization(r, &f->workspace.organization_id);
	roster_add_user(r, &f->handoff.offered_by.id);
	roster_add_user(r, &f->handoff.accepted_by);
	roster_add_subject(r, &f->handoff.to);
}

static void show_texts(struct sharebus *c, const struct handoff *h, struct sharebus_handoff *out)
{
	struct sharebus_artifact *artifacts =
		arena_alloc(&c->arena, (h->artifact_count + 1) * sizeof(*artifacts));

	for (size_t i = 0; i < h->artifact_count; i++)
		artifacts[i] = (struct sharebus_artifact){ shown_text(c, h->artifacts[i].name),
							   shown_text(c, h->artifacts[i].url) };
	out->artifacts = artifacts;
	out->artifact_count = h->artifact_count;
	out->summary = shown_text(c, h->summary);
	out->question = shown_text(c, h->question);
	out->answer_schema = shown_text(c, h->answer_schema);
	out->note = shown_text(c, h->note);
	if (!h->task)
		return;
	out->task_system = (enum sharebus_task_system)h->task->system;
	out->task_id = shown_text(c, h->task->id);
	out->task_url = shown_text(c, h->task->url);
}

static void show_handoff(struct sharebus *c, const struct roster *r, const struct found *f,
			 struct sharebus_handoff *out)
{
	const struct handoff *h = &f->handoff;
	bool accepted = !uuid_is_nil(&h->accepted_by);

	*out = (struct sharebus_handoff){
		.id = public_id(&h->id),
		.workspace = public_id(&f->workspace.id),
		.workspace_name = text_of(f->workspace.name),
		.owner = public_id(&f->workspace.owner_id),
		.owner_name = roster_user_name(r, &f->workspace.owner_id),
		.kind = (enum sharebus_handoff_kind)h->kind,
		.state = (enum sharebus_handoff_state)h->state,
		.step = h->step,
		.offered_by = public_id(&h->offered_by.id),
		.offered_by_name = roster_user_name(r, &h->offered_by.id),
		.to_kind = (enum sharebus_subject_kind)h->to.kind,
		.to = public_id(&h->to.id),
		.to_name = roster_subject_name(r, &h->to),
		.accepted_by = public_id(&h->accepted_by),
		.accepted_by_name = accepted ? roster_user_name(r, &h->accepted_by) : NULL,
		.role = (enum sharebus_role)h->role,
		.offered_at = h->offered_at,
		/* One that was returned waits for its author, for as long as that takes. */
		.expires_at = h->state == HANDOFF_RETURNED ? 0 : time_of(h->expires_at),
	};
	show_texts(c, h, out);
}

static int by_age(const void *a, const void *b)
{
	const struct sharebus_handoff *x = a;
	const struct sharebus_handoff *y = b;

	if (x->offered_at != y->offered_at)
		return x->offered_at < y->offered_at ? -1 : 1;
	return memcmp(&x->id, &y->id, sizeof(x->id));
}

static int show_found(const struct gathering *g, const struct sharebus_handoff **out,
		      struct error *err)
{
	struct sharebus *c = g->client;
	struct roster r = { .reader = c->reader, .arena = &c->arena };
	struct sharebus_handoff *shown = arena_alloc(&c->arena, (g->count + 1) * sizeof(*shown));
	int rc;

	for (size_t i = 0; i < g->count; i++)
		collect_names(&r, &g->found[i]);
	rc = roster_look_up(&r, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < g->count; i++)
		show_handoff(c, &r, &g->found[i], &shown[i]);
	qsort(shown, g->count, sizeof(*shown), by_age);
	*out = shown;
	return 0;
}

/* ---- the calls ---- */

int sharebus_handoff_get(struct sharebus *client, const struct sharebus_id *as,
			 const struct sharebus_id *handoff, const struct sharebus_handoff **out)
{
	struct error *err = client_begin(client);
	const struct uuid who = as ? uuid_of(as) : (struct uuid){ { 0 } };
	const struct uuid id = uuid_of(handoff);
	struct gathering g = { .client = client, .as = as ? &who : NULL, .only = &id };
	int rc = handover_find(client, &id, &g.ids, err);

	if (!rc)
		rc = gather_handoffs(&g, err);
	if (!rc && !g.count)
		rc = handover_refuse_unknown(&id, err);
	if (!rc && g.count > 1)
		rc = handover_refuse_several(&id, err);
	return rc ? rc : show_found(&g, out, err);
}

static int list_found(struct gathering *g, struct error *err)
{
	int rc = find_candidates(g, err);

	return rc ? rc : gather_handoffs(g, err);
}

int sharebus_handoff_list(struct sharebus *client, const struct sharebus_id *as,
			  enum sharebus_handoff_scope scope, const struct sharebus_handoff **out,
			  size_t *count)
{
	struct error *err = client_begin(client);
	const struct uuid who = uuid_of(as);
	struct gathering g = { .client = client, .as = &who, .scope = scope };
	int rc;

	if ((unsigned)scope > SHAREBUS_HANDOFFS_OFFERED)
		return error_set(err, ERROR_USAGE, "there is no scope %d of handoffs", (int)scope);
	rc = list_found(&g, err);
	if (!rc)
		rc = show_found(&g, out, err);
	if (!rc)
		*count = g.count;
	return rc;
}

/* ---- from the beginning of an id to the id ---- */

/* Can it be the beginning of an id: digits, with hyphens where an id has them? */
static bool is_beginning(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return len < UUID_TEXT_SIZE;
}

static bool begins_with(const struct uuid *id, const char *text)
{
	char whole[UUID_TEXT_SIZE];

	uuid_format(whole, id);
	for (size_t i = 0; text[i]; i++)
		if (whole[i] != tolower((unsigned char)text[i]))
			return false;
	return true;
}

static int choose_one(const struct gathering *g, const char *text, struct sharebus_id *out,
		      struct error *err)
{
	struct bytes others = bytes_of("");
	const struct uuid *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct uuid *id = &g->found[i].handoff.id;

		if (!begins_with(id, text))
			continue;
		found = id;
		others = arena_printf(&g->client->arena, "%s%s%s", text_of(others),
				      count++ ? ", " : "", text_of(id_text(&g->client->arena, id)));
	}
	if (count > 1)
		return error_set(err, ERROR_INPUT, "%zu handoffs begin with %s: %s", count, text,
				 text_of(others));
	if (!found)
		return error_set(err, ERROR_INPUT, "there is no open handoff that begins with %s",
				 text);
	*out = public_id(found);
	return 0;
}

int sharebus_handoff_find(struct sharebus *client, const struct sharebus_id *as, const char *text,
			  struct sharebus_id *out)
{
	struct error *err = client_begin(client);
	const struct uuid who = uuid_of(as);
	struct gathering g = { .client = client, .as = &who };
	struct uuid whole;
	int rc;

	if (!uuid_parse(&whole, bytes_of(text))) {
		*out = public_id(&whole);
		return 0;
	}
	if (strlen(text) < SHAREBUS_HANDOFF_PREFIX_MIN || !is_beginning(text))
		return error_set(
			err, ERROR_USAGE,
			"\"%s\" is neither the id of a handoff nor its first %d characters "
			"or more",
			text, SHAREBUS_HANDOFF_PREFIX_MIN);
	rc = list_found(&g, err);
	return rc ? rc : choose_one(&g, text, out, err);
}
