#include "consumer/audience.h"

#include "cache/access.h"

#include <assert.h>
#include <stdlib.h>

struct gathering {
	const struct world *world;
	const struct decision *decision;
	struct workspace before; /* shallow copies, for their headers */
	struct workspace after;
	const struct change **changes; /* by subject */
	struct uuid *ids;              /* of those concerned; may repeat */
	size_t id_count;
	size_t id_cap;
	struct listener *list;
	size_t count;
};

/* ---- who ---- */

/* People in many groups are found many times. The list grows only if half of it is distinct. */
static void make_room(struct gathering *f)
{
	if (f->id_count < f->id_cap)
		return;
	f->id_count = uuid_sort(f->ids, f->id_count);
	if (f->id_count >= f->id_cap / 2)
		f->ids = arena_grow(f->world->arena, f->ids, &f->id_cap, f->id_cap + 1,
				    sizeof(*f->ids));
}

static void add_person(struct gathering *f, const struct uuid *id)
{
	const struct user_changed *u = directory_user(f->world->directory, id);

	if (!u || u->status == USER_DELETED || uuid_equal(id, &f->decision->actor.id) ||
	    uuid_equal(id, &f->after.owner_id))
		return;
	make_room(f);
	f->ids[f->id_count++] = *id;
}

static void add_people(struct gathering *f, const struct subject *s)
{
	const struct uuid *members = NULL;
	size_t count;

	if (s->kind == SUBJECT_USER) {
		add_person(f, &s->id);
		return;
	}
	count = directory_members(f->world->directory, &s->id, f->world->arena, &members);
	for (size_t i = 0; i < count; i++)
		add_person(f, &members[i]);
}

static void list_people(struct gathering *f)
{
	add_person(f, &f->decision->previous_owner_id);
	for (size_t i = 0; i < f->decision->change_count; i++)
		add_people(f, &f->decision->changes[i].subject);
	f->count = uuid_sort(f->ids, f->id_count);
	f->list = arena_zalloc(f->world->arena, f->count + 1, sizeof(*f->list));
	assert(f->ids || !f->count);
	for (size_t i = 0; i < f->count; i++)
		f->list[i].id = f->ids[i];
}

/* ---- what grants give them ---- */

/* A grant as it stands before or after the decision; ROLE_NONE: there is none that counts. */
struct side {
	enum role role;
	int64_t expires_at;
};

struct both_sides {
	struct side before;
	struct side after;
};

static bool is_later_end(int64_t a, int64_t b)
{
	return b != ABSENT && (a == ABSENT || a > b);
}

/* Of two ways to the same role the direct one is named, else the group with the smaller id. */
static void weigh_grant(struct entitlement *s, const struct side *grant,
			const struct uuid *group_id)
{
	if (grant->role == ROLE_NONE)
		return;
	if (s->role == ROLE_NONE || is_later_end(grant->expires_at, s->access_until))
		s->access_until = grant->expires_at;
	if (grant->role > s->role) {
		s->role = grant->role;
		s->until = grant->expires_at;
		s->group_id = *group_id;
	} else if (grant->role == s->role) {
		if (is_later_end(grant->expires_at, s->until))
			s->until = grant->expires_at;
		if (uuid_compare(group_id, &s->group_id) < 0)
			s->group_id = *group_id;
	}
}

static void give_both(struct listener *l, const struct both_sides *grant,
		      const struct uuid *group_id)
{
	weigh_grant(&l->before, &grant->before, group_id);
	weigh_grant(&l->after, &grant->after, group_id);
}

static int compare_listener(const void *id, const void *listener)
{
	return uuid_compare(id, &((const struct listener *)listener)->id);
}

static void give_user(struct gathering *f, const struct both_sides *grant, const struct uuid *id)
{
	static const struct uuid directly;
	struct listener *l =
		f->count ? bsearch(id, f->list, f->count, sizeof(*f->list), compare_listener)
			 : NULL;

	if (l)
		give_both(l, grant, &directly);
}

/* A sorted list of ids, each at the start of an element. */
struct ids {
	const void *list;
	size_t count;
	size_t size; /* of an element */
};

static const struct uuid *id_at(const struct ids *ids, size_t i)
{
	return (const void *)((const uint8_t *)ids->list + i * ids->size);
}

/*
 * The first place from `from` on whose id is not less. Looks in steps that
 * double, so that it takes the logarithm of the distance.
 */
static size_t find_from(const struct ids *ids, size_t from, const struct uuid *id)
{
	size_t step = 1;
	size_t end;

	while (from + step < ids->count && uuid_compare(id_at(ids, from + step), id) < 0) {
		from += step;
		step *= 2;
	}
	end = from + step < ids->count ? from + step : ids->count;
	while (from < end) {
		size_t middle = from + (end - from) / 2;

		if (uuid_compare(id_at(ids, middle), id) < 0)
			from = middle + 1;
		else
			end = middle;
	}
	return from;
}

/* Takes time by the shorter of the two lists. */
static void give_members(struct gathering *f, const struct both_sides *grant,
			 const struct group_changed *g)
{
	const struct ids people = { f->list, f->count, sizeof(*f->list) };
	const struct ids members = { g->members, g->member_count, sizeof(*g->members) };
	size_t p = 0;
	size_t m = 0;

	while (p < people.count && m < members.count) {
		int order = uuid_compare(id_at(&people, p), id_at(&members, m));

		if (order < 0) {
			p = find_from(&people, p, id_at(&members, m));
		} else if (order > 0) {
			m = find_from(&members, m, id_at(&people, p));
		} else {
			give_both(&f->list[p++], grant, &g->id);
			m++;
		}
	}
}

/* Only the group of everyone in the workspace's own organization counts; policy looks who that is. */
static void give_everyone(struct gathering *f, const struct both_sides *grant,
			  const struct uuid *organization_id)
{
	struct both_sides counting = *grant;

	if (!uuid_equal(organization_id, &f->before.organization_id))
		counting.before.role = ROLE_NONE;
	if (!uuid_equal(organization_id, &f->after.organization_id))
		counting.after.role = ROLE_NONE;
	if (counting.before.role == ROLE_NONE && counting.after.role == ROLE_NONE)
		return;
	for (size_t i = 0; i < f->count; i++)
		give_both(&f->list[i], &counting, organization_id);
}

static void give_subject(struct gathering *f, const struct both_sides *grant,
			 const struct subject *s)
{
	const struct group_changed *g;

	if (s->kind == SUBJECT_USER) {
		give_user(f, grant, &s->id);
		return;
	}
	g = directory_group(f->world->directory, &s->id);
	if (g)
		give_members(f, grant, g);
	else
		give_everyone(f, grant, &s->id);
}

/* ---- the grants ---- */

static int compare_subjects(const struct subject *a, const struct subject *b)
{
	return a->kind == b->kind ? uuid_compare(&a->id, &b->id) : (int)a->kind - (int)b->kind;
}

static int compare_changes(const void *a, const void *b)
{
	const struct change *const *x = a;
	const struct change *const *y = b;

	return compare_subjects(&(*x)->subject, &(*y)->subject);
}

static int compare_change(const void *subject, const void *change)
{
	const struct change *const *c = change;

	return compare_subjects(subject, &(*c)->subject);
}

static void sort_changes(struct gathering *f)
{
	const struct decision *d = f->decision;

	f->changes = arena_alloc(f->world->arena, d->change_count * sizeof(const struct change *));
	for (size_t i = 0; i < d->change_count; i++)
		f->changes[i] = &d->changes[i];
	qsort(f->changes, d->change_count, sizeof(const struct change *), compare_changes);
}

static const struct change *change_of(const struct gathering *f, const struct subject *s)
{
	const struct change **c = bsearch(s, f->changes, f->decision->change_count,
					  sizeof(const struct change *), compare_change);

	return c ? *c : NULL;
}

/* c: what changes of the grant; NULL: nothing. */
static void give_grant(struct gathering *f, const struct grant *g, const struct change *c)
{
	const struct side none = { ROLE_NONE, ABSENT };
	const struct side live = { g->role, g->expires_at };
	bool expired = grant_expired(g, f->world->now);
	struct both_sides grant = { expired ? none : live, expired ? none : live };

	if (c) {
		grant.after = none;
		if (c->after == ROLE_NONE)
			grant.before = live;
	}
	give_subject(f, &grant, &g->subject);
}

static void give_grants(struct gathering *f)
{
	const struct decision *d = f->decision;

	for (size_t i = 0; i < f->before.grant_count; i++) {
		const struct grant *g = &f->before.grants[i];

		give_grant(f, g, change_of(f, &g->subject));
	}
	for (size_t i = 0; i < d->change_count; i++) {
		const struct change *c = &d->changes[i];
		const struct both_sides grant = { { ROLE_NONE, ABSENT },
						  { c->after, c->expires_at } };

		if (c->after != ROLE_NONE)
			give_subject(f, &grant, &c->subject);
	}
}

/* ---- what policy takes away ---- */

static struct access_facts facts_of(const struct gathering *f, const struct workspace *w)
{
	const struct directory *dir = f->world->directory;

	return (struct access_facts){
		.workspace = w,
		.owner = directory_user(dir, &w->owner_id),
		.organization = directory_organization(dir, &w->organization_id),
		.sharing_enabled = directory_sharing_enabled(dir),
		.now = f->world->now,
	};
}

static void judge_entitlement(struct entitlement *s, const struct access_facts *facts)
{
	if (s->role == ROLE_NONE || access_denials(facts))
		*s = (struct entitlement){ .role = ROLE_NONE,
					   .until = ABSENT,
					   .access_until = ABSENT };
}

static void ask_policy(struct gathering *f)
{
	struct access_facts before = facts_of(f, &f->before);
	struct access_facts after = facts_of(f, &f->after);

	for (size_t i = 0; i < f->count; i++) {
		struct listener *l = &f->list[i];

		before.user = directory_user(f->world->directory, &l->id);
		after.user = before.user;
		judge_entitlement(&l->before, &before);
		judge_entitlement(&l->after, &after);
	}
}

/* ---- all of it ---- */

/* The header. Of a deleted workspace it is as before: its deletion removes each grant by a change. */
static struct workspace workspace_after(const struct workspace *w, const struct record *r)
{
	struct workspace after = *w;

	if (r->type != RECORD_WORKSPACE_CHANGED)
		return after;
	after.status = r->as.workspace_changed.status;
	after.organization_id = r->as.workspace_changed.organization_id;
	after.owner_id = r->as.workspace_changed.owner_id;
	return after;
}

void audience_find(const struct world *w, const struct record *r, const struct decision *d,
		   struct audience *out)
{
	struct gathering f = { .world = w,
			       .decision = d,
			       .before = *w->workspace,
			       .after = workspace_after(w->workspace, r) };

	*out = (struct audience){ 0 };
	if (!decision_is_told(d))
		return;
	sort_changes(&f);
	list_people(&f);
	give_grants(&f);
	ask_policy(&f);
	*out = (struct audience){ f.list, f.count };
}
