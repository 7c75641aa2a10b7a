#include "consumer/notice.h"

#include "ops/support/clock.h"

/* ---- who is notified ---- */

/* 0: the decision makes no difference to them. */
static enum notification_kind kind_of(const struct decision *d, const struct listener *l)
{
	if (l->before.role == ROLE_NONE)
		return l->after.role == ROLE_NONE ? 0 : NOTIFY_WORKSPACE_SHARED;
	if (l->after.role == ROLE_NONE)
		return d->reason == REASON_EXPIRED ? NOTIFY_ACCESS_EXPIRED : NOTIFY_ACCESS_REMOVED;
	if (l->before.role != l->after.role)
		return NOTIFY_ROLE_CHANGED;
	return l->before.until == l->after.until ? 0 : NOTIFY_EXPIRY_CHANGED;
}

static bool is_owner_notified(const struct decision *d, const struct uuid *owner_id,
			      const struct directory *dir)
{
	const struct user_changed *owner = directory_user(dir, owner_id);

	return d->change_count && d->actor.kind != ACTOR_SYSTEM &&
	       !uuid_equal(owner_id, &d->actor.id) && owner && owner->status != USER_DELETED;
}

size_t notice_list(const struct decision *d, const struct audience *audience,
		   const struct uuid *owner_id, const struct directory *dir, struct arena *arena,
		   struct notice **out)
{
	struct notice *list = arena_alloc(arena, (audience->count + 1) * sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < audience->count; i++) {
		const struct listener *l = &audience->list[i];
		enum notification_kind kind = kind_of(d, l);

		if (kind)
			list[count++] = (struct notice){ l->id, kind, l };
	}
	if (is_owner_notified(d, owner_id, dir))
		list[count++] = (struct notice){ *owner_id, NOTIFY_OWNER_NOTICE, NULL };
	*out = list;
	return count;
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
static struct bytes group_phrase(const struct uuid *group_id, const struct notice_scene *s)
{
	struct bytes name;

	if (uuid_is_nil(group_id))
		return bytes_of("");
	name = directory_subject_name(s->directory, &(struct subject){ SUBJECT_GROUP, *group_id },
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

/*
 * " Access ends at <time>.", or nothing if the role has no end. If a lesser role
 * outlasts it, only the role ends.
 */
static struct bytes expiry_sentence(const struct entitlement *after, struct arena *arena)
{
	const char *what = after->until == after->access_until ? "Access" : "This role";
	char when[RFC3339_SIZE];

	if (after->until == ABSENT)
		return bytes_of("");
	clock_format_rfc3339(when, after->until);
	return arena_printf(arena, " %s ends at %s.", what, when);
}

/* When the system takes one grant away, another may leave a lesser role. */
static struct bytes role_title(const struct notice_scene *s, enum role role)
{
	struct bytes who = actor_name(s);

	if (s->decision->actor.kind == ACTOR_SYSTEM)
		return arena_printf(s->arena, "Your role on workspace %.*s is now %s",
				    BYTES_ARG(s->workspace.name), role_name(role));
	return arena_printf(s->arena, "%.*s changed your role on workspace %.*s to %s",
			    BYTES_ARG(who), BYTES_ARG(s->workspace.name), role_name(role));
}

static struct bytes gain_title(const struct notice *n, const struct notice_scene *s)
{
	struct bytes who = actor_name(s);

	if (n->kind == NOTIFY_ROLE_CHANGED)
		return role_title(s, n->listener->after.role);
	if (n->kind == NOTIFY_EXPIRY_CHANGED)
		return arena_printf(s->arena,
				    "%.*s changed when your access to workspace %.*s ends",
				    BYTES_ARG(who), BYTES_ARG(s->workspace.name));
	return arena_printf(s->arena, "%.*s shared workspace %.*s with you", BYTES_ARG(who),
			    BYTES_ARG(s->workspace.name));
}

static void write_gained(const struct notice *n, const struct notice_scene *s,
			 struct notification *out)
{
	const struct entitlement *after = &n->listener->after;
	struct bytes via = group_phrase(&after->group_id, s);
	struct bytes ends = expiry_sentence(after, s->arena);

	if (n->kind == NOTIFY_EXPIRY_CHANGED && !ends.len)
		ends = bytes_of(" Access does not end.");
	out->title = gain_title(n, s);
	out->body = arena_printf(s->arena, "You have the role %s%.*s: you can %s.%.*s",
				 role_name(after->role), BYTES_ARG(via),
				 what_role_allows(after->role), BYTES_ARG(ends));
	out->group_id = after->group_id;
	out->role = after->role;
	out->message = s->decision->message;
}

static void write_lost(const struct notice *n, const struct notice_scene *s,
		       struct notification *out)
{
	const struct entitlement *before = &n->listener->before;
	struct bytes who = actor_name(s);
	struct bytes via = group_phrase(&before->group_id, s);

	if (n->kind == NOTIFY_ACCESS_EXPIRED)
		out->title = arena_printf(s->arena, "Your access to workspace %.*s has expired",
					  BYTES_ARG(s->workspace.name));
	else
		out->title = arena_printf(s->arena, "%.*s no longer shares workspace %.*s with you",
					  BYTES_ARG(who), BYTES_ARG(s->workspace.name));
	out->body = arena_printf(s->arena, "The role %s that you had%.*s is gone.",
				 role_name(before->role), BYTES_ARG(via));
	out->group_id = before->group_id;
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
	};
	if (n->kind == NOTIFY_OWNER_NOTICE)
		write_owner_notice(scene, out);
	else if (n->listener->after.role == ROLE_NONE)
		write_lost(n, scene, out);
	else
		write_gained(n, scene, out);
	write_actions(n, scene, out);
}
