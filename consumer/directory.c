#include "consumer/directory.h"

#include "ops/support/id_table.h"
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
		struct preferences_changed preferences;
	} as;
	struct entity *before; /* in its list */
	struct entity *after;
	enum record_type type;
	bool shadowed; /* a later record under its id was passed over */
	alignas(struct membership) uint8_t block[]; /* arrays first, because they need ALIGNMENT */
};

enum {
	ALIGNMENT = alignof(struct membership),
	WARM_BYTES = sizeof(struct entity) + 64, /* with the first memberships */
};

static_assert(offsetof(struct entity, block) % ALIGNMENT == 0, "arrays in the block are aligned");
static_assert(offsetof(struct user_changed, id) == 0 && offsetof(struct group_changed, id) == 0 &&
		      offsetof(struct organization_changed, id) == 0 &&
		      offsetof(struct preferences_changed, user_id) == 0,
	      "an entity is found by the id that it begins with");

/*
 * The ids whose last record was a tombstone are remembered, 64 bytes each, up to
 * this many. Beyond that the oldest is forgotten: what it names then counts as
 * missing, so its grants stay, and checks deny them all the same.
 */
enum { TOMBSTONES_MAX = 200000 };

struct tombstone {
	struct uuid id;
	struct tombstone *before; /* in order of arrival */
	struct tombstone *after;
};

/* Entities by id, and in order of arrival. */
struct shelf {
	struct id_table by_id;
	struct entity *first;
	struct entity *last;
};

/*
 * One command looks up the same few people a dozen times. What was found last is
 * remembered by the low bits of its id, which costs nothing to compute. Whoever
 * chooses ids that share them gains nothing: each look-up then goes to the table.
 */
enum { RECENT_ENTITIES = 64 };

struct directory {
	struct shelf entities;      /* ids do not collide between kinds */
	struct shelf preferences;   /* by the user's id, whom the directory need not know */
	struct entity **recent;     /* RECENT_ENTITIES of `entities`, or NULL */
	struct id_table tombstones; /* none of an entity */
	struct tombstone *oldest;
	struct tombstone *latest;
	struct deployment_changed deployment;
	bool deployment_shadowed;
};

static const struct uuid NO_ID = { { 0 } };

struct directory *directory_new(void)
{
	struct directory *d = memory_zalloc(1, sizeof(*d));

	d->recent = memory_zalloc(RECENT_ENTITIES, sizeof(struct entity *));
	d->deployment.sharing_enabled = true;
	return d;
}

/* ---- tombstones ---- */

static struct tombstone *find_tombstone(const struct directory *d, const struct uuid *id)
{
	return id_table_find(&d->tombstones, id);
}

static void drop_tombstone(struct directory *d, struct tombstone *t)
{
	if (!t)
		return;
	*(t->before ? &t->before->after : &d->oldest) = t->after;
	*(t->after ? &t->after->before : &d->latest) = t->before;
	id_table_remove(&d->tombstones, t);
	free(t);
}

static void add_tombstone(struct directory *d, const struct uuid *id)
{
	struct tombstone *t;

	drop_tombstone(d, find_tombstone(d, id));
	if (d->tombstones.count >= TOMBSTONES_MAX)
		drop_tombstone(d, d->oldest);
	t = memory_zalloc(1, sizeof(*t));
	t->id = *id;
	t->before = d->latest;
	*(t->before ? &t->before->after : &d->oldest) = t;
	d->latest = t;
	id_table_add(&d->tombstones, t);
}

/* ---- entities ---- */

static void shelve_entity(struct shelf *s, struct entity *e)
{
	e->before = s->last;
	*(e->before ? &e->before->after : &s->first) = e;
	s->last = e;
	id_table_add(&s->by_id, e);
}

static void unshelve_entity(struct shelf *s, struct entity *e)
{
	*(e->before ? &e->before->after : &s->first) = e->after;
	*(e->after ? &e->after->before : &s->last) = e->before;
	id_table_remove(&s->by_id, e);
}

static struct entity **found_last(const struct directory *d, const struct uuid *id)
{
	return &d->recent[id->bytes[sizeof(id->bytes) - 1] % RECENT_ENTITIES];
}

static struct entity *find_entity(const struct directory *d, const struct uuid *id)
{
	struct entity **recent = found_last(d, id);
	struct entity *e = *recent;

	if (e && uuid_equal(&e->as.id, id))
		return e;
	e = id_table_find(&d->entities.by_id, id);
	if (e)
		*recent = e;
	return e;
}

static struct entity *find_preferences(const struct directory *d, const struct uuid *user_id)
{
	return id_table_find(&d->preferences.by_id, user_id);
}

static void drop_entity(struct directory *d, struct entity *e)
{
	struct entity **recent = found_last(d, &e->as.id);

	if (*recent == e)
		*recent = NULL;
	unshelve_entity(e->type == RECORD_PREFERENCES_CHANGED ? &d->preferences : &d->entities, e);
	free(e);
}

static void empty_shelf(struct directory *d, struct shelf *s)
{
	while (s->first)
		drop_entity(d, s->first);
	id_table_done(&s->by_id);
}

void directory_free(struct directory **dp)
{
	struct directory *d = *dp;

	if (!d)
		return;
	while (d->oldest)
		drop_tombstone(d, d->oldest);
	id_table_done(&d->tombstones);
	empty_shelf(d, &d->entities);
	empty_shelf(d, &d->preferences);
	free(d->recent);
	free(d);
	*dp = NULL;
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

static struct entity *copy_preferences(const struct preferences_changed *p)
{
	size_t rules = p->rule_count * sizeof(*p->rules);
	size_t muted = p->muted_workspace_count * sizeof(*p->muted_workspaces);
	struct entity *e = entity_new(&p->user_id, RECORD_PREFERENCES_CHANGED, rules + muted);
	uint8_t *at = e->block;

	e->as.preferences = *p;
	e->as.preferences.rules = put_bytes(&at, p->rules, rules);
	e->as.preferences.muted_workspaces = put_bytes(&at, p->muted_workspaces, muted);
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
	else if (any->type == RECORD_PREFERENCES_CHANGED)
		projection_preferences(p, old ? &old->as.preferences : NULL,
				       new ? &new->as.preferences : NULL);
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
	shelve_entity(&d->entities, new);
}

static void replace_preferences(struct directory *d, struct entity *new, struct projection *p)
{
	struct entity *old = find_preferences(d, &new->as.id);

	project_entity(p, old, new);
	if (old)
		drop_entity(d, old);
	shelve_entity(&d->preferences, new);
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
	else if (fact->type == RECORD_PREFERENCES_CHANGED)
		replace_preferences(d, copy_preferences(&fact->as.preferences_changed), p);
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

void directory_forget_preferences(struct directory *d, const struct uuid *user_id,
				  struct projection *p)
{
	struct entity *e = find_preferences(d, user_id);

	if (!e)
		return;
	project_entity(p, e, NULL);
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

void directory_warm(const struct directory *d, const void *const *ids, size_t count)
{
	id_table_warm(&d->entities.by_id, ids, count, WARM_BYTES);
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

const struct preferences_changed *directory_preferences(const struct directory *d,
							const struct uuid *user_id)
{
	const struct entity *e = find_preferences(d, user_id);

	return e ? &e->as.preferences : NULL;
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
		e = e->after;
	*at = e ? e->after : NULL;
	return e ? &e->as.user : NULL;
}

size_t directory_groups_named(const struct directory *d, struct bytes name, struct uuid *out,
			      size_t max)
{
	size_t count = 0;

	for (const struct entity *e = d->entities.first; e && count < max; e = e->after) {
		bool is = e->type == RECORD_GROUP_CHANGED
				  ? bytes_equal(e->as.group.name, name)
				  : e->type == RECORD_ORGANIZATION_CHANGED &&
					    bytes_equal(e->as.organization.name, name);

		if (is)
			out[count++] = e->as.id;
	}
	return count;
}

size_t directory_member_count(const struct directory *d, const struct uuid *group_id)
{
	const struct group_changed *g = directory_group(d, group_id);
	const struct entity *at = d->entities.first;
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
	const struct entity *at = d->entities.first;
	const struct user_changed *u;
	struct uuid *members;
	size_t count = 0;

	if (g) {
		*out = g->members;
		return g->member_count;
	}
	if (!directory_organization(d, group_id))
		return 0;
	members = arena_alloc(arena, d->entities.by_id.count * sizeof(*members));
	while ((u = next_user(&at)))
		if (user_membership(u, group_id))
			members[count++] = u->id;
	*out = members;
	return count;
}

struct bytes directory_subject_name(const struct directory *d, const struct subject *s,
				    struct arena *arena)
{
	const struct entity *e = find_entity(d, &s->id);
	bool user = s->kind == SUBJECT_USER;
	char id[UUID_TEXT_SIZE];

	if (e && user && e->type == RECORD_USER_CHANGED)
		return e->as.user.username;
	if (e && !user && e->type == RECORD_GROUP_CHANGED)
		return e->as.group.name;
	if (e && !user && e->type == RECORD_ORGANIZATION_CHANGED)
		return arena_printf(arena, "everyone in %.*s", BYTES_ARG(e->as.organization.name));
	uuid_format(id, &s->id);
	return arena_printf(arena, "%s", id);
}

struct bytes directory_display_name(const struct directory *d, const struct uuid *user_id,
				    struct arena *arena)
{
	const struct user_changed *u = directory_user(d, user_id);

	if (u && u->name.len)
		return u->name;
	return directory_subject_name(d, &(struct subject){ SUBJECT_USER, *user_id }, arena);
}

/* The entity after e, or the first; preferences come last. NULL: there is none. */
static const struct entity *next_entity(const struct directory *d, const struct entity *e)
{
	const struct entity *next = e ? e->after : d->entities.first;

	if (!next && !(e && e->type == RECORD_PREFERENCES_CHANGED))
		next = d->preferences.first;
	return next;
}

bool directory_project(const struct directory *d, struct projection *p, const struct entity **at,
		       size_t enough)
{
	const struct entity *e = *at ? *at : next_entity(d, NULL);

	if (!*at) {
		projection_deployment(p, &d->deployment);
		project_shadow(p, &NO_ID, false, d->deployment_shadowed);
	}
	for (; e && projection_size(p) < enough; e = next_entity(d, e)) {
		project_entity(p, NULL, e);
		project_shadow(p, &e->as.id, false, e->shadowed);
	}
	*at = e;
	return e;
}
