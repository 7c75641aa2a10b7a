#ifndef SB_CACHE_ACCESS_H
#define SB_CACHE_ACCESS_H

/*
 * Who may do what on a workspace, as of one moment. Pure: decide.c asks it
 * whether sharing is on, check.c whether she may. What
 * was granted is one thing, whether it counts now another: policy, suspension,
 * dormancy and expiry are looked at here and erase nothing.
 */

#include "cache/workspace.h"

/* All that an answer depends on besides the action. Borrowed. */
struct access_facts {
	const struct workspace *workspace;
	const struct user_changed *user;                 /* who asks; NULL: unknown */
	const struct user_changed *owner;                /* NULL: unknown */
	const struct organization_changed *organization; /* the workspace's; NULL: unknown */
	bool sharing_enabled;                            /* the deployment's switch */
	const struct uuid *groups; /* that the user is in, but those of everyone; sorted */
	size_t group_count;
	int64_t now; /* ms since 1970 */
};

/* Policies that keep a grant from counting: bits of a mask. */
enum access_denial {
	DENIAL_SUSPENDED = 1,             /* the user is suspended */
	DENIAL_DEPLOYMENT = 2,            /* sharing is off for the deployment */
	DENIAL_ORGANIZATION = 4,          /* sharing is off for the workspace's organization */
	DENIAL_SERVICE_ACCOUNTS = 8,      /* only those of service accounts may be shared there */
	DENIAL_UNKNOWN_ORGANIZATION = 16, /* nobody knows its policy */
	DENIAL_DORMANT = 32,              /* the workspace is dormant */
	DENIAL_NOT_A_MEMBER = 64,         /* the user has left the workspace's organization */
};

/* The policies that say whether a workspace may be shared at all. */
enum {
	DENIAL_SHARING = DENIAL_DEPLOYMENT | DENIAL_ORGANIZATION | DENIAL_SERVICE_ACCOUNTS |
			 DENIAL_UNKNOWN_ORGANIZATION
};

/* Why the answer is so. */
enum access_reason {
	ACCESS_OWNER = 1,          /* yes: she owns it */
	ACCESS_DIRECT,             /* yes: shared with her */
	ACCESS_GROUP,              /* yes: shared with a group that she is in */
	ACCESS_ORGANIZATION_ADMIN, /* yes, to sharing: admin of the organization */
	ACCESS_SITE_OWNER,         /* yes, to sharing: site owner */
	ACCESS_NO_GRANT,           /* no: nothing that allows it was ever granted, or it is gone */
	ACCESS_EXPIRED,            /* no: it was granted, and its time is over */
	ACCESS_SUSPENDED,          /* no: she is suspended */
	ACCESS_POLICY,             /* no: granted, but one of the other denials holds */
	ACCESS_UNKNOWN_USER,       /* no: there is no such user, or no longer */
	ACCESS_UNKNOWN_WORKSPACE,  /* no: there is no such workspace, or no longer */
};

/* "owner", "no_grant", …; a constant. */
const char *access_reason_name(enum access_reason reason);

struct access {
	bool allowed;
	enum access_reason reason;
	enum role role;     /* that counts, or would; ROLE_NONE: none */
	struct uuid group;  /* if it came through one; nil: not */
	int64_t expires_at; /* of the grant that it came through; ABSENT: never */
	unsigned denials;   /* mask of enum access_denial: all that hold */
};

/* May the user do that? */
struct access access_check(const struct access_facts *f, enum action action);

/* Does the grant concern the user: directly, through a group, through that of everyone? */
bool access_reaches(const struct access_facts *f, const struct grant *g);

/* Is the grant's time over? */
bool grant_expired(const struct grant *g, int64_t now);

/* Which of DENIAL_SHARING hold: 0 when sharing is on. Any may be NULL: unknown. */
unsigned access_sharing_denials(bool sharing_enabled,
				const struct organization_changed *organization,
				const struct user_changed *owner);

/* The sentence that goes with one denial; a constant. */
const char *access_denial_text(enum access_denial denial);

#endif
