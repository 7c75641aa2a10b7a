#include "consumer/directory.h"

#include "ops/support/hash.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * An entity and the memory of its texts and arrays, in one block. There may be
 * hundreds of thousands of entities, of a quarter of a kilobyte each.
 */
struct entity {
	union {
		struct uuid id; /* each kind begins with it */
		struct user_changed user;
		struct group_changed group;
		struct organization_changed organization;
	} as;
	UT_hash_handle hh;
	enum record_type type;
	bool shadowed; /* a later record under its id was passed over */
	alignas(struct membership) uint8_t block[]; /* arrays first, because they need ALIGNMENT */
};

enum { ALIGNMENT = alignof(struct membership) };

static_assert(offsetof(struct entity, block) % ALIGNMENT == 0, "arrays in the block are aligned");
static_assert(offsetof(struct user_changed, id) == 0 && offsetof(struct group_changed, id) == 0 &&
		      offsetof(struct organization_changed, id) == 0,
	      "an entity is found by the id that it begins with");

/*
 * The ids whose last record was a tombstone are remembered, 80 bytes each, up to
 * this many. Beyond that the oldest is forgotten: what it names then counts as
 * missing, so its grants stay, and checks deny them all the same.
 */
enum { TOMBSTONES_MAX = 200000 };

struct tombstone {
	struct uuid id;
	UT_hash_handle hh;
};

struct directory {
	struct entity *entities; /* by id, in order of arrival; ids do not collide between kinds */
	struct tombstone *tombstones; /* by id, the oldest first; none of an entity */
	struct deployment_changed deployment;
	bool deployment_shadowed;
};

static const struct uuid NO_ID = { { 0 } };

struct directory *directory_new(void)
{
	struct directory *d = memory_zalloc(1, sizeof(*d));

	d->deployment.sharing_enabled = true;
	return d;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop_entity(struct directory *d, struct entity *e)
{
	HASH_DEL(d->entities, e);
	free(e);
}

/* ---- tombstones ---- */

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct tombstone *find_tombstone(const struct directory *d, const struct uuid *id)
{
	struct tombstone *t;

	HASH_FIND(hh, d->tombstones, id, sizeof(*id), t);
	return t;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop_tombstone(struct directory *d, struct tombstone *t)
{
	if (!t)
		return;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer is lost in uthash's lists */
	HASH_DEL(d->tombstones, t);
	free(t);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void add_tombstone(struct directory *d, const struct uuid *id)
{
	struct tombstone *t;

	drop_tombstone(d, find_tombstone(d, id));
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what was dropped is not in the table any more */
	if (HASH_COUNT(d->tombstones) >= TOMBSTONES_MAX)
		drop_tombstone(d, d->tombstones);
	t = memory_zalloc(1, sizeof(*t));
	t->id = *id;
	HASH_ADD(hh, d->tombstones, id, sizeof(t->id), t);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}

/* ---- entities ---- */

void directory_free(struct directory **dp)
{
	struct entity *e;
	struct entity *next;

	if (!*dp)
		return;
	while ((*dp)->tombstones)
		drop_tombstone(*dp, (*dp)->tombstones);
	HASH_ITER(hh, (*dp)->entities, e, next)
	drop_entity(*dp, e);
	free(*dp);
	*dp = NULL;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct entity *find_entity(const struct directory *d, const struct uuid *id)
{
	struct entity *e;

	HASH_FIND(hh, d->entities, id, sizeof(*id), e);
	return e;
}

static struct entity *entity_new(const struct uuid *id, enum record_type type, size_t block)
{
	struct entity *e = memory_zalloc(1, sizeof(*e) + block);

	e->as.id = *id;
	e->type = type;
	return e;
}

/* Copies len bytes to *at and advances *at past them. */
static void *put_bytes(uint8_t **at, const void *data, size_t len)
{
	void *to = *at;

	if (len)
		memcpy(to, data, len);
	*at += len;
	return to;
}

static void put_text(uint8_t **at, struct bytes *text)
{
	text->data = put_bytes(at, text->data, text->len);
}

static struct entity *copy_user(const struct user_changed *u)
{
	size_t memberships = u->organization_count * sizeof(*u->organizations);
	struct entity *e = entity_new(&u->id, RECORD_USER_CHANGED,
				      memberships + u->username.len + u->name.len + u->email.len);
	uint8_t *at = e->block;

	e->as.user = *u;
	e->as.user.organizations = put_bytes(&at, u->organizations, memberships);
	put_text(&at, &e->as.user.username);
	put_text(&at, &e->as.user.name);
	put_text(&at, &e->as.user.email);
	return e;
}

/* Members are kept sorted and without doubles, so that membership is a binary search. */
static struct entity *copy_group(const struct group_changed *g)
{
	size_t members = g->member_count * sizeof(*g->members);
	struct entity *e = entity_new(&g->id, RECORD_GROUP_CHANGED, members + g->name.len);
	struct group_changed *to = &e->as.group;
	uint8_t *at = e->block;

	*to = *g;
	to->members = put_bytes(&at, g->members, members);
	put_text(&at, &to->name);
	to->member_count = uuid_sort(to->members, to->member_count);
	return e;
}

static struct entity *copy_organization(const struct organization_changed *o)
{
	struct entity *e = entity_new(&o->id, RECORD_ORGANIZATION_CHANGED, o->name.len);
	uint8_t *at = e->block;

	e->as.organization = *o;
	put_text(&at, &e->as.organization.name);
	return e;
}

/* Gathers what readers must see of a change. old and new are of one kind; either may be NULL. */
static void project_entity(struct projection *p, const struct entity *old, const struct entity *new)
{
	const struct entity *any = new ? new : old;

	if (!p)
		return;
	if (any->type == RECORD_USER_CHANGED)
		projection_user(p, old ? &old->as.user : NULL, new ? &new->as.user : NULL);
	else if (any->type == RECORD_GROUP_CHANGED)
		projection_group(p, old ? &old->as.group : NULL, new ? &new->as.group : NULL);
	else
		projection_organization(p, old ? &old->as.organization : NULL,
					new ? &new->as.organization : NULL);
}

/* Gathers that the record which the entity rests on is shadowed, or no longer so. */
static void project_shadow(struct projection *p, const struct uuid *id, bool was, bool is)
{
	if (p && was != is)
		projection_shadow(p, id, is);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void replace_entity(struct directory *d, struct entity *new, struct projection *p)
{
	struct entity *old = find_entity(d, &new->as.id);

	assert(!old || old->type == new->type);
	project_entity(p, old, new);
	if (old) {
		project_shadow(p, &old->as.id, old->shadowed, false);
		drop_entity(d, old);
	}
	drop_tombstone(d, find_tombstone(d, &new->as.id));
	HASH_ADD(hh, d->entities, as.id, sizeof(new->as.id), new);
}

static void replace_deployment(struct directory *d, const struct deployment_changed *new,
			       struct projection *p)
{
	d->deployment = *new;
	if (p)
		projection_deployment(p, new);
	project_shadow(p, &NO_ID, d->deployment_shadowed, false);
	d->deployment_shadowed = false;
}

bool directory_put(struct directory *d, const struct record *fact, struct projection *p)
{
	if (fact->type == RECORD_USER_CHANGED)
		replace_entity(d, copy_user(&fact->as.user_changed), p);
	else if (fact->type == RECORD_GROUP_CHANGED)
		replace_entity(d, copy_group(&fact->as.group_changed), p);
	else if (fact->type == RECORD_ORGANIZATION_CHANGED)
		replace_entity(d, copy_organization(&fact->as.organization_changed), p);
	else if (fact->type == RECORD_DEPLOYMENT_CHANGED)
		replace_deployment(d, &fact->as.deployment_changed, p);
	else
		return false;
	return true;
}

void directory_forget(struct directory *d, const struct uuid *id, struct projection *p)
{
	struct entity *e = find_entity(d, id);

	add_tombstone(d, id);
	if (!e)
		return;
	project_entity(p, e, NULL);
	project_shadow(p, id, e->shadowed, false);
	drop_entity(d, e);
}

bool directory_shadow(struct directory *d, const struct uuid *id, struct projection *p)
{
	struct entity *e = uuid_is_nil(id) ? NULL : find_entity(d, id);
	bool *shadowed = e ? &e->shadowed : uuid_is_nil(id) ? &d->deployment_shadowed : NULL;

	if (!shadowed || *shadowed)
		return false;
	*shadowed = true;
	project_shadow(p, id, false, true);
	return true;
}

const struct user_changed *directory_user(const struct directory *d, const struct uuid *id)
{
	const struct entity *e = find_entity(d, id);

	return e && e->type == RECORD_USER_CHANGED ? &e->as.user : NULL;
}

const struct group_changed *directory_group(const struct directory *d, const struct uuid *id)
{
	const struct entity *e = find_entity(d, id);

	return e && e->type == RECORD_GROUP_CHANGED ? &e->as.group : NULL;
}

const struct organization_changed *directory_organization(const struct directory *d,
							  const struct uuid *id)
{
	const struct entity *e = find_entity(d, id);

	return e && e->type == RECORD_ORGANIZATION_CHANGED ? &e->as.organization : NULL;
}

/* Is there such a user, whatever the status, or such a group? */
static bool is_known(const struct directory *d, const struct subject *s)
{
	if (s->kind == SUBJECT_USER)
		return directory_user(d, &s->id);
	return directory_group(d, &s->id) || directory_organization(d, &s->id);
}

bool directory_deleted(const struct directory *d, const struct subject *s)
{
	const struct user_changed *u = directory_user(d, &s->id);

	if (s->kind == SUBJECT_USER && u)
		return u->status == USER_DELETED;
	return find_tombstone(d, &s->id);
}

bool directory_missing(const struct directory *d, const struct subject *s)
{
	return !is_known(d, s) && !find_tombstone(d, &s->id);
}

bool directory_sharing_enabled(const struct directory *d)
{
	return d->deployment.sharing_enabled;
}

bool directory_in_group(const struct directory *d, const struct uuid *user_id,
			const struct uuid *group_id)
{
	const struct group_changed *g = directory_group(d, group_id);
	const struct user_changed *u;

	if (g)
		return bsearch(user_id, g->members, g->member_count, sizeof(*g->members),
			       uuid_compare);
	u = directory_user(d, user_id);
	return u && directory_organization(d, group_id) && user_membership(u, group_id);
}

/*
 * The members of an organization are found by walking through all users, which
 * takes some milliseconds for a hundred thousand. That happens once for each
 * change of such a grant, which may notify as many people: keeping a list for
 * each organization would not pay.
 */
static const struct user_changed *next_user(const struct entity **at)
{
	const struct entity *e = *at;

	while (e && e->type != RECORD_USER_CHANGED)
		e = e->hh.next;
	*at = e ? e->hh.next : NULL;
	return e ? &e->as.user : NULL;
}

size_t directory_member_count(const struct directory *d, const struct uuid *group_id)
{
	const struct group_changed *g = directory_group(d, group_id);
	const struct entity *at = d->entities;
	const struct user_changed *u;
	size_t count = 0;

	if (g)
		return g->member_count;
	if (directory_organization(d, group_id))
		while ((u = next_user(&at)))
			count += user_membership(u, group_id) != NULL;
	return count;
}

size_t directory_members(const struct directory *d, const struct uuid *group_id,
			 struct arena *arena, const struct uuid **out)
{
	const struct group_changed *g = directory_group(d, group_id);
	const struct entity *at = d->entities;
	const struct user_changed *u;
	struct uuid *members;
	size_t count = 0;

	if (g) {
		*out = g->members;
		return g->member_count;
	}
	if (!directory_organization(d, group_id))
		return 0;
	members = arena_alloc(arena, HASH_COUNT(d->entities) * sizeof(*members));
	while ((u = next_user(&at)))
		if (user_membership(u, group_id))
			members[count++] = u->id;
	*out = members;
	return count;
}

struct bytes directory_subject_name(const struct directory *d, const struct subject *s,
				    struct arena *arena)
{
	const struct user_changed *u = directory_user(d, &s->id);
	const struct group_changed *g = directory_group(d, &s->id);
	const struct organization_changed *o = directory_organization(d, &s->id);
	char id[UUID_TEXT_SIZE];

	if (s->kind == SUBJECT_USER && u)
		return u->username;
	if (s->kind == SUBJECT_GROUP && g)
		return g->name;
	if (s->kind == SUBJECT_GROUP && o)
		return arena_printf(arena, "everyone in %.*s", (int)o->name.len, o->name.data);
	uuid_format(id, &s->id);
	return arena_printf(arena, "%s", id);
}

bool directory_project(const struct directory *d, struct projection *p, const struct entity **at,
		       size_t enough)
{
	const struct entity *e = *at ? *at : d->entities;

	if (!*at) {
		projection_deployment(p, &d->deployment);
		project_shadow(p, &NO_ID, false, d->deployment_shadowed);
	}
	for (; e && projection_size(p) < enough; e = e->hh.next) {
		project_entity(p, NULL, e);
		project_shadow(p, &e->as.id, false, e->shadowed);
	}
	*at = e;
	return e;
}
