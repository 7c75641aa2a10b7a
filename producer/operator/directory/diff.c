#include "producer/operator/directory/diff.h"

#include "producer/operator/directory/difference.h"
#include "producer/operator/directory/finder.h"
#include "producer/operator/directory/reference.h"

#include <assert.h>

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

static void add_change(struct comparing *c, enum directory_verb verb, const struct record *old,
		       const struct record *new)
{
	enum directory_kind kind = directory_kind(new ? new : old);
	struct directory_counts *counts = &c->out->counts[kind];

	assert(c->out->count < c->wanted->count + c->have->count);
	c->out->list[c->out->count++] = (struct directory_change){ verb, kind, old, new };
	counts->created += verb == DIRECTORY_CREATE;
	counts->changed += verb == DIRECTORY_CHANGE;
	counts->deleted += verb == DIRECTORY_DELETE;
}

/*
 * An entry without an id, whose name is not in the index, has an id derived from
 * its name. If the index has that id under another name, its entity was renamed,
 * and the entry means a new one.
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
			 "%s %.*s has no id, and the one derived from its name belongs to a %s "
			 "that is now called %.*s or has moved; give it an id",
			 kind, BYTES_ARG(directory_name(r)), kind, BYTES_ARG(directory_name(old)));
}

/* Is it announced again although nothing differs? */
static bool is_wanted_again(const struct comparing *c, const struct record *r)
{
	const struct directory_facts *have = c->have;

	return directory_is_shadowed(r, have->shadowed, have->shadowed_count) ||
	       (have->all_shadowed && directory_kind(r) != DIRECTORY_WORKSPACES);
}

static int compare_fact(struct comparing *c, size_t i)
{
	const struct record *r = &c->wanted->list[i];
	const struct record *old = directory_find(&c->in_have, directory_kind(r), directory_id(r));
	unsigned differences = old ? directory_differences(old, r) : 0;
	bool same = old ? !differences && !is_wanted_again(c, r)
			: directory_is_deleted(r) && c->wanted->derived[i];
	int rc = old ? check_derived(c, i, old, differences) : 0;

	if (rc)
		return rc;
	if (same)
		c->out->counts[directory_kind(r)].unchanged++;
	else
		add_change(c, old ? DIRECTORY_CHANGE : DIRECTORY_CREATE, old, r);
	return 0;
}

/* ---- what the file lacks ---- */

/* What is announced of an entity that is deleted; NULL: a tombstone. */
static const struct record *farewell_of(const struct comparing *c, const struct record *old)
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

static bool is_going(const struct comparing *c, const struct record *old)
{
	enum directory_kind kind = directory_kind(old);

	return c->wanted->sections & 1U << kind && !directory_is_deleted(old) &&
	       !directory_find(&c->in_wanted, kind, directory_id(old));
}

/* An entity is deleted before those it refers to. */
static void delete_the_rest(struct comparing *c)
{
	static const enum directory_kind order[] = { DIRECTORY_WORKSPACES, DIRECTORY_GROUPS,
						     DIRECTORY_USERS, DIRECTORY_ORGANIZATIONS };

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (size_t i = 0; i < c->have->count; i++) {
			const struct record *old = &c->have->list[i];

			if (directory_kind(old) == order[k] && is_going(c, old))
				add_change(c, DIRECTORY_DELETE, old, farewell_of(c, old));
		}
}

/* ---- what must not be deleted ---- */

/* The fact with that kind and id if it is to be deleted, or NULL. */
static const struct record *find_going(const struct comparing *c, enum directory_kind kind,
				       const struct uuid *id)
{
	const struct record *old = directory_find(&c->in_have, kind, id);

	return old && is_going(c, old) ? old : NULL;
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

/* The first of that kind which r, which stays, refers to although it is to be deleted; or NULL. */
static const struct record *find_gone(const struct comparing *c, const struct record *r,
				      enum directory_kind kind)
{
	const struct record *gone = NULL;
	size_t count =
		c->out->counts[kind].deleted && !directory_is_deleted(r) ? reference_count(r) : 0;

	for (size_t i = 0; !gone && i < count; i++) {
		struct reference ref = reference_at(r, i);

		if (ref.kind == kind)
			gone = find_going(c, kind, ref.id);
	}
	return gone;
}

static int check_wanted(const struct comparing *c)
{
	for (size_t i = 0; i < c->wanted->count; i++) {
		const struct record *r = &c->wanted->list[i];
		const struct record *gone = find_gone(c, r, DIRECTORY_ORGANIZATIONS);

		if (!gone)
			gone = find_gone(c, r, DIRECTORY_USERS);
		if (gone)
			return complain_of_use(c, gone, r);
	}
	return 0;
}

/* Checks what stays in the index although the file does not state it. */
static int check_rest(const struct comparing *c)
{
	for (size_t i = 0; i < c->have->count; i++) {
		const struct record *r = &c->have->list[i];
		const struct record *gone;

		if (is_going(c, r) ||
		    directory_find(&c->in_wanted, directory_kind(r), directory_id(r)))
			continue;
		gone = find_gone(c, r, DIRECTORY_ORGANIZATIONS);
		if (gone)
			return complain_of_use(c, gone, r);
	}
	return 0;
}

static int prune_rest(struct comparing *c)
{
	int rc;

	delete_the_rest(c);
	rc = check_wanted(c);
	if (!rc && c->out->counts[DIRECTORY_ORGANIZATIONS].deleted)
		rc = check_rest(c);
	return rc;
}

/* ---- public ---- */

int directory_diff(const struct directory_facts *wanted, const struct directory_facts *have,
		   bool prune, struct arena *arena, struct directory_diff *out, struct error *err)
{
	struct directory_diff diff = {
		.list = arena_alloc(arena, (wanted->count + have->count + 1) * sizeof(*diff.list)),
	};
	struct comparing c = {
		.wanted = wanted, .have = have, .arena = arena, .out = &diff, .err = err
	};
	int rc = 0;

	directory_finder_init(&c.in_wanted, &wanted, 1, arena);
	directory_finder_init(&c.in_have, &have, 1, arena);
	for (size_t i = 0; !rc && i < wanted->count; i++)
		rc = compare_fact(&c, i);
	if (!rc && prune)
		rc = prune_rest(&c);
	if (!rc)
		*out = diff;
	return rc;
}
