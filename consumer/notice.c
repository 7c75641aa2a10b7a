#include "consumer/notice.h"

#include <stdlib.h>

/* The list in the making. */
struct listing {
	const struct decision *decision;
	const struct audience *audience;
	const struct uuid *owner_id;
	const struct directory *directory;
	struct arena *arena;
	struct notice *list;
	size_t count;
	size_t cap;
	bool *told; /* for each in the audience: a handoff's notice tells them of their access */
	bool owner_told; /* the owner likewise, of what others have changed */
};

static void add_notice(struct listing *l, const struct notice *n)
{
	if (l->count == l->cap)
		l->list = arena_grow(l->arena, l->list, &l->cap, l->cap + 1, sizeof(*l->list));
	l->list[l->count++] = *n;
}

/* Does the person exist, and are they not the one who acts? */
static bool can_be_told(const struct listing *l, const struct uuid *id)
{
	const struct user_changed *u = directory_user(l->directory, id);

	return u && u->status != USER_DELETED && !uuid_equal(id, &l->decision->actor.id);
}

/* ---- what it is about ---- */

/* 0: the decision makes no difference to them. */
static enum notification_kind kind_of(const struct decision *d, const struct listener *l)
{
	if (uuid_equal(&l->id, &d->previous_owner_id))
		return NOTIFY_OWNERSHIP_CHANGED;
	if (l->before.role == ROLE_NONE)
		return l->after.role == ROLE_NONE ? 0 : NOTIFY_WORKSPACE_SHARED;
	if (decision_deletes(d))
		return NOTIFY_WORKSPACE_DELETED;
	if (l->after.role == ROLE_NONE)
		return d->reason == REASON_EXPIRED ? NOTIFY_ACCESS_EXPIRED : NOTIFY_ACCESS_REMOVED;
	if (l->before.role != l->after.role)
		return NOTIFY_ROLE_CHANGED;
	return l->before.until == l->after.until ? 0 : NOTIFY_EXPIRY_CHANGED;
}

/* A handoff's notice says what of the sharing changes, but not that the workspace does. */
static bool is_about_workspace(enum notification_kind kind)
{
	return kind == NOTIFY_OWNERSHIP_CHANGED || kind == NOTIFY_WORKSPACE_DELETED;
}

/* ---- handoffs ---- */

static int compare_listener(const void *id, const void *listener)
{
	return uuid_compare(id, &((const struct listener *)listener)->id);
}

/*
 * The listener with that id, if what they may do changes and they have not been told
 * yet; else NULL. They count as told from now on.
 */
static const struct listener *take_listener(struct listing *l, const struct uuid *id)
{
	const struct audience *a = l->audience;
	const struct listener *found =
		a->count ? bsearch(id, a->list, a->count, sizeof(*a->list), compare_listener)
			 : NULL;
	enum notification_kind kind = found ? kind_of(l->decision, found) : 0;

	if (!kind || is_about_workspace(kind) || l->told[found - a->list])
		return NULL;
	l->told[found - a->list] = true;
	return found;
}

/* Is the owner to be told of changes of the sharing, and not told of them yet? */
static bool take_owner(struct listing *l, const struct uuid *id)
{
	const struct decision *d = l->decision;
	bool tells = d->change_count && d->actor.kind != ACTOR_SYSTEM &&
		     uuid_equal(l->owner_id, id) && !l->owner_told;

	l->owner_told = l->owner_told || tells;
	return tells;
}

static void tell_of_step(struct listing *l, const struct handoff_changed *h, const struct uuid *id,
			 bool as_offerer)
{
	struct notice n = { .recipient = *id, .handoff = h, .as_offerer = as_offerer };

	if (!can_be_told(l, id))
		return;
	n.kind = handoff_notification(h->state);
	n.listener = take_listener(l, id);
	n.tells_sharing = take_owner(l, id);
	add_notice(l, &n);
}

/* Members who are suspended could not act; whoever is named is told all the same. */
static void tell_members(struct listing *l, const struct handoff_changed *h)
{
	const struct uuid *members = NULL;
	size_t count = directory_members(l->directory, &h->to.id, l->arena, &members);

	for (size_t i = 0; i < count; i++) {
		const struct user_changed *u = directory_user(l->directory, &members[i]);

		if (u && u->status == USER_ACTIVE)
			tell_of_step(l, h, &members[i], false);
	}
}

/* Tells whoever has accepted it, else those it is offered to. */
static void tell_recipients(struct listing *l, const struct handoff_changed *h)
{
	if (h->state != HANDOFF_OFFERED && !uuid_is_nil(&h->accepted_by))
		tell_of_step(l, h, &h->accepted_by, false);
	else if (h->to.kind == SUBJECT_GROUP)
		tell_members(l, h);
	else
		tell_of_step(l, h, &h->to.id, false);
}

/* Is it in the hands of its recipients, or was it until now? */
static bool concerns_recipients(const struct handoff_changed *h)
{
	return h->state == HANDOFF_OFFERED || h->state == HANDOFF_WITHDRAWN ||
	       h->state == HANDOFF_EXPIRED;
}

static bool was_told(const struct listing *l, size_t from, const struct uuid *id)
{
	for (size_t i = from; i < l->count; i++)
		if (uuid_equal(&l->list[i].recipient, id))
			return true;
	return false;
}

/* Whoever offered it may be among its recipients, too. */
static void list_step(struct listing *l, const struct handoff_changed *h)
{
	size_t from = l->count;

	if (concerns_recipients(h))
		tell_recipients(l, h);
	if (!was_told(l, from, &h->offered_by.id))
		tell_of_step(l, h, &h->offered_by.id, true);
}

/* ---- access ---- */

static void list_listeners(struct listing *l)
{
	for (size_t i = 0; i < l->audience->count; i++) {
		const struct listener *person = &l->audience->list[i];
		struct notice n = { .recipient = person->id, .listener = person };

		n.kind = kind_of(l->decision, person);
		if (n.kind && !l->told[i])
			add_notice(l, &n);
	}
}

/* The owner after the decision: of a workspace of their own, of its end, or of what others do. */
static void list_owner(struct listing *l)
{
	const struct decision *d = l->decision;
	struct notice n = { .recipient = *l->owner_id };

	if (!can_be_told(l, l->owner_id))
		return;
	n.tells_sharing = take_owner(l, l->owner_id);
	if (decision_deletes(d))
		n.kind = NOTIFY_WORKSPACE_DELETED;
	else if (!uuid_is_nil(&d->previous_owner_id))
		n.kind = NOTIFY_OWNERSHIP_CHANGED;
	else if (n.tells_sharing)
		n.kind = NOTIFY_OWNER_NOTICE;
	if (n.kind)
		add_notice(l, &n);
}

size_t notice_list(const struct decision *d, const struct audience *audience,
		   const struct uuid *owner_id, const struct directory *dir, struct arena *arena,
		   struct notice **out)
{
	struct listing l = { .decision = d,
			     .audience = audience,
			     .owner_id = owner_id,
			     .directory = dir,
			     .arena = arena,
			     .cap = audience->count + 1 };

	*out = NULL;
	if (d->outcome != OUTCOME_APPLIED)
		return 0;
	l.told = arena_zalloc(arena, audience->count + 1, sizeof(*l.told));
	l.list = arena_alloc(arena, l.cap * sizeof(*l.list));
	for (size_t i = 0; i < d->handoff_count; i++)
		list_step(&l, &d->handoffs[i]);
	list_listeners(&l);
	list_owner(&l);
	*out = l.list;
	return l.count;
}
