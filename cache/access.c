#include "cache/access.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

const char *access_reason_name(enum access_reason reason)
{
	switch (reason) {
	case ACCESS_OWNER:
		return "owner";
	case ACCESS_DIRECT:
		return "direct";
	case ACCESS_GROUP:
		return "group";
	case ACCESS_ORGANIZATION_ADMIN:
		return "organization_admin";
	case ACCESS_SITE_OWNER:
		return "site_owner";
	case ACCESS_NO_GRANT:
		return "no_grant";
	case ACCESS_EXPIRED:
		return "expired";
	case ACCESS_SUSPENDED:
		return "suspended";
	case ACCESS_POLICY:
		return "policy";
	case ACCESS_UNKNOWN_USER:
		return "unknown_user";
	case ACCESS_UNKNOWN_WORKSPACE:
		return "unknown_workspace";
	}
	return "";
}

const char *access_denial_text(enum access_denial denial)
{
	switch (denial) {
	case DENIAL_SUSPENDED:
		return "the user is suspended";
	case DENIAL_DEPLOYMENT:
		return "workspace sharing is disabled for this deployment";
	case DENIAL_ORGANIZATION:
		return "workspace sharing is disabled for this organization";
	case DENIAL_SERVICE_ACCOUNTS:
		return "only workspaces of service accounts may be shared in this organization";
	case DENIAL_UNKNOWN_ORGANIZATION:
		return "the workspace's organization is not known";
	case DENIAL_DORMANT:
		return "the workspace is dormant";
	case DENIAL_NOT_A_MEMBER:
		return "the user is not a member of the workspace's organization";
	}
	return "";
}

/* ---- policies: a value that this version does not know counts as the strictest ---- */

unsigned access_sharing_denials(bool sharing_enabled,
				const struct organization_changed *organization,
				const struct user_changed *owner)
{
	unsigned denials = sharing_enabled ? 0 : DENIAL_DEPLOYMENT;

	if (!organization)
		return denials | DENIAL_UNKNOWN_ORGANIZATION;
	if (organization->sharing == SHARING_EVERYONE)
		return denials;
	if (organization->sharing != SHARING_SERVICE_ACCOUNTS)
		return denials | DENIAL_ORGANIZATION;
	if (!owner || owner->kind != USER_SERVICE_ACCOUNT)
		denials |= DENIAL_SERVICE_ACCOUNTS;
	return denials;
}

unsigned access_denials(const struct access_facts *f)
{
	unsigned denials = access_sharing_denials(f->sharing_enabled, f->organization, f->owner);

	if (f->user->status != USER_ACTIVE)
		denials |= DENIAL_SUSPENDED;
	if (f->workspace->status == WORKSPACE_DORMANT)
		denials |= DENIAL_DORMANT;
	if (!user_membership(f->user, &f->workspace->organization_id))
		denials |= DENIAL_NOT_A_MEMBER;
	return denials;
}

/* ---- grants ---- */

/*
 * Is the user in the group? A group with the organization's id is its Everyone group; only that
 * of the workspace's own organization counts.
 */
static bool user_in_group(const struct access_facts *f, const struct uuid *group_id)
{
	return (f->group_count &&
		bsearch(group_id, f->groups, f->group_count, sizeof(*f->groups), uuid_compare)) ||
	       (uuid_equal(group_id, &f->workspace->organization_id) &&
		user_membership(f->user, group_id));
}

bool access_reaches(const struct access_facts *f, const struct grant *g)
{
	return g->subject.kind == SUBJECT_USER ? uuid_equal(&g->subject.id, &f->user->id)
					       : user_in_group(f, &g->subject.id);
}

bool grant_expired(const struct grant *g, int64_t now)
{
	return g->expires_at != ABSENT && g->expires_at <= now;
}

/* A greater role is better; of two equal ones, the grant made to the user is. */
static bool is_better(const struct grant *g, const struct grant *best)
{
	return !best || g->role > best->role ||
	       (g->role == best->role && g->subject.kind < best->subject.kind);
}

/* The best among the grants that reach the user and have, or have not, expired; NULL: none. */
static const struct grant *best_grant(const struct access_facts *f, bool expired)
{
	const struct grant *best = NULL;

	for (size_t i = 0; i < f->workspace->grant_count; i++) {
		const struct grant *g = &f->workspace->grants[i];

		if (grant_expired(g, f->now) == expired && is_better(g, best) &&
		    access_reaches(f, g))
			best = g;
	}
	return best;
}

/* ---- the answer ---- */

static struct access access_of(enum access_reason reason, enum role role, unsigned denials)
{
	return (struct access){
		.allowed = reason <= ACCESS_SITE_OWNER,
		.reason = reason,
		.role = role,
		.expires_at = ABSENT,
		.denials = denials,
	};
}

static bool is_sharing(enum action action)
{
	return action == ACTION_SHARE_USE || action == ACTION_SHARE_ADMIN;
}

/* The right that the user has without a grant, as owner or, to share, as admin; 0: none. */
static enum access_reason right_without_grant(const struct access_facts *f, enum action action)
{
	const struct membership *m = user_membership(f->user, &f->workspace->organization_id);

	if (uuid_equal(&f->user->id, &f->workspace->owner_id))
		return ACCESS_OWNER;
	if (!is_sharing(action))
		return 0;
	if (f->user->site_role == SITE_OWNER)
		return ACCESS_SITE_OWNER;
	return m && m->role == ORGANIZATION_ADMIN ? ACCESS_ORGANIZATION_ADMIN : 0;
}

static struct access access_through(const struct grant *g, enum access_reason reason,
				    unsigned denials)
{
	struct access a = access_of(reason, g->role, denials);

	if (g->subject.kind == SUBJECT_GROUP)
		a.group = g->subject.id;
	a.expires_at = g->expires_at;
	return a;
}

static struct access check_grants(const struct access_facts *f, enum action action,
				  unsigned denials)
{
	const struct grant *best = best_grant(f, false);
	const struct grant *expired;

	if (best && role_allows(best->role, action)) {
		if (denials)
			return access_through(best, ACCESS_POLICY, denials);
		return access_through(
			best, best->subject.kind == SUBJECT_USER ? ACCESS_DIRECT : ACCESS_GROUP,
			denials);
	}
	expired = best_grant(f, true);
	if (expired && role_allows(expired->role, action))
		return access_through(expired, ACCESS_EXPIRED, denials);
	return access_of(ACCESS_NO_GRANT, best ? best->role : ROLE_NONE, denials);
}

struct access access_check(const struct access_facts *f, enum action action)
{
	enum access_reason right;
	unsigned denials;

	if (!f->workspace->registered)
		return access_of(ACCESS_UNKNOWN_WORKSPACE, ROLE_NONE, 0);
	if (!f->user || f->user->status == USER_DELETED)
		return access_of(ACCESS_UNKNOWN_USER, ROLE_NONE, 0);
	denials = access_denials(f);
	if (denials & DENIAL_SUSPENDED)
		return access_of(ACCESS_SUSPENDED, ROLE_NONE, denials);
	right = right_without_grant(f, action);
	if (right)
		return access_of(is_sharing(action) && (denials & DENIAL_SHARING) ? ACCESS_POLICY
										  : right,
				 right == ACCESS_OWNER ? ROLE_OWNER : ROLE_NONE, denials);
	return check_grants(f, action, denials);
}
