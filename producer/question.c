/* sharebus_check(), sharebus_explain(), sharebus_show(): what the index says. */

#include "cache/check.h"
#include "producer/client.h"
#include "producer/ids.h"
#include "producer/view.h"

#include <assert.h>

_Static_assert((int)SHAREBUS_ACTION_COUNT == ACTION_COUNT, "actions");
_Static_assert((int)SHAREBUS_SHARE_USE == ACTION_SHARE_USE, "actions");
_Static_assert((int)SHAREBUS_BY_OWNERSHIP == ACCESS_OWNER, "reasons");
_Static_assert((int)SHAREBUS_UNKNOWN_WORKSPACE == ACCESS_UNKNOWN_WORKSPACE, "reasons");
_Static_assert((int)SHAREBUS_ROLE_OWNER == ROLE_OWNER, "roles");

enum { PATHS_OF_RANK = 3, DENIALS_MAX = 8 };

/* ---- names of constants ---- */

const char *sharebus_action_name(enum sharebus_action action)
{
	return (unsigned)action < SHAREBUS_ACTION_COUNT ? action_name((enum action)action) : "?";
}

enum sharebus_action sharebus_action_parse(const char *name)
{
	return name ? (enum sharebus_action)action_parse(name) : SHAREBUS_ACTION_COUNT;
}

const char *sharebus_reason_name(enum sharebus_reason reason)
{
	if (reason < SHAREBUS_BY_OWNERSHIP || reason > SHAREBUS_UNKNOWN_WORKSPACE)
		return "?";
	return access_reason_name((enum access_reason)reason);
}

const char *sharebus_role_name(enum sharebus_role role)
{
	return (unsigned)role <= SHAREBUS_ROLE_OWNER ? role_name((enum role)role) : "?";
}

/* ---- check ---- */

static struct sharebus_answer answer_of(const struct access *a)
{
	return (struct sharebus_answer){
		.allowed = a->allowed,
		.reason = (enum sharebus_reason)a->reason,
		.role = (enum sharebus_role)a->role,
		.group = public_id(&a->group),
		.expires_at = time_of(a->expires_at),
	};
}

int sharebus_check_many(struct sharebus *client, const struct sharebus_question *questions,
			size_t count, struct sharebus_answer *out)
{
	struct error *err = client_begin(client);
	struct check *list = arena_alloc(&client->arena, (count + 1) * sizeof(*list));
	struct access *answers = arena_alloc(&client->arena, (count + 1) * sizeof(*answers));
	int rc = client_reader(client, err);

	for (size_t i = 0; i < count; i++) {
		if ((unsigned)questions[i].action >= SHAREBUS_ACTION_COUNT)
			return error_set(err, ERROR_INPUT, "there is no action %d",
					 (int)questions[i].action);
		list[i] = (struct check){ uuid_of(&questions[i].user),
					  uuid_of(&questions[i].workspace),
					  (enum action)questions[i].action };
	}
	if (!rc)
		rc = check_many(&(struct checker){ client->reader, client->people, &client->arena },
				list, count, answers, err);
	for (size_t i = 0; !rc && i < count; i++)
		out[i] = answer_of(&answers[i]);
	return rc;
}

int sharebus_check(struct sharebus *client, const struct sharebus_question *question,
		   struct sharebus_answer *out)
{
	return sharebus_check_many(client, question, 1, out);
}

/* ---- show ---- */

/* Loads a workspace, which must exist. *w is then the caller's. */
static int load_workspace(struct sharebus *c, const struct uuid *id, struct workspace *w,
			  struct error *err)
{
	char text[UUID_TEXT_SIZE];
	int rc = lookup_workspaces(c->reader, id, 1, w, err);

	if (rc || w->registered)
		return rc;
	workspace_done(w);
	uuid_format(text, id);
	return error_set(err, ERROR_INPUT, "there is no workspace %s", text);
}

int sharebus_show(struct sharebus *client, const struct sharebus_id *workspace,
		  const struct sharebus_workspace **out)
{
	struct error *err = client_begin(client);
	const struct uuid id = uuid_of(workspace);
	struct sharebus_workspace *shown = arena_alloc(&client->arena, sizeof(*shown));
	struct workspace w;
	int rc = client_reader(client, err);

	if (!rc)
		rc = load_workspace(client, &id, &w, err);
	if (rc)
		return rc;
	rc = view_workspaces(&(struct viewing){ client->reader, &client->arena }, &w, 1, shown,
			     err);
	workspace_done(&w);
	if (!rc)
		*out = shown;
	return rc;
}

/* ---- explain ---- */

struct explaining {
	struct sharebus *client;
	struct uuid user_id;
	struct uuid workspace_id;
	struct sharebus_explanation *out;
	struct sharebus_path *paths;
};

static void add_rank(struct explaining *e, enum sharebus_reason reason, enum sharebus_role role)
{
	e->paths[e->out->path_count++] = (struct sharebus_path){ .reason = reason, .role = role };
}

static void explain_ranks(struct explaining *e, const struct access_facts *f)
{
	const struct membership *m = user_membership(f->user, &f->workspace->organization_id);

	if (uuid_equal(&f->user->id, &f->workspace->owner_id))
		add_rank(e, SHAREBUS_BY_OWNERSHIP, SHAREBUS_ROLE_OWNER);
	if (m && m->role == ORGANIZATION_ADMIN)
		add_rank(e, SHAREBUS_BY_ORGANIZATION_ADMIN, SHAREBUS_ROLE_NONE);
	if (f->user->site_role == SITE_OWNER)
		add_rank(e, SHAREBUS_BY_SITE_OWNER, SHAREBUS_ROLE_NONE);
}

static void explain_grant(struct explaining *e, const struct grant *g, int64_t now)
{
	bool group = g->subject.kind == SUBJECT_GROUP;
	struct sharebus_path *path = &e->paths[e->out->path_count++];

	*path = (struct sharebus_path){
		.reason = group ? SHAREBUS_BY_GROUP : SHAREBUS_BY_GRANT,
		.role = (enum sharebus_role)g->role,
		.granted_by = public_id(&g->granted_by),
		.granted_at = g->granted_at,
		.expires_at = time_of(g->expires_at),
		.expired = grant_expired(g, now),
	};
	if (group)
		path->group = public_id(&g->subject.id);
}

static void explain_denials(struct explaining *e, unsigned denials)
{
	const char **texts = arena_alloc(&e->client->arena, DENIALS_MAX * sizeof(*texts));

	e->out->denial_count = 0;
	assert(denials < 1U << DENIALS_MAX);
	for (unsigned bit = 1; bit <= denials; bit <<= 1)
		if (denials & bit)
			texts[e->out->denial_count++] = access_denial_text((enum access_denial)bit);
	e->out->denials = texts;
}

static void explain_facts(struct explaining *e, const struct access_facts *f)
{
	const struct workspace *w = f->workspace;
	struct access a = { 0 };

	e->paths =
		arena_zalloc(&e->client->arena, w->grant_count + PATHS_OF_RANK, sizeof(*e->paths));
	e->out->paths = e->paths;
	e->out->path_count = 0;
	explain_ranks(e, f);
	for (size_t i = 0; i < w->grant_count; i++)
		if (access_reaches(f, &w->grants[i]))
			explain_grant(e, &w->grants[i], f->now);
	for (int i = 0; i < ACTION_COUNT; i++) {
		a = access_check(f, (enum action)i);
		e->out->allowed[i] = a.allowed;
	}
	explain_denials(e, a.denials);
}

static int try_explain(void *context, struct error *err)
{
	struct explaining *e = context;
	struct sharebus *c = e->client;
	struct access_facts facts;
	char text[UUID_TEXT_SIZE];
	struct workspace w;
	int rc = people_learn_users(c->people, c->reader, &e->user_id, 1, err);

	if (!rc)
		rc = load_workspace(c, &e->workspace_id, &w, err);
	if (rc)
		return rc;
	rc = people_learn_workspaces(c->people, c->reader, &w, 1, err);
	uuid_format(text, &e->user_id);
	if (!rc) {
		people_facts(c->people, people_find(c->people, &e->user_id), &w,
			     reader_time(c->reader, &w.id), &facts);
		if (facts.user && facts.user->status != USER_DELETED)
			explain_facts(e, &facts);
		else
			rc = error_set(err, ERROR_INPUT, "there is no user %s", text);
	}
	workspace_done(&w);
	return rc;
}

/* Fills in the names of grantors and groups. */
static int name_paths(struct explaining *e, struct error *err)
{
	struct sharebus *c = e->client;
	size_t count = e->out->path_count;
	struct uuid *by = arena_zalloc(&c->arena, count + 1, sizeof(*by));
	struct uuid *of = arena_zalloc(&c->arena, count + 1, sizeof(*of));
	struct user_changed *users = arena_zalloc(&c->arena, count + 1, sizeof(*users));
	struct group_changed *groups = arena_zalloc(&c->arena, count + 1, sizeof(*groups));
	int rc;

	for (size_t i = 0; i < count; i++) {
		by[i] = uuid_of(&e->paths[i].granted_by);
		of[i] = uuid_of(&e->paths[i].group);
	}
	rc = lookup_users(c->reader, by, count, &c->arena, users, err);
	if (!rc)
		rc = lookup_groups(c->reader, of, count, &c->arena, groups, err);
	for (size_t i = 0; !rc && i < count; i++) {
		struct sharebus_path *path = &e->paths[i];

		if (path->granted_at)
			path->granted_by_name =
				users[i].username.data ? text_of(users[i].username) : "system";
		if (path->reason == SHAREBUS_BY_GROUP)
			path->group_name =
				groups[i].name.data ? text_of(groups[i].name) : "Everyone";
	}
	return rc;
}

int sharebus_explain(struct sharebus *client, const struct sharebus_id *user,
		     const struct sharebus_id *workspace, const struct sharebus_explanation **out)
{
	struct error *err = client_begin(client);
	struct explaining e = {
		.client = client,
		.user_id = uuid_of(user),
		.workspace_id = uuid_of(workspace),
		.out = arena_zalloc(&client->arena, 1, sizeof(struct sharebus_explanation)),
	};
	int rc = client_reader(client, err);

	if (!rc)
		rc = check_steadily(try_explain, &e, err);
	if (!rc)
		rc = name_paths(&e, err);
	if (!rc)
		*out = e.out;
	return rc;
}
