#include "producer/operator/directory/rivals.h"

#include "cache/facts.h"
#include "producer/operator/directory/slice.h"
#include "producer/operator/inside.h"
#include "schemas/bounds.h"

#include <stdlib.h>
#include <string.h>

/* The facts of one kind that are given a name. */
struct claimants {
	const struct record **list;
	size_t count;
};

static struct claimants list_claimants(struct session *s, const struct directory_diff *diff,
				       enum directory_kind kind)
{
	struct claimants out = {
		arena_alloc(&s->arena, (diff->count + 1) * sizeof(const struct record *)), 0
	};

	for (size_t i = 0; i < diff->count; i++)
		if (diff->list[i].kind == kind && claim_is_made(&diff->list[i]))
			out.list[out.count++] = diff->list[i].new;
	return out;
}

static int read_organizations(struct session *s, const struct claimants *who,
			      struct name_bearers *out, struct error *err)
{
	struct named_list all = { 0 };
	int rc = who->count ? lookup_all_organizations(inside_reader(s), &s->arena, &all, err) : 0;

	for (size_t i = 0; !rc && i < all.count; i++)
		alike_add(out,
			  &(struct name_bearer){ .name = all.list[i].name, .id = all.list[i].id },
			  &s->arena);
	return rc;
}

static int read_users(struct session *s, struct meter *m, const struct claimants *who,
		      struct name_bearers *out, struct error *err)
{
	bool wanted[NAME_BYTES_MAX + 1] = { false };
	int rc = 0;

	for (size_t i = 0; i < who->count; i++)
		wanted[directory_name(who->list[i]).len] = true;
	for (size_t len = 0; !rc && len <= NAME_BYTES_MAX; len++) {
		if (!wanted[len])
			continue;
		meter_show(m, "comparing usernames", out->count, 0);
		rc = alike_usernames(inside_reader(s), len, &s->arena, out, err);
	}
	return rc;
}

static int read_groups(struct session *s, struct meter *m, const struct claimants *who,
		       struct name_bearers *out, struct error *err)
{
	struct child_name *names = arena_alloc(&s->arena, (who->count + 1) * sizeof(*names));
	struct bearers *found = arena_zalloc(&s->arena, who->count + 1, sizeof(*found));
	int rc = 0;

	for (size_t i = 0; i < who->count; i++)
		names[i] = (struct child_name){ claim_parent(who->list[i]),
						directory_name(who->list[i]) };
	for (size_t i = 0; !rc && i < who->count; i += SLICE_MAX) {
		meter_show(m, "comparing names of groups", i, who->count);
		rc = facts_group_ids(inside_reader(s), names + i, slice_size(who->count, i),
				     found + i, err);
	}
	for (size_t i = 0; !rc && i < who->count; i++)
		for (size_t k = 0; k < found[i].count; k++)
			alike_add(out,
				  &(struct name_bearer){ names[i].parent, names[i].name,
							 found[i].ids[k] },
				  &s->arena);
	return rc;
}

static int by_owner_and_length(const void *a, const void *b)
{
	const struct owned_length *x = a;
	const struct owned_length *y = b;
	int order = memcmp(&x->owner, &y->owner, sizeof(x->owner));

	return order ? order : x->len < y->len ? -1 : x->len > y->len;
}

/* Sorts them and drops the repeated ones; returns how many are left. */
static size_t drop_repeated(struct owned_length *list, size_t count)
{
	size_t kept = 0;

	qsort(list, count, sizeof(*list), by_owner_and_length);
	for (size_t i = 0; i < count; i++)
		if (!kept || by_owner_and_length(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	return kept;
}

/* Whom the file creates, sorted. */
static struct uuid_list list_newcomers(struct session *s, const struct directory_diff *diff)
{
	struct uuid_list out = { arena_alloc(&s->arena, (diff->count + 1) * sizeof(*out.list)), 0 };

	for (size_t i = 0; i < diff->count; i++)
		if (diff->list[i].kind == DIRECTORY_USERS && diff->list[i].verb == DIRECTORY_CREATE)
			out.list[out.count++] = *directory_id(diff->list[i].new);
	out.count = uuid_sort(out.list, out.count);
	return out;
}

static int read_workspaces(struct session *s, struct meter *m, const struct directory_diff *diff,
			   const struct claimants *who, struct name_bearers *out, struct error *err)
{
	struct owned_length *asked = arena_alloc(&s->arena, (who->count + 1) * sizeof(*asked));
	struct uuid_list newcomers = list_newcomers(s, diff);
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < who->count; i++) {
		struct uuid owner = claim_parent(who->list[i]);

		if (!newcomers.count ||
		    !bsearch(&owner, newcomers.list, newcomers.count, sizeof(owner), uuid_compare))
			asked[count++] =
				(struct owned_length){ owner, directory_name(who->list[i]).len };
	}
	count = drop_repeated(asked, count);
	for (size_t i = 0; !rc && i < count; i += SLICE_MAX) {
		meter_show(m, "comparing names of workspaces", i, count);
		rc = alike_workspaces(inside_reader(s), asked + i, slice_size(count, i), &s->arena,
				      out, err);
	}
	return rc;
}

int rivals_read(struct session *s, struct meter *m, const struct directory_diff *diff,
		struct claim_rivals *out, struct error *err)
{
	struct claim_rivals found = { 0 };
	struct claimants who[DIRECTORY_KINDS];
	int rc;

	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		who[kind] = list_claimants(s, diff, (enum directory_kind)kind);
	rc = read_organizations(s, &who[DIRECTORY_ORGANIZATIONS],
				&found.of[DIRECTORY_ORGANIZATIONS], err);
	if (!rc)
		rc = read_users(s, m, &who[DIRECTORY_USERS], &found.of[DIRECTORY_USERS], err);
	if (!rc)
		rc = read_groups(s, m, &who[DIRECTORY_GROUPS], &found.of[DIRECTORY_GROUPS], err);
	if (!rc)
		rc = read_workspaces(s, m, diff, &who[DIRECTORY_WORKSPACES],
				     &found.of[DIRECTORY_WORKSPACES], err);
	if (!rc)
		*out = found;
	return rc;
}
