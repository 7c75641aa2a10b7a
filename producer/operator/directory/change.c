#include "producer/operator/directory/change.h"

#include <assert.h>
#include <string.h>

const struct record *change_subject(const struct directory_change *c)
{
	return c->old ? c->old : c->new;
}

unsigned change_differences(const struct directory_change *c)
{
	return c->verb == DIRECTORY_CHANGE ? directory_differences(c->old, c->new) : 0;
}

const char *change_key(enum directory_kind kind, unsigned difference)
{
	switch ((enum directory_difference)difference) {
	case DIFFERS_NAME:
		return kind == DIRECTORY_USERS ? "username" : "name";
	case DIFFERS_ORGANIZATION:
		return "organization";
	case DIFFERS_SHARING:
		return kind == DIRECTORY_SWITCH ? "sharing_enabled" : "sharing";
	case DIFFERS_FULL_NAME:
		return "name";
	case DIFFERS_EMAIL:
		return "email";
	case DIFFERS_STATUS:
		return "status";
	case DIFFERS_KIND:
		return "kind";
	case DIFFERS_SITE_ROLE:
		return "site_role";
	case DIFFERS_MEMBERSHIPS:
		return "organizations";
	case DIFFERS_MEMBERS:
		return "members";
	case DIFFERS_OWNER:
		return "owner";
	case DIFFERS_LIFETIME:
		return "grant_lifetime_max_ms";
	}
	return "";
}

static struct bytes symbol_text(const char *const *symbols, int value)
{
	return bytes_of(symbol_name(symbols, value));
}

static struct bytes quoted_text(const struct telling *t, struct bytes text)
{
	return arena_printf(t->labels.arena, "\"%.*s\"", BYTES_ARG(text));
}

static struct bytes organization_of(const struct telling *t, const struct record *r)
{
	const struct uuid *id = r->type == RECORD_GROUP_CHANGED
					? &r->as.group_changed.organization_id
					: &r->as.workspace_changed.organization_id;

	return label_organization(&t->labels, id);
}

static struct bytes sharing_of(const struct record *r)
{
	if (r->type == RECORD_DEPLOYMENT_CHANGED)
		return bytes_of(r->as.deployment_changed.sharing_enabled ? "true" : "false");
	return symbol_text(sharing_policy_symbols, (int)r->as.organization_changed.sharing);
}

static struct bytes lifetime_of(const struct telling *t, const struct organization_changed *o)
{
	if (o->grant_lifetime_max_ms == ABSENT)
		return bytes_of("none");
	return arena_printf(t->labels.arena, "%lld", (long long)o->grant_lifetime_max_ms);
}

static struct bytes status_of(const struct record *r)
{
	if (r->type == RECORD_USER_CHANGED)
		return symbol_text(user_status_symbols, (int)r->as.user_changed.status);
	return symbol_text(workspace_status_symbols, (int)r->as.workspace_changed.status);
}

bool change_is_list(unsigned difference)
{
	return difference == DIFFERS_MEMBERS || difference == DIFFERS_MEMBERSHIPS;
}

struct bytes change_value(const struct telling *t, const struct record *r, unsigned difference)
{
	switch ((enum directory_difference)difference) {
	case DIFFERS_NAME:
		return label_record(&t->labels, r);
	case DIFFERS_ORGANIZATION:
		return organization_of(t, r);
	case DIFFERS_SHARING:
		return sharing_of(r);
	case DIFFERS_FULL_NAME:
		return quoted_text(t, r->as.user_changed.name);
	case DIFFERS_EMAIL:
		return quoted_text(t, r->as.user_changed.email);
	case DIFFERS_STATUS:
		return status_of(r);
	case DIFFERS_KIND:
		return symbol_text(user_kind_symbols, (int)r->as.user_changed.kind);
	case DIFFERS_SITE_ROLE:
		return symbol_text(site_role_symbols, (int)r->as.user_changed.site_role);
	case DIFFERS_LIFETIME:
		return lifetime_of(t, &r->as.organization_changed);
	case DIFFERS_OWNER:
		return label_person(&t->labels, &r->as.workspace_changed.owner_id);
	case DIFFERS_MEMBERSHIPS:
	case DIFFERS_MEMBERS:
		break;
	}
	return bytes_of("");
}

/* ---- who comes and who goes ---- */

/* Members of a, in order of their ids, that b lacks. */
static struct elements members_lacking(const struct telling *t, const struct group_changed *a,
				       const struct group_changed *b)
{
	struct elements out = {
		arena_alloc(t->labels.arena, (a->member_count + 1) * sizeof(*out.list)), 0
	};
	size_t at = 0;

	for (size_t i = 0; i < a->member_count; i++) {
		const struct uuid *id = &a->members[i];

		while (at < b->member_count && memcmp(&b->members[at], id, sizeof(*id)) < 0)
			at++;
		if (at == b->member_count || !uuid_equal(&b->members[at], id))
			out.list[out.count++] = label_person(&t->labels, id);
	}
	return out;
}

/* Memberships of a that b lacks or has with another role: "acme", "acme:admin". */
static struct elements memberships_lacking(const struct telling *t, const struct user_changed *a,
					   const struct user_changed *b)
{
	struct elements out = {
		arena_alloc(t->labels.arena, (a->organization_count + 1) * sizeof(*out.list)), 0
	};

	for (size_t i = 0; i < a->organization_count; i++) {
		const struct membership *m = &a->organizations[i];
		const struct membership *other = user_membership(b, &m->id);
		struct bytes name = label_organization(&t->labels, &m->id);

		if (!other || other->role != m->role)
			out.list[out.count++] =
				arena_printf(t->labels.arena, "%.*s%s", BYTES_ARG(name),
					     m->role == ORGANIZATION_ADMIN ? ":admin" : "");
	}
	return out;
}

/* What the second has and the first lacks. */
static struct elements elements_lacking(const struct telling *t, const struct record *first,
					const struct record *second, unsigned difference)
{
	assert(change_is_list(difference));
	if (difference == DIFFERS_MEMBERS)
		return members_lacking(t, &second->as.group_changed, &first->as.group_changed);
	return memberships_lacking(t, &second->as.user_changed, &first->as.user_changed);
}

struct elements change_added(const struct telling *t, unsigned difference)
{
	return elements_lacking(t, t->change->old, t->change->new, difference);
}

struct elements change_removed(const struct telling *t, unsigned difference)
{
	return elements_lacking(t, t->change->new, t->change->old, difference);
}
