#include "consumer/notice_text.h"

#include "consumer/handoff_text.h"

/* ---- more access, or other access ---- */

/* When the system takes one grant away, another may leave a lesser role. */
static void title_role(const struct notice *n, const struct notice_scene *s)
{
	bool by_system = s->decision->actor.kind == ACTOR_SYSTEM;

	if (by_system) {
		prose_say(s->title, "Your role");
	} else {
		phrase_actor(s->title, s);
		prose_say(s->title, " changed your role");
	}
	prose_say(s->title, " on workspace ");
	phrase_workspace(s->title, s, &n->recipient);
	prose_say(s->title, by_system ? " is now " : " to ");
	prose_say(s->title, role_name(n->listener->after.role));
}

static void title_expiry(const struct notice *n, const struct notice_scene *s)
{
	bool by_system = s->decision->actor.kind == ACTOR_SYSTEM;

	if (by_system) {
		prose_say(s->title, "Your access to workspace ");
	} else {
		phrase_actor(s->title, s);
		prose_say(s->title, " changed when your access to workspace ");
	}
	phrase_workspace(s->title, s, &n->recipient);
	prose_say(s->title, by_system ? " now ends at another time" : " ends");
}

static void title_gained(const struct notice *n, const struct notice_scene *s)
{
	if (n->kind == NOTIFY_ROLE_CHANGED) {
		title_role(n, s);
	} else if (n->kind == NOTIFY_EXPIRY_CHANGED) {
		title_expiry(n, s);
	} else {
		phrase_actor(s->title, s);
		prose_say(s->title, " shared workspace ");
		phrase_workspace(s->title, s, &n->recipient);
		prose_say(s->title, " with you");
	}
}

/* Of whom a lesser role remains, only the role ends. */
static const char *what_ends(const struct entitlement *e)
{
	return e->until == e->access_until ? "Your access" : "Your role";
}

/* "Your access was to end on …. It now ends on …." */
static void body_expiry(const struct listener *l, const struct notice_scene *s)
{
	prose_say(s->body, what_ends(&l->before));
	prose_say(s->body, l->before.until == ABSENT ? " had no end" : " was to end on ");
	if (l->before.until != ABSENT)
		phrase_moment(s->body, l->before.until);
	prose_say(s->body, ". ");
	prose_say(s->body, what_ends(&l->after));
	prose_say(s->body, l->after.until == ABSENT ? " no longer ends" : " now ends on ");
	if (l->after.until != ABSENT)
		phrase_moment(s->body, l->after.until);
	prose_say(s->body, ".");
}

static void body_role(const struct listener *l, const struct notice_scene *s)
{
	prose_say(s->body, "Your role was ");
	prose_say(s->body, role_name(l->before.role));
	prose_say(s->body, ".");
}

static void write_gained(const struct notice *n, const struct notice_scene *s,
			 struct notification *out)
{
	const struct entitlement *after = &n->listener->after;

	title_gained(n, s);
	if (n->kind == NOTIFY_EXPIRY_CHANGED)
		body_expiry(n->listener, s);
	if (n->kind == NOTIFY_ROLE_CHANGED)
		body_role(n->listener, s);
	phrase_rights(s->body, after->role);
	phrase_path(s->body, s, &after->group_id);
	if (n->kind != NOTIFY_EXPIRY_CHANGED)
		phrase_end(s->body, after);
	phrase_quoted(s->body, s, &s->decision->actor.id, s->decision->message);
	out->group_id = after->group_id;
	out->role = after->role;
	out->expires_at = after->access_until;
	out->message = s->decision->message;
}

/* ---- no more access ---- */

static void title_lost(const struct notice *n, const struct notice_scene *s)
{
	if (n->kind == NOTIFY_ACCESS_EXPIRED) {
		prose_say(s->title, "Your access to workspace ");
		phrase_workspace(s->title, s, &n->recipient);
		prose_say(s->title, " has expired");
	} else if (s->decision->actor.kind == ACTOR_SYSTEM ||
		   s->decision->reason == REASON_HANDOFF) {
		prose_say(s->title, "Workspace ");
		phrase_workspace(s->title, s, &n->recipient);
		prose_say(s->title, " is no longer shared with you");
	} else {
		phrase_actor(s->title, s);
		prose_say(s->title, " no longer shares workspace ");
		phrase_workspace(s->title, s, &n->recipient);
		prose_say(s->title, " with you");
	}
}

/* Why somebody has lost it whom nobody had in mind; nothing is said where nothing is to be said. */
static void body_reason(const struct notice_scene *s)
{
	const struct decision *d = s->decision;

	if (d->reason == REASON_GROUP_DELETED)
		prose_say(s->body, " That group was deleted.");
	if (!d->handoff_count || d->handoffs[0].state != HANDOFF_ACCEPTED)
		return;
	prose_say(s->body, " ");
	phrase_actor(s->body, s);
	prose_say(s->body, " has accepted the handoff that it was for.");
}

static void body_advice(const struct notice_scene *s)
{
	const struct user_changed *owner = directory_user(s->directory, &s->workspace.owner_id);

	if (!owner || owner->status == USER_DELETED)
		return;
	prose_say(s->body, " If you still need it, ask ");
	phrase_user(s->body, s, &s->workspace.owner_id);
	prose_say(s->body, ", who owns it.");
}

static void write_lost(const struct notice *n, const struct notice_scene *s,
		       struct notification *out)
{
	const struct entitlement *before = &n->listener->before;

	title_lost(n, s);
	phrase_former_role(s->body, s, before);
	body_reason(s);
	body_advice(s);
	out->group_id = before->group_id;
}

/* ---- the workspace itself ---- */

static void write_deleted(const struct notice *n, const struct notice_scene *s,
			  struct notification *out)
{
	prose_say(s->title, n->listener ? "Workspace " : "Your workspace ");
	phrase_workspace(s->title, s, &n->recipient);
	prose_say(s->title, " was deleted");
	if (n->listener) {
		phrase_former_role(s->body, s, &n->listener->before);
		prose_say(s->body, " Nobody can open it any more.");
		out->group_id = n->listener->before.group_id;
	} else {
		prose_say(s->body, "Nobody can open it any more, and it is no longer shared with "
				   "anybody.");
	}
}

static void write_new_owner(const struct notice_scene *s)
{
	prose_say(s->title, "Workspace ");
	prose_put(s->title, s->workspace.name);
	prose_say(s->title, " is now yours");
	prose_say(s->body, "It belonged to ");
	phrase_user(s->body, s, &s->decision->previous_owner_id);
	prose_say(s->body, " before. As its owner you can use it, manage it, share it and delete "
			   "it. Everybody it is shared with keeps their access: look whether "
			   "that is what you want.");
}

static void write_former_owner(const struct notice *n, const struct notice_scene *s,
			       struct notification *out)
{
	const struct entitlement *after = &n->listener->after;

	prose_say(s->title, "Your workspace ");
	prose_put(s->title, s->workspace.name);
	prose_say(s->title, " now belongs to ");
	phrase_user(s->title, s, &s->workspace.owner_id);
	if (after->role == ROLE_NONE) {
		prose_say(s->body, "You can no longer use it.");
		body_advice(s);
		return;
	}
	prose_say(s->body, "You no longer own it, but you keep some access.");
	phrase_rights(s->body, after->role);
	phrase_path(s->body, s, &after->group_id);
	phrase_end(s->body, after);
	out->group_id = after->group_id;
	out->role = after->role;
	out->expires_at = after->access_until;
}

static void write_ownership(const struct notice *n, const struct notice_scene *s,
			    struct notification *out)
{
	if (n->listener)
		write_former_owner(n, s, out);
	else
		write_new_owner(s);
}

/* ---- to the owner ---- */

static const struct change *find_leaver(const struct decision *d)
{
	const struct change *c = d->changes;
	const struct subject actor = { SUBJECT_USER, d->actor.id };

	return d->change_count == 1 && c->after == ROLE_NONE && subject_equal(&c->subject, &actor)
		       ? c
		       : NULL;
}

static void write_owner_notice(const struct notice_scene *s)
{
	const struct change *leaver = find_leaver(s->decision);

	phrase_actor(s->title, s);
	if (leaver) {
		prose_say(s->title, " left your workspace ");
		prose_put(s->title, s->workspace.name);
		phrase_actor(s->body, s);
		prose_say(s->body, " had the role ");
		prose_say(s->body, role_name(leaver->before));
		prose_say(s->body, ".");
		return;
	}
	prose_say(s->title, " changed who your workspace ");
	prose_put(s->title, s->workspace.name);
	prose_say(s->title, " is shared with");
	phrase_changes(s->body, s);
}

/* ---- all kinds ---- */

/* Whoever may no longer use it has nothing to see there. */
static bool can_view(const struct notice *n)
{
	return n->kind != NOTIFY_WORKSPACE_DELETED &&
	       (!n->listener || n->listener->after.role != ROLE_NONE);
}

static void write_view(const struct notice_scene *s, struct notification *out)
{
	out->actions = arena_alloc(s->arena, sizeof(*out->actions));
	out->action_count = 1;
	phrase_view(s, &out->actions[0]);
}

static void write_text(const struct notice *n, const struct notice_scene *s,
		       struct notification *out)
{
	if (n->kind == NOTIFY_WORKSPACE_DELETED)
		write_deleted(n, s, out);
	else if (n->kind == NOTIFY_OWNERSHIP_CHANGED)
		write_ownership(n, s, out);
	else if (n->kind == NOTIFY_OWNER_NOTICE)
		write_owner_notice(s);
	else if (n->listener->after.role == ROLE_NONE)
		write_lost(n, s, out);
	else
		write_gained(n, s, out);
	if (can_view(n))
		write_view(s, out);
}

void notice_write(const struct notice *n, const struct notice_scene *s, struct notification *out)
{
	prose_clear(s->title);
	prose_clear(s->body);
	*out = (struct notification){
		.recipient_id = n->recipient,
		.kind = n->kind,
		.actor = s->decision->actor,
		.workspace = s->workspace,
		.expires_at = ABSENT,
		.handoff_step = ABSENT,
	};
	if (n->handoff)
		handoff_text_write(n, s, out);
	else
		write_text(n, s, out);
	out->title = buffer_bytes(&s->title->plain);
	out->body = buffer_bytes(&s->body->plain);
	out->body_markdown = buffer_bytes(&s->body->markdown);
}
