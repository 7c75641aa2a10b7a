#include "producer/operator/directory/diff.h"

#include "producer/operator/directory/difference.h"
#include "producer/operator/directory/finder.h"

/* ---- what the file states ---- */

struct comparing {
	const struct directory_facts *wanted;
	const struct directory_facts *have;
	struct directory_finder in_wanted;
	struct directory_finder in_have;
	struct arena *arena;
	struct directory_diff *out;
	struct error *err;
};

static bool is_deleted(const struct record *r)
{
	return r->type == RECORD_USER_CHANGED && r->as.user_changed.status == USER_DELETED;
}

static void add(struct comparing *c, enum directory_verb verb, const struct record *old,
		const struct record *new)
{
	enum directory_kind kind = directory_kind(new ? new : old);
	struct directory_counts *counts = &c->out->counts[kind];

	c->out->list[c->out->count++] = (struct directory_change){ verb, kind, old, new };
	counts->created += verb == DIRECTORY_CREATE;
	counts->changed += verb == DIRECTORY_CHANGE;
	counts->deleted += verb == DIRECTORY_DELETE;
}

/*
 * An entry without id whose name nobody bears gets an id derived from the name.
 * If the index has that id under another name, it was renamed, and the entry
 * means somebody new.
 */
static int check_derived(const struct comparing *c, size_t i, const struct record *old,
			 unsigned differences)
{
	static const unsigned identity[DIRECTORY_KINDS] = {
		[DIRECTORY_ORGANIZATIONS] = DIFFERS_NAME,
		[DIRECTORY_USERS] = DIFFERS_NAME,
		[DIRECTORY_GROUPS] = DIFFERS_NAME | DIFFERS_ORGANIZATION,
		[DIRECTORY_WORKSPACES] = DIFFERS_NAME | DIFFERS_OWNER,
	};
	const struct record *r = &c->wanted->list[i];
	const char *kind = directory_kinds[directory_kind(r)].one;

	if (!c->wanted->derived[i] || !(differences & identity[directory_kind(r)]))
		return 0;
	return error_set(c->err, ERROR_INPUT,
			 "%s %.*s has no id, and the one that its name gives belongs to a %s now "
			 "called %.*s or elsewhere; give it an id",
			 kind, BYTES_ARG(directory_name(r)), kind, BYTES_ARG(directory_name(old)));
}

static int compare(struct comparing *c, size_t i)
{
	const struct record *r = &c->wanted->list[i];
	const struct record *old = directory_find(&c->in_have, directory_kind(r), directory_id(r));
	unsigned differences = old ? directory_differences(old, r) : 0;
	bool nothing = old ? !differences : is_deleted(r) && c->wanted->derived[i];
	int rc = old ? check_derived(c, i, old, differences) : 0;

	if (rc)
		return rc;
	if (nothing)
		c->out->counts[directory_kind(r)].unchanged++;
	else
		add(c, old ? DIRECTORY_CHANGE : DIRECTORY_CREATE, old, r);
	return 0;
}

/* ---- what it lacks ---- */

/* What is announced of an entity that goes; NULL: a tombstone. */
static const struct record *farewell(const struct comparing *c, const struct record *old)
{
	struct record *r;

	if (old->type != RECORD_USER_CHANGED && old->type != RECORD_WORKSPACE_CHANGED)
		return NULL;
	r = arena_alloc(c->arena, sizeof(*r));
	*r = *old;
	if (old->type == RECORD_USER_CHANGED) {
		r->as.user_changed.status = USER_DELETED;
		return r;
	}
	*r = (struct record){ .type = RECORD_WORKSPACE_DELETED };
	r->as.workspace_deleted.workspace_id = old->as.workspace_changed.workspace_id;
	r->as.workspace_deleted.deleted_at = c->wanted->now_ms;
	return r;
}

static bool goes(const struct comparing *c, const struct record *old)
{
	enum directory_kind kind = directory_kind(old);

	return c->wanted->sections & 1U << kind && !is_deleted(old) &&
	       !directory_find(&c->in_wanted, kind, directory_id(old));
}

/* What refers goes before what is referred to. */
static void delete_the_rest(struct comparing *c)
{
	static const enum directory_kind order[] = { DIRECTORY_WORKSPACES, DIRECTORY_GROUPS,
						     DIRECTORY_USERS, DIRECTORY_ORGANIZATIONS };

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (size_t i = 0; i < c->have->count; i++) {
			const struct record *old = &c->have->list[i];

			if (directory_kind(old) == order[k] && goes(c, old))
				add(c, DIRECTORY_DELETE, old, farewell(c, old));
		}
}

/* ---- what must not go ---- */

/* Does the organization or user of that id go? Its record, or NULL. */
static const struct record *going(const struct comparing *c, enum directory_kind kind,
				  const struct uuid *id)
{
	const struct record *old = directory_find(&c->in_have, kind, id);

	return old && goes(c, old) ? old : NULL;
}

static int complain_of_use(const struct comparing *c, const struct record *gone,
			   const struct record *user)
{
	return error_set(c->err, ERROR_INPUT,
			 "%s %.*s would be deleted, but %s %.*s still refers to it; nothing was "
			 "sent",
			 directory_kinds[directory_kind(gone)].one, BYTES_ARG(directory_name(gone)),
			 directory_kinds[directory_kind(user)].one,
			 BYTES_ARG(directory_name(user)));
}

/* The first organization that r, which remains, refers to and that goes. */
static const struct record *organization_gone(const struct comparing *c, const struct record *r)
{
	const struct record *gone = NULL;

	if (r->type == RECORD_GROUP_CHANGED)
		return going(c, DIRECTORY_ORGANIZATIONS, &r->as.group_changed.organization_id);
	if (r->type == RECORD_WORKSPACE_CHANGED)
		return going(c, DIRECTORY_ORGANIZATIONS, &r->as.workspace_changed.organization_id);
	if (r->type != RECORD_USER_CHANGED || is_deleted(r))
		return NULL;
	for (size_t i = 0; !gone && i < r->as.user_changed.organization_count; i++)
		gone = going(c, DIRECTORY_ORGANIZATIONS, &r->as.user_changed.organizations[i].id);
	return gone;
}

/* The same for users: the file must not name whom it deletes. */
static const struct record *user_gone(const struct comparing *c, const struct record *r)
{
	const struct record *gone = NULL;

	if (!c->out->counts[DIRECTORY_USERS].deleted)
		return NULL;
	if (r->type == RECORD_WORKSPACE_CHANGED)
		return going(c, DIRECTORY_USERS, &r->as.workspace_changed.owner_id);
	for (size_t i = 0;
	     !gone && r->type == RECORD_GROUP_CHANGED && i < r->as.group_changed.member_count; i++)
		gone = going(c, DIRECTORY_USERS, &r->as.group_changed.members[i]);
	return gone;
}

static int check_uses(const struct comparing *c)
{
	const struct record *gone = NULL;

	for (size_t i = 0; i < c->wanted->count; i++) {
		const struct record *r = &c->wanted->list[i];

		gone = organization_gone(c, r);
		if (!gone)
			gone = user_gone(c, r);
		if (gone)
			return complain_of_use(c, gone, r);
	}
	for (size_t i = 0; c->out->counts[DIRECTORY_ORGANIZATIONS].deleted && i < c->have->count;
	     i++) {
		const struct record *r = &c->have->list[i];

		if (goes(c, r) || directory_find(&c->in_wanted, directory_kind(r), directory_id(r)))
			continue;
		gone = organization_gone(c, r);
		if (gone)
			return complain_of_use(c, gone, r);
	}
	return 0;
}

/* ---- public ---- */

int directory_diff(const struct directory_facts *wanted, const struct directory_facts *have,
		   bool prune, struct arena *arena, struct directory_diff *out, struct error *err)
{
	struct comparing c = {
		.wanted = wanted, .have = have, .arena = arena, .out = out, .err = err
	};
	int rc = 0;

	*out = (struct directory_diff){ 0 };
	out->list = arena_alloc(arena, (wanted->count + have->count + 1) * sizeof(*out->list));
	directory_finder_init(&c.in_wanted, &wanted, 1, arena);
	directory_finder_init(&c.in_have, &have, 1, arena);
	for (size_t i = 0; !rc && i < wanted->count; i++)
		rc = compare(&c, i);
	if (rc || !prune)
		return rc;
	delete_the_rest(&c);
	return check_uses(&c);
}
