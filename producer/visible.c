#include "producer/visible.h"

void visible_add(struct uuid_list *out, const struct uuid_list *more, struct arena *arena)
{
	size_t cap = out->count;

	out->list = arena_grow(arena, out->list, &cap, out->count + more->count + 1,
			       sizeof(*out->list));
	if (more->count)
		memcpy(out->list + out->count, more->list, more->count * sizeof(*more->list));
	out->count += more->count;
}

int visible_find_shared(struct reader *r, const struct user_changed *user, struct arena *arena,
			struct uuid_list *out, struct error *err)
{
	const struct subject self = { SUBJECT_USER, user->id };
	struct uuid_list direct;
	struct uuid_list groups;
	struct uuid_list through;
	int rc = lookup_shared_with(r, &self, arena, &direct, err);

	if (!rc)
		rc = lookup_groups_of(r, user, arena, &groups, err);
	if (!rc)
		rc = lookup_shared_with_groups(r, &groups, arena, &through, err);
	if (rc)
		return rc;
	visible_add(&direct, &through, arena);
	*out = direct;
	return 0;
}

int visible_find(struct reader *r, const struct user_changed *user, struct arena *arena,
		 struct uuid_list *out, struct error *err)
{
	struct uuid_list owned;
	struct uuid_list found;
	int rc = visible_find_shared(r, user, arena, &found, err);

	if (!rc)
		rc = lookup_owned(r, &user->id, arena, &owned, err);
	if (rc)
		return rc;
	visible_add(&found, &owned, arena);
	*out = found;
	return 0;
}

bool visible_is(const struct access_facts *f)
{
	const struct membership *m;

	if (access_check(f, ACTION_READ).allowed)
		return true;
	if (!f->user || f->user->status != USER_ACTIVE)
		return false;
	m = user_membership(f->user, &f->workspace->organization_id);
	return f->user->site_role == SITE_OWNER || (m && m->role == ORGANIZATION_ADMIN);
}
