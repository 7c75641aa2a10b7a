#include "cache/people.h"

#include "cache/directory.h"
#include "cache/redis.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <uthash.h>

enum {
	PIECE = 500,             /* entities of one pipeline, two replies each */
	REMEMBERED_MOST = 20000, /* entities; a user with some groups is half a kilobyte */
};

/* A user or an organization. */
struct known {
	struct uuid id;
	bool organization;
	union {
		struct {
			struct user_changed user; /* username absent: there is none */
			struct uuid *groups;
			size_t group_count;
		} as_user;
		struct organization_changed as_organization; /* name absent: there is none */
	};
	UT_hash_handle hh;
};

struct people {
	struct mark as_of;
	bool sharing_enabled;
	bool knows_deployment;
	struct known *users;         /* by id */
	struct known *organizations; /* the same; somebody may ask with an id of the other kind */
	struct arena arena;          /* holds them */
	struct known **missing;
	size_t missing_count;
	size_t missing_cap;
};

struct people *people_new(void)
{
	struct people *p = calloc(1, sizeof(*p));

	assert(p);
	arena_init(&p->arena);
	return p;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void forget(struct people *p)
{
	HASH_CLEAR(hh, p->users);
	HASH_CLEAR(hh, p->organizations);
	arena_reset(&p->arena);
	p->knows_deployment = false;
	p->missing_count = 0;
}

void people_free(struct people **pp)
{
	struct people *p = *pp;

	if (!p)
		return;
	forget(p);
	arena_done(&p->arena);
	free(p->missing);
	free(p);
	*pp = NULL;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct known *find(const struct known *table, const struct uuid *id)
{
	struct known *k = NULL;

	HASH_FIND(hh, table, id, sizeof(*id), k);
	return k;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void want(struct people *p, const struct uuid *id, bool organization)
{
	struct known **table = organization ? &p->organizations : &p->users;
	struct known *k;

	if (find(*table, id))
		return;
	k = arena_zalloc(&p->arena, 1, sizeof(*k));
	k->id = *id;
	k->organization = organization;
	HASH_ADD(hh, *table, id, sizeof(k->id), k);
	if (p->missing_count == p->missing_cap) {
		p->missing_cap = p->missing_cap ? p->missing_cap * 2 : 64;
		p->missing = realloc(p->missing, p->missing_cap * sizeof(struct known *));
		assert(p->missing);
	}
	p->missing[p->missing_count++] = k;
}

/* ---- asking ---- */

static void ask_key(struct pipeline *pipeline, const struct reader *r, const char *verb,
		    const char *kind, const struct uuid *id)
{
	pipeline_command(pipeline, 2);
	pipeline_text(pipeline, verb);
	pipeline_key(pipeline, reader_keys(r, KEYS_DIRECTORY), kind, id);
}

/*
 * The mark comes first, too: reader_ask() reads it behind the rest, and what was
 * read before a mark may be older than it.
 */
static int ask(struct people *p, struct reader *r, size_t from, size_t count, struct error *err)
{
	struct pipeline *pipeline = reader_begin(r);

	mark_append_read(pipeline, reader_keys(r, KEYS_DIRECTORY));
	ask_key(pipeline, r, "HGETALL", "deployment", NULL);
	for (size_t i = from; i < from + count; i++) {
		const struct known *k = p->missing[i];

		if (k->organization) {
			ask_key(pipeline, r, "HGETALL", "org:", &k->id);
			continue;
		}
		ask_key(pipeline, r, "HGETALL", "user:", &k->id);
		ask_key(pipeline, r, "SMEMBERS", "of:", &k->id);
	}
	return reader_ask(r, err);
}

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

static void take_groups(struct people *p, struct known *k, const redisReply *set)
{
	k->as_user.groups = arena_zalloc(&p->arena, set->elements + 1, sizeof(struct uuid));
	for (size_t i = 0; i < set->elements; i++)
		if (uuid_from_raw(&k->as_user.groups[k->as_user.group_count],
				  reply_bytes(set->element[i])))
			k->as_user.group_count++;
	qsort(k->as_user.groups, k->as_user.group_count, sizeof(struct uuid), by_id);
}

static void take(struct people *p, const struct reader *r, size_t from, size_t count)
{
	struct bytes enabled = reply_field(reader_reply(r, 1), "sharing_enabled");
	size_t reply = 2;

	p->sharing_enabled = !enabled.data || bytes_equal_text(enabled, "1");
	p->knows_deployment = true;
	for (size_t i = from; i < from + count; i++) {
		struct known *k = p->missing[i];

		if (k->organization) {
			(void)directory_parse_organization(&k->as_organization, &k->id,
							   reader_reply(r, reply++), &p->arena);
			continue;
		}
		(void)directory_parse_user(&k->as_user.user, &k->id, reader_reply(r, reply++),
					   &p->arena);
		take_groups(p, k, reader_reply(r, reply++));
	}
}

/* Is the directory behind the last question the one that all else is of? */
static bool has_moved(const struct people *p, const struct reader *r)
{
	return !mark_equal(&p->as_of, reader_directory(r));
}

/* Fills in what is missing. Nothing is left half known. */
static int fill(struct people *p, struct reader *r, struct error *err)
{
	bool first = !p->knows_deployment;
	int rc = 0;

	for (size_t at = 0; !rc && (at < p->missing_count || first); at += PIECE, first = false) {
		size_t left = p->missing_count - at;
		size_t count = left < PIECE ? left : PIECE;

		rc = ask(p, r, at, count, err);
		if (!rc && !p->knows_deployment)
			mark_parse(&p->as_of, reader_reply(r, 0));
		if (!rc && has_moved(p, r))
			rc = PEOPLE_MOVED;
		if (!rc)
			take(p, r, at, count);
	}
	p->missing_count = 0;
	if (rc)
		forget(p);
	return rc;
}

int people_learn_users(struct people *p, struct reader *r, const struct uuid *ids, size_t count,
		       struct error *err)
{
	if (HASH_COUNT(p->users) + HASH_COUNT(p->organizations) > REMEMBERED_MOST)
		forget(p);
	for (size_t i = 0; i < count; i++)
		want(p, &ids[i], false);
	return fill(p, r, err);
}

int people_learn_workspaces(struct people *p, struct reader *r, const struct workspace *list,
			    size_t count, struct error *err)
{
	if (has_moved(p, r)) {
		forget(p);
		return PEOPLE_MOVED;
	}
	for (size_t i = 0; i < count; i++) {
		if (!list[i].registered)
			continue;
		want(p, &list[i].owner_id, false);
		want(p, &list[i].organization_id, true);
	}
	return fill(p, r, err);
}

/* ---- what is known ---- */

const struct user_changed *people_user(const struct people *p, const struct uuid *id)
{
	const struct known *k = find(p->users, id);

	return k && k->as_user.user.username.data ? &k->as_user.user : NULL;
}

size_t people_groups(const struct people *p, const struct uuid *user_id, const struct uuid **out)
{
	const struct known *k = find(p->users, user_id);

	if (!k)
		return 0;
	*out = k->as_user.groups;
	return k->as_user.group_count;
}

void people_facts(const struct people *p, const struct uuid *user_id, const struct workspace *w,
		  int64_t now, struct access_facts *out)
{
	const struct known *o = find(p->organizations, &w->organization_id);

	*out = (struct access_facts){
		.workspace = w,
		.user = people_user(p, user_id),
		.owner = people_user(p, &w->owner_id),
		.sharing_enabled = p->sharing_enabled,
		.now = now,
	};
	if (o && o->as_organization.name.data)
		out->organization = &o->as_organization;
	out->group_count = people_groups(p, user_id, &out->groups);
}
