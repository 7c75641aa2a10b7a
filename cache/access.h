#ifndef SB_CACHE_ACCESS_H
#define SB_CACHE_ACCESS_H

/*
 * Who may do what on a workspace, as of one moment. Pure: check.c asks it
 * whether a user may perform an action, consumer/decide_share.c whether a
 * workspace may be shared at all, consumer/deciding.c whether a grant has
 * expired, consumer/audience.c whether somebody's grants count.
 *
 * A grant and its effect are two things. Policy, suspension, dormancy and
 * expiry are judged here, each time anew; they keep a grant from counting but
 * erase nothing.
 */

#include "cache/workspace.h"

/* All that an answer depends on besides the action. Borrowed for the call. */
struct access_facts {
	const struct workspace *workspace;
	const struct user_changed *user;  /* whose access is checked; NULL: unknown */
	const struct user_changed *owner; /* of the workspace; NULL: unknown */
	const struct organization_changed *organization; /* of the workspace; NULL: unknown */
	bool sharing_enabled;                            /* the deployment's switch */
	const struct uuid *groups; /* the user's, sorted, without the organizations' Everyone */
	size_t group_count;
	int64_t now; /* ms since 1970 */
};

/* Policies that keep grants from counting: bits of a mask. */
enum access_denial {
	DENIAL_SUSPENDED = 1,             /* the user is suspended */
	DENIAL_DEPLOYMENT = 2,            /* sharing is off for the deployment */
	DENIAL_ORGANIZATION = 4,          /* sharing is off for the workspace's organization */
	DENIAL_SERVICE_ACCOUNTS = 8,      /* it shares only workspaces of service accounts */
	DENIAL_UNKNOWN_ORGANIZATION = 16, /* its policy is not known */
	DENIAL_DORMANT = 32,              /* the workspace is dormant */
	DENIAL_NOT_A_MEMBER = 64,         /* the user is not in the workspace's organization */
};

/* The policies that say whether a workspace may be shared at all. */
enum {
	DENIAL_SHARING = DENIAL_DEPLOYMENT | DENIAL_ORGANIZATION | DENIAL_SERVICE_ACCOUNTS |
			 DENIAL_UNKNOWN_ORGANIZATION
};

/* Why access is allowed (up to ACCESS_SITE_OWNER) or denied (after it). */
enum access_reason {
	ACCESS_OWNER = 1,          /* allowed: the user owns the workspace */
	ACCESS_DIRECT,             /* allowed: the workspace is shared with the user */
	ACCESS_GROUP,              /* allowed: it is shared with a group that the user is in */
	ACCESS_ORGANIZATION_ADMIN, /* allowed to share: the user administers the organization */
	ACCESS_SITE_OWNER,         /* allowed to share: the user is a site owner */
	ACCESS_NO_GRANT,           /* denied: no grant allows it (any more) */
	ACCESS_EXPIRED,            /* denied: the grant that allows it has expired */
	ACCESS_SUSPENDED,          /* denied: the user is suspended */
	ACCESS_POLICY,             /* denied: a grant would allow it, but another denial holds */
	ACCESS_UNKNOWN_USER,       /* denied: the user does not exist (any more) */
	ACCESS_UNKNOWN_WORKSPACE,  /* denied: the workspace does not exist (any more) */
};

/* "owner", "no_grant", …; a constant. */
const char *access_reason_name(enum access_reason reason);

/* The sentence that explains one denial; a constant. */
const char *access_denial_text(enum access_denial denial);

struct access {
	bool allowed;
	enum access_reason reason;
	enum role role;     /* that counts or, when denied, would count; ROLE_NONE: none */
	struct uuid group;  /* that the grant was made to; nil: to the user, or no grant */
	unsigned denials;   /* all that hold: a mask of enum access_denial */
	int64_t expires_at; /* of the grant, ms since 1970; ABSENT: never, or no grant */
};

/* May the user perform the action? */
struct access access_check(const struct access_facts *f, enum action action);

/* All denials that hold for the user, who must be known: a mask of enum access_denial. */
unsigned access_denials(const struct access_facts *f);

/*
 * Does the grant concern the user, who must be known: directly, through one of
 * the groups, or through the Everyone group of the workspace's organization?
 */
bool access_reaches(const struct access_facts *f, const struct grant *g);

/* Has the grant expired at `now`, ms since 1970? */
bool grant_expired(const struct grant *g, int64_t now);

/*
 * Which bits of DENIAL_SHARING hold; 0 when the workspace may be shared. The
 * organization and the owner, both of the workspace, may be NULL: unknown.
 */
unsigned access_sharing_denials(bool sharing_enabled,
				const struct organization_changed *organization,
				const struct user_changed *owner);

#endif
