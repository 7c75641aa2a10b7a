#include "cache/people.h"

#include "cache/directory.h"
#include "cache/redis.h"
#include "ops/support/buffer.h"
#include "ops/support/hash.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

enum {
	PIECE = 500,            /* entities of one pipeline; a user takes two commands */
	REMEMBERED_MAX = 20000, /* entities; a user with some groups takes half a kilobyte */
	RECENT_USERS = 4096,
	RECENT_ORGANIZATIONS = 64,
};

struct known_user {
	struct uuid id;
	struct person person;
	UT_hash_handle hh; /* beside what a look-up reads, as far as it can be */
	struct user_changed user;
};

struct known_organization {
	struct uuid id;
	struct organization_changed organization; /* its name is absent: it does not exist */
	UT_hash_handle hh;
};

struct people {
	struct mark as_of;     /* the mark of the directory that all of this was read from */
	bool knows_deployment; /* false: as_of and sharing_enabled are not set */
	bool sharing_enabled;
	struct known_user *users; /* by id, in the arena */
	struct known_organization *organizations;
	/*
	 * Where those are that were looked up last, by their ids: a check looks each of its
	 * three up more than once. Whoever chooses ids that share a place only makes the
	 * look-up go the long way.
	 */
	struct known_user *recent_users[RECENT_USERS];
	struct known_organization *recent_organizations[RECENT_ORGANIZATIONS];
	struct arena arena;
	/* Entities that were added above but not read yet. */
	struct buffer missing_users;         /* of struct known_user * */
	struct buffer missing_organizations; /* of struct known_organization * */
};

struct people *people_new(void)
{
	struct people *p = memory_zalloc(1, sizeof(*p));

	arena_init(&p->arena);
	return p;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void forget_all(struct people *p)
{
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what HASH_CLEAR frees, it does not touch again */
	HASH_CLEAR(hh, p->users);
	HASH_CLEAR(hh, p->organizations);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	memset((void *)p->recent_users, 0, sizeof(p->recent_users));
	memset((void *)p->recent_organizations, 0, sizeof(p->recent_organizations));
	arena_reset(&p->arena);
	buffer_clear(&p->missing_users);
	buffer_clear(&p->missing_organizations);
	p->knows_deployment = false;
}

void people_free(struct people **pp)
{
	struct people *p = *pp;

	if (!p)
		return;
	forget_all(p);
	arena_done(&p->arena);
	buffer_done(&p->missing_users);
	buffer_done(&p->missing_organizations);
	free(p);
	*pp = NULL;
}

/* Of the last bytes, which are random in all ids that are made for users and organizations. */
static size_t lookup_place(const struct uuid *id, size_t places)
{
	uint32_t last;

	memcpy(&last, id->bytes + sizeof(id->bytes) - sizeof(last), sizeof(last));
	return last % places;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct known_user *find_user(struct people *p, const struct uuid *id)
{
	struct known_user **recent = &p->recent_users[lookup_place(id, RECENT_USERS)];
	struct known_user *u = *recent;

	if (u && uuid_equal(&u->id, id))
		return u;
	HASH_FIND(hh, p->users, id, sizeof(*id), u);
	if (u)
		*recent = u;
	return u;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct known_organization *find_organization(struct people *p, const struct uuid *id)
{
	struct known_organization **recent =
		&p->recent_organizations[lookup_place(id, RECENT_ORGANIZATIONS)];
	struct known_organization *o = *recent;

	if (o && uuid_equal(&o->id, id))
		return o;
	HASH_FIND(hh, p->organizations, id, sizeof(*id), o);
	if (o)
		*recent = o;
	return o;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void want_user(struct people *p, const struct uuid *id)
{
	struct known_user *u;

	if (find_user(p, id))
		return;
	u = arena_zalloc(&p->arena, 1, sizeof(*u));
	u->id = *id;
	HASH_ADD(hh, p->users, id, sizeof(u->id), u);
	buffer_append(&p->missing_users, &u, sizeof(struct known_user *));
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void want_organization(struct people *p, const struct uuid *id)
{
	struct known_organization *o;

	if (find_organization(p, id))
		return;
	o = arena_zalloc(&p->arena, 1, sizeof(*o));
	o->id = *id;
	HASH_ADD(hh, p->organizations, id, sizeof(o->id), o);
	buffer_append(&p->missing_organizations, &o, sizeof(struct known_organization *));
}

/* ---- asking ---- */

static void ask_key(struct pipeline *pipeline, const struct reader *r, const char *verb,
		    const char *kind, const struct uuid *id)
{
	pipeline_command(pipeline, 2);
	pipeline_text(pipeline, verb);
	pipeline_key(pipeline, reader_keys(r, KEYS_DIRECTORY), kind, id);
}

/* The missing entities that go into one pipeline. */
struct portion {
	struct known_user *const *users;
	size_t user_count;
	struct known_organization *const *organizations;
	size_t organization_count;
};

/* The portion after so many users and organizations. */
static struct portion next_portion(const struct people *p, size_t users, size_t organizations)
{
	size_t more_users = p->missing_users.len / sizeof(struct known_user *) - users;
	size_t more_organizations =
		p->missing_organizations.len / sizeof(struct known_organization *) - organizations;
	struct known_user *const *all_users =
		(struct known_user *const *)(void *)p->missing_users.data;
	struct known_organization *const *all_organizations =
		(struct known_organization *const *)(void *)p->missing_organizations.data;

	return (struct portion){
		.users = more_users ? all_users + users : NULL,
		.user_count = more_users < PIECE ? more_users : PIECE,
		.organizations = more_organizations ? all_organizations + organizations : NULL,
		.organization_count = more_organizations < PIECE ? more_organizations : PIECE,
	};
}

static int ask_portion(struct reader *r, const struct portion *missing, struct error *err)
{
	struct pipeline *pipeline = reader_begin(r);

	ask_key(pipeline, r, "HGETALL", "deployment", NULL);
	for (size_t i = 0; i < missing->user_count; i++) {
		ask_key(pipeline, r, "HGETALL", "user:", &missing->users[i]->id);
		ask_key(pipeline, r, "SMEMBERS", "of:", &missing->users[i]->id);
	}
	for (size_t i = 0; i < missing->organization_count; i++)
		ask_key(pipeline, r, "HGETALL", "org:", &missing->organizations[i]->id);
	return reader_ask(r, err);
}

static bool take_groups(struct people *p, struct person *who, const redisReply *set)
{
	struct uuid *groups = arena_zalloc(&p->arena, set->elements + 1, sizeof(*groups));

	for (size_t i = 0; i < set->elements; i++)
		if (!uuid_from_raw(&groups[who->group_count++], reply_bytes(set->element[i])))
			return false;
	qsort(groups, who->group_count, sizeof(*groups), uuid_compare);
	who->groups = groups;
	return true;
}

static int take_replies(struct people *p, const struct reader *r, const struct portion *missing,
			struct error *err)
{
	struct bytes enabled = reply_field(reader_reply(r, 0), "sharing_enabled");
	size_t reply = 1;

	p->sharing_enabled = !enabled.data || bytes_equal_text(enabled, "1");
	p->knows_deployment = true;
	for (size_t i = 0; i < missing->user_count; i++) {
		struct known_user *u = missing->users[i];

		enum entity_found is =
			directory_parse_user(&u->user, &u->id, reader_reply(r, reply++), &p->arena);

		if (is == ENTITY_DAMAGED)
			return reader_fail_damaged(r, KEYS_DIRECTORY, "user:", err);
		u->person.user = is == ENTITY_FOUND ? &u->user : NULL;
		if (!take_groups(p, &u->person, reader_reply(r, reply++)))
			return reader_fail_damaged(r, KEYS_DIRECTORY, "of:", err);
	}
	for (size_t i = 0; i < missing->organization_count; i++) {
		struct known_organization *o = missing->organizations[i];

		if (directory_parse_organization(&o->organization, &o->id, reader_reply(r, reply++),
						 &p->arena) == ENTITY_DAMAGED)
			return reader_fail_damaged(r, KEYS_DIRECTORY, "org:", err);
	}
	return 0;
}

/* Has the reader's last question found another directory than the one remembered? */
static bool directory_moved(const struct people *p, const struct reader *r)
{
	return !mark_equal(&p->as_of, reader_directory(r));
}

static int fill_portion(struct people *p, struct reader *r, const struct portion *missing,
			struct error *err)
{
	int rc = ask_portion(r, missing, err);

	if (rc)
		return rc;
	if (!p->knows_deployment)
		p->as_of = *reader_directory(r);
	if (!reader_directory_unchanged(r) || directory_moved(p, r))
		return PEOPLE_MOVED;
	return take_replies(p, r, missing, err);
}

/* Reads the missing entities. On failure forgets all, so that none is left half known. */
static int fill_missing(struct people *p, struct reader *r, struct error *err)
{
	struct portion missing = next_portion(p, 0, 0);
	size_t users = 0;
	size_t organizations = 0;
	int rc = 0;

	while (!rc && (!p->knows_deployment || missing.user_count || missing.organization_count)) {
		rc = fill_portion(p, r, &missing, err);
		users += missing.user_count;
		organizations += missing.organization_count;
		missing = next_portion(p, users, organizations);
	}
	buffer_clear(&p->missing_users);
	buffer_clear(&p->missing_organizations);
	if (rc)
		forget_all(p);
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static bool is_full(const struct people *p)
{
	return HASH_COUNT(p->users) + HASH_COUNT(p->organizations) > REMEMBERED_MAX;
}

int people_learn_users(struct people *p, struct reader *r, const struct uuid *ids, size_t count,
		       struct error *err)
{
	if (is_full(p))
		forget_all(p);
	for (size_t i = 0; i < count; i++)
		want_user(p, &ids[i]);
	return fill_missing(p, r, err);
}

int people_learn_workspaces(struct people *p, struct reader *r, const struct workspace *list,
			    size_t count, struct error *err)
{
	if (directory_moved(p, r)) {
		forget_all(p);
		return PEOPLE_MOVED;
	}
	for (size_t i = 0; i < count; i++) {
		if (!list[i].registered)
			continue;
		want_user(p, &list[i].owner_id);
		want_organization(p, &list[i].organization_id);
	}
	return fill_missing(p, r, err);
}

/* ---- what is remembered ---- */

const struct person *people_find(struct people *p, const struct uuid *user_id)
{
	const struct known_user *u = find_user(p, user_id);

	assert(u);
	return &u->person;
}

void people_facts(struct people *p, const struct person *who, const struct workspace *w,
		  int64_t now, struct access_facts *out)
{
	const struct known_organization *o = find_organization(p, &w->organization_id);
	const struct known_user *owner = find_user(p, &w->owner_id);

	*out = (struct access_facts){
		.workspace = w,
		.user = who->user,
		.owner = owner ? owner->person.user : NULL,
		.organization = o && o->organization.name.data ? &o->organization : NULL,
		.sharing_enabled = p->sharing_enabled,
		.groups = who->groups,
		.group_count = who->group_count,
		.now = now,
	};
}
