#include "consumer/notice.h"

#include "ops/support/clock.h"

#include <stdlib.h>

/* ---- who is notified ---- */

struct listing {
	const struct decision *decision;
	const struct workspace_ref *workspace;
	const struct directory *directory;
	struct arena *arena;
	struct notice *list;
	size_t count;
	size_t cap;
};

static enum notification_kind kind_of(const struct decision *d, const struct change *c)
{
	if (c->after == ROLE_NONE)
		return d->reason == REASON_EXPIRED ? NOTIFY_ACCESS_EXPIRED : NOTIFY_ACCESS_REMOVED;
	return c->before == ROLE_NONE ? NOTIFY_WORKSPACE_SHARED : NOTIFY_ROLE_CHANGED;
}

/* By person, the direct notice first, then by group: so the order is always the same. */
static int by_person(const void *a, const void *b)
{
	const struct notice *x = a;
	const struct notice *y = b;
	int order = memcmp(&x->recipient, &y->recipient, sizeof(x->recipient));

	return order ? order : memcmp(&x->group_id, &y->group_id, sizeof(x->group_id));
}

static void keep_one_each(struct listing *l)
{
	size_t kept = 0;

	if (l->count < 2)
		return;
	qsort(l->list, l->count, sizeof(*l->list), by_person);
	for (size_t i = 0; i < l->count; i++)
		if (!kept || !uuid_equal(&l->list[kept - 1].recipient, &l->list[i].recipient))
			l->list[kept++] = l->list[i];
	l->count = kept;
}

/*
 * People in many groups are in the list many times. The list grows only if at
 * least half of the entries are distinct.
 */
static void make_room(struct listing *l)
{
	keep_one_each(l);
	if (!l->cap || l->count >= l->cap / 2)
		l->list = arena_grow(l->arena, l->list, &l->cap, l->cap + 1, sizeof(*l->list));
}

static void add_notice(struct listing *l, const struct notice *n)
{
	const struct user_changed *u = directory_user(l->directory, &n->recipient);

	if (!u || u->status == USER_DELETED || uuid_equal(&n->recipient, &l->decision->actor.id))
		return;
	if (l->count == l->cap)
		make_room(l);
	l->list[l->count++] = *n;
}

static void add_concerned(struct listing *l, const struct change *c, const struct uuid *person,
			  const struct uuid *group)
{
	struct notice n = { *person, kind_of(l->decision, c), c, { { 0 } } };

	if (uuid_equal(person, &l->workspace->owner_id))
		return; /* owners lose and gain nothing by grants */
	if (group)
		n.group_id = *group;
	add_notice(l, &n);
}

static void add_members(struct listing *l, const struct change *c)
{
	const struct uuid *members = NULL;
	size_t count = directory_members(l->directory, &c->subject.id, l->arena, &members);

	for (size_t i = 0; i < count; i++)
		add_concerned(l, c, &members[i], &c->subject.id);
}

size_t notice_list(const struct decision *d, const struct workspace_ref *ws,
		   const struct directory *dir, struct arena *arena, struct notice **out)
{
	struct listing l = { d, ws, dir, arena, NULL, 0, 0 };

	for (size_t i = 0; i < d->change_count; i++) {
		const struct change *c = &d->changes[i];

		if (c->subject.kind == SUBJECT_USER)
			add_concerned(&l, c, &c->subject.id, NULL);
		else
			add_members(&l, c);
	}
	keep_one_each(&l);
	if (d->change_count && d->actor.kind != ACTOR_SYSTEM)
		add_notice(&l,
			   &(struct notice){ ws->owner_id, NOTIFY_OWNER_NOTICE, NULL, { { 0 } } });
	*out = l.list;
	return l.count;
}

/* ---- the text ---- */

/* The actor's name: a user's display name, else the username; "The system". */
static struct bytes actor_name(const struct notice_scene *s)
{
	const struct actor *a = &s->decision->actor;
	const struct user_changed *u = directory_user(s->directory, &a->id);

	if (a->kind == ACTOR_SYSTEM)
		return bytes_of("The system");
	if (u && u->name.len)
		return u->name;
	return directory_subject_name(s->directory, &(struct subject){ SUBJECT_USER, a->id },
				      s->arena);
}

/* " through group contractor", or nothing. */
static struct bytes group_phrase(const struct notice *n, const struct notice_scene *s)
{
	struct bytes name;

	if (uuid_is_nil(&n->group_id))
		return bytes_of("");
	name = directory_subject_name(s->directory, &(struct subject){ SUBJECT_GROUP, n->group_id },
				      s->arena);
	return arena_printf(s->arena, " through group %.*s", BYTES_ARG(name));
}

static const char *what_role_allows(enum role role)
{
	if (role == ROLE_ADMIN)
		return "connect by SSH and apps, start and stop it, read its logs, rename it, "
		       "update it at any time, and invite others with the use role";
	return "connect by SSH and apps, start and stop it, and read its logs";
}

/* " Access ends at <time>.", or nothing. */
static struct bytes expiry_sentence(const struct change *c, struct arena *arena)
{
	char when[RFC3339_SIZE];

	if (c->expires_at == ABSENT)
		return bytes_of("");
	clock_format_rfc3339(when, c->expires_at);
	return arena_printf(arena, " Access ends at %s.", when);
}

static void write_gained(const struct notice *n, const struct notice_scene *s,
			 struct notification *out)
{
	struct bytes who = actor_name(s);
	struct bytes via = group_phrase(n, s);
	struct bytes ends = expiry_sentence(n->change, s->arena);
	const char *role = role_name(n->change->after);

	if (n->kind == NOTIFY_WORKSPACE_SHARED)
		out->title = arena_printf(s->arena, "%.*s shared workspace %.*s with you",
					  BYTES_ARG(who), BYTES_ARG(s->workspace.name));
	else
		out->title =
			arena_printf(s->arena, "%.*s changed your role on workspace %.*s to %s",
				     BYTES_ARG(who), BYTES_ARG(s->workspace.name), role);
	out->body =
		arena_printf(s->arena, "You have the role %s%.*s: you can %s.%.*s", role,
			     BYTES_ARG(via), what_role_allows(n->change->after), BYTES_ARG(ends));
	out->role = n->change->after;
	out->message = s->decision->message;
}

static void write_lost(const struct notice *n, const struct notice_scene *s,
		       struct notification *out)
{
	struct bytes who = actor_name(s);
	struct bytes via = group_phrase(n, s);

	if (n->kind == NOTIFY_ACCESS_EXPIRED)
		out->title = arena_printf(s->arena, "Your access to workspace %.*s has expired",
					  BYTES_ARG(s->workspace.name));
	else
		out->title = arena_printf(s->arena, "%.*s no longer shares workspace %.*s with you",
					  BYTES_ARG(who), BYTES_ARG(s->workspace.name));
	out->body = arena_printf(s->arena, "The role %s that you had%.*s is gone.",
				 role_name(n->change->before), BYTES_ARG(via));
}

/* "bob: use; group contractor: none" for the first few changes. */
static struct bytes summarise_changes(const struct notice_scene *s)
{
	enum { SHOWN = 5 };
	const struct decision *d = s->decision;
	struct bytes text = bytes_of("");

	for (size_t i = 0; i < d->change_count && i < SHOWN; i++) {
		const struct change *c = &d->changes[i];
		struct bytes name = directory_subject_name(s->directory, &c->subject, s->arena);

		text = arena_printf(s->arena, "%.*s%s%s%.*s: %s", BYTES_ARG(text), i ? "; " : "",
				    c->subject.kind == SUBJECT_GROUP ? "group " : "",
				    BYTES_ARG(name), role_name(c->after));
	}
	if (d->change_count > SHOWN)
		text = arena_printf(s->arena, "%.*s; and %zu more", BYTES_ARG(text),
				    d->change_count - SHOWN);
	return text;
}

static void write_owner_notice(const struct notice_scene *s, struct notification *out)
{
	struct bytes who = actor_name(s);
	struct bytes what = summarise_changes(s);

	out->title = arena_printf(s->arena, "%.*s changed who your workspace %.*s is shared with",
				  BYTES_ARG(who), BYTES_ARG(s->workspace.name));
	out->body = arena_printf(s->arena, "%.*s.", BYTES_ARG(what));
}

/* A link to the workspace, unless access is gone. Coder's path of it is /@owner/name. */
static void write_actions(const struct notice *n, const struct notice_scene *s,
			  struct notification *out)
{
	struct subject owner = { SUBJECT_USER, s->workspace.owner_id };
	struct bytes name = directory_subject_name(s->directory, &owner, s->arena);

	if (n->kind == NOTIFY_ACCESS_REMOVED || n->kind == NOTIFY_ACCESS_EXPIRED)
		return;
	out->actions = arena_alloc(s->arena, sizeof(*out->actions));
	out->action_count = 1;
	out->actions[0].label = bytes_of("View workspace");
	out->actions[0].url = arena_printf(s->arena, "%s/@%.*s/%.*s", s->access_url,
					   BYTES_ARG(name), BYTES_ARG(s->workspace.name));
}

void notice_write(const struct notice *n, const struct notice_scene *scene,
		  struct notification *out)
{
	*out = (struct notification){
		.recipient_id = n->recipient,
		.kind = n->kind,
		.actor = scene->decision->actor,
		.workspace = scene->workspace,
		.group_id = n->group_id,
	};
	if (n->kind == NOTIFY_OWNER_NOTICE)
		write_owner_notice(scene, out);
	else if (n->change->after == ROLE_NONE)
		write_lost(n, scene, out);
	else
		write_gained(n, scene, out);
	write_actions(n, scene, out);
}
