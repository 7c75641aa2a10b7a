#include "producer/roster.h"

#include "producer/ids.h"

#include <assert.h>
#include <stdlib.h>

/* ---- collecting ---- */

static void add_id(struct roster *r, struct roster_ids *ids, const struct uuid *id)
{
	ids->list = arena_grow(r->arena, ids->list, &ids->cap, ids->count + 1, sizeof(*ids->list));
	ids->list[ids->count++] = *id;
}

void roster_add_user(struct roster *r, const struct uuid *id)
{
	add_id(r, &r->user_ids, id);
}

void roster_add_group(struct roster *r, const struct uuid *id)
{
	add_id(r, &r->group_ids, id);
}

void roster_add_organization(struct roster *r, const struct uuid *id)
{
	add_id(r, &r->organization_ids, id);
}

void roster_add_subject(struct roster *r, const struct subject *s)
{
	add_id(r, s->kind == SUBJECT_USER ? &r->user_ids : &r->group_ids, &s->id);
}

int roster_look_up(struct roster *r, struct error *err)
{
	struct roster_ids *users = &r->user_ids;
	struct roster_ids *groups = &r->group_ids;
	struct roster_ids *organizations = &r->organization_ids;
	int rc;

	users->count = uuid_sort(users->list, users->count);
	groups->count = uuid_sort(groups->list, groups->count);
	organizations->count = uuid_sort(organizations->list, organizations->count);
	r->users = arena_zalloc(r->arena, users->count + 1, sizeof(*r->users));
	r->groups = arena_zalloc(r->arena, groups->count + 1, sizeof(*r->groups));
	r->organizations =
		arena_zalloc(r->arena, organizations->count + 1, sizeof(*r->organizations));
	rc = lookup_users(r->reader, users->list, users->count, r->arena, r->users, err);
	if (!rc)
		rc = lookup_groups(r->reader, groups->list, groups->count, r->arena, r->groups,
				   err);
	if (!rc)
		rc = lookup_organizations(r->reader, organizations->list, organizations->count,
					  r->arena, r->organizations, err);
	return rc;
}

/* ---- names ---- */

static const struct uuid *find_id(const struct roster_ids *ids, const struct uuid *id)
{
	return ids->count ? bsearch(id, ids->list, ids->count, sizeof(*ids->list), uuid_compare)
			  : NULL;
}

/* The index of an id in the list, which must have it. */
static size_t place_of(const struct roster_ids *ids, const struct uuid *id)
{
	const struct uuid *at = find_id(ids, id);

	assert(at);
	return (size_t)(at - ids->list);
}

const struct user_changed *roster_user(const struct roster *r, const struct uuid *id)
{
	return &r->users[place_of(&r->user_ids, id)];
}

const char *roster_user_name(const struct roster *r, const struct uuid *id)
{
	const struct user_changed *u = roster_user(r, id);

	if (u->username.data)
		return text_of(u->username);
	return uuid_is_nil(id) ? "system" : text_of(id_text(r->arena, id));
}

/* "Everyone" has the id of its organization, and no entry of its own. */
const char *roster_group_name(const struct roster *r, const struct uuid *id)
{
	const struct group_changed *g = &r->groups[place_of(&r->group_ids, id)];

	if (g->name.data)
		return text_of(g->name);
	return find_id(&r->organization_ids, id) ? "Everyone" : text_of(id_text(r->arena, id));
}

const char *roster_subject_name(const struct roster *r, const struct subject *s)
{
	return s->kind == SUBJECT_USER ? roster_user_name(r, &s->id) : roster_group_name(r, &s->id);
}

const char *roster_organization_name(const struct roster *r, const struct uuid *id)
{
	return text_of(r->organizations[place_of(&r->organization_ids, id)].name);
}
