#include "tests/fuzz/populace.h"

#include "consumer/judge.h"
#include "schemas/bounds.h"

enum { USERS = 300, GROUPS = 6, ORGANIZATIONS = 2 };

struct uuid numbered_id(enum id_kind kind, size_t n)
{
	return (struct uuid){ { (uint8_t)kind, [13] = (uint8_t)(n >> 16), [14] = (uint8_t)(n >> 8),
				[15] = (uint8_t)n } };
}

/* ---- as they are at first ---- */

static struct bytes long_text(struct arena *arena, size_t len)
{
	uint8_t *text = arena_alloc(arena, len);

	memset(text, 'n', len);
	return (struct bytes){ text, len };
}

static void put_organizations(struct directory *d, struct arena *arena)
{
	for (size_t i = 0; i < ORGANIZATIONS; i++) {
		struct record r = { .type = RECORD_ORGANIZATION_CHANGED };

		r.as.organization_changed =
			(struct organization_changed){ numbered_id(ID_ORGANIZATION, i),
						       long_text(arena, NAME_BYTES_MAX),
						       SHARING_EVERYONE, ABSENT };
		(void)directory_put(d, &r, NULL);
	}
}

static void put_users(struct directory *d, struct arena *arena)
{
	struct membership home = { numbered_id(ID_ORGANIZATION, 0), ORGANIZATION_MEMBER };

	for (size_t i = 0; i < USERS; i++) {
		struct record r = { .type = RECORD_USER_CHANGED };

		r.as.user_changed = (struct user_changed){
			.id = numbered_id(ID_USER, i),
			.username = i % 2 ? bytes_of("bob") : long_text(arena, NAME_BYTES_MAX),
			.name = i % 3 ? bytes_of("Bob") : long_text(arena, TEXT_BYTES_MAX),
			.email = bytes_of(""),
			.status = USER_ACTIVE,
			.kind = USER_PERSON,
			.site_role = SITE_MEMBER,
			.organizations = &home,
			.organization_count = 1,
		};
		(void)directory_put(d, &r, NULL);
	}
}

/* The first has all users, the others fewer and fewer. */
static void put_groups(struct directory *d, struct arena *arena)
{
	struct uuid members[USERS];

	for (size_t i = 0; i < USERS; i++)
		members[i] = numbered_id(ID_USER, i);
	for (size_t i = 0; i < GROUPS; i++) {
		struct record r = { .type = RECORD_GROUP_CHANGED };

		r.as.group_changed = (struct group_changed){ numbered_id(ID_GROUP, i),
							     long_text(arena, NAME_BYTES_MAX),
							     numbered_id(ID_ORGANIZATION, 0),
							     members, USERS >> i };
		(void)directory_put(d, &r, NULL);
	}
}

void populace_fill(struct populace *p, struct arena *arena)
{
	if (p->directory && !p->changed)
		return;
	directory_free(&p->directory);
	*p = (struct populace){ .directory = directory_new(),
				.users = USERS,
				.memberships = USERS };
	put_organizations(p->directory, arena);
	put_users(p->directory, arena);
	put_groups(p->directory, arena);
}

void populace_share(struct workspace *w, size_t grants, struct arena *arena)
{
	w->registered = true;
	w->status = WORKSPACE_ACTIVE;
	w->organization_id = numbered_id(ID_ORGANIZATION, 0);
	w->owner_id = numbered_id(ID_USER, 0);
	w->version = 1;
	workspace_set_name(w, long_text(arena, NAME_BYTES_MAX));
	for (size_t i = 0; i < grants; i++) {
		bool group = i % 8 == 0;
		struct grant g = { { group ? SUBJECT_GROUP : SUBJECT_USER,
				     numbered_id(group ? ID_GROUP : ID_USER, i / 2 + 1) },
				   i % 3 ? ROLE_USE : ROLE_ADMIN,
				   w->owner_id,
				   NOW_MS - 1,
				   i % 5 ? ABSENT : NOW_MS + i % 7 - 3 };

		workspace_put_grant(w, &g);
	}
}

/* ---- as they change ---- */

static void take_fact(struct populace *p, const struct uuid *key, const struct record *r,
		      struct projection *changes)
{
	struct error why = { 0 };

	switch (judge_fact(p->directory, key, r, &why)) {
	case VERDICT_TAKE:
		(void)directory_put(p->directory, r, changes);
		p->users += r->type == RECORD_USER_CHANGED;
		p->memberships +=
			r->type == RECORD_USER_CHANGED ? r->as.user_changed.organization_count : 0;
		return;
	case VERDICT_EVERYONE:
	case VERDICT_PASS_OVER:
		(void)directory_shadow(p->directory, key, changes);
		return;
	}
}

void populace_follow(struct populace *p, struct codec *codec, struct bytes value,
		     const struct uuid *key, struct projection *changes)
{
	struct arena arena;
	struct error err;
	struct record r;

	p->changed = true;
	arena_init(&arena);
	if (!value.data)
		directory_forget(p->directory, key, changes);
	else if (codec_decode(codec, value, &arena, &r, &err))
		(void)directory_shadow(p->directory, key, changes);
	else
		take_fact(p, key, &r, changes);
	arena_done(&arena);
}

size_t populace_people(const struct populace *p, const struct subject *s)
{
	const struct group_changed *g = directory_group(p->directory, &s->id);

	if (s->kind == SUBJECT_USER)
		return 1;
	if (g)
		return g->member_count;
	return directory_organization(p->directory, &s->id) ? p->users : 0;
}

size_t populace_weight(const struct populace *p, const struct uuid *id)
{
	const struct group_changed *g = directory_group(p->directory, id);
	const struct user_changed *u = directory_user(p->directory, id);

	return (g ? g->member_count : 0) + (u ? u->organization_count : 0);
}
