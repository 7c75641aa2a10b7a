#ifndef SB_TESTS_UNIT_CONSUMER_WORLD_H
#define SB_TESTS_UNIT_CONSUMER_WORLD_H

/*
 * A small world for decisions. The organization ACME lets everyone share. ALICE
 * owns the workspace DEV in it, which is active, at version 1, and shared with
 * nobody. A test changes only what its claim is about.
 *
 *   ALICE BOB CAROL DAVE   members of ACME, active users
 *   ERIN                   an admin of ACME
 *   FRANK                  a site owner, no member of ACME
 *   SAM                    a member, suspended
 *   DELIA                  a member, deleted
 *   OLGA                   a member of GLOBEX only
 *   ROBOT                  a service account, member of ACME
 *   NOBODY                 no such user
 *   TEAM                   a group of ACME: BOB and CAROL
 *   CREW                   a group of ACME: CAROL, DAVE, DELIA, SAM and ALICE
 *   STRANGERS              a group of GLOBEX: OLGA
 *   NO_GROUP               no such group
 *   ERASED                 nobody, until a test makes it deleted by a tombstone
 */

#include "consumer/decide.h"

enum name {
	NIL,
	ALICE,
	BOB,
	CAROL,
	DAVE,
	ERIN,
	FRANK,
	SAM,
	DELIA,
	OLGA,
	ROBOT,
	NOBODY,
	TEAM,
	CREW,
	STRANGERS,
	NO_GROUP,
	ERASED,
	ACME,
	GLOBEX,
	DEV,
	HANDOFF, /* the id of the handoff that is offered */
	COMMAND, /* the id of the next command */
	NAMES
};

enum { NOW_MS = 1000000 };

struct scene {
	struct directory *directory;
	struct workspace workspace;
	struct arena arena;
	struct world world;     /* on the above, at NOW_MS */
	struct command command; /* of the next command but for its actor */
	struct bytes message;   /* of the next command, if it shares */
	struct record record;   /* the last one decided */
	struct decision decision;
	struct grant_wish wish;       /* of share_one() */
	struct subject subject;       /* of unshare_one() */
	struct handoff_offer offer;   /* of offer(): HANDOFF, a review, without an end */
	struct answer_handoff answer; /* of answer(), but for its command and the answer */
};

/*
 * Ids rise in the order of the names. Those of commands, from COMMAND on, are of
 * version 7 and were made at NOW_MS.
 */
struct uuid id_of(enum name name);
struct subject user(enum name name);
struct subject group(enum name name);
struct actor actor(enum name name);
extern const struct actor SYSTEM;

void scene_open(struct scene *s);
void scene_close(struct scene *s);
/* The scene as it was when it was opened. */
void scene_reset(struct scene *s);

/* Put a fact into the directory. */
void put_user(struct scene *s, enum name who, enum user_status status, enum user_kind kind);
void put_group(struct scene *s, enum name which, struct uuid *members, size_t count);
void put_organization(struct scene *s, enum name which, enum sharing_policy policy);
/* An organization that lets everyone share, for so many milliseconds. */
void put_lifetime(struct scene *s, enum name which, int64_t max_ms);
void put_deployment(struct scene *s, bool sharing_enabled);

/* Gives the workspace a grant, made by ALICE at time 1. */
void grant(struct scene *s, struct subject subject, enum role role, int64_t expires_at);

/* A wish for a command, without and with an expiry. */
struct grant_wish wish(struct subject subject, enum role role);
struct grant_wish wish_until(struct subject subject, enum role role, int64_t expires_at);

/* Decide a command or a fact; the decision stays in the scene. */
const struct decision *share(struct scene *s, struct actor who, struct grant_wish *wishes,
			     size_t count);
const struct decision *unshare(struct scene *s, struct actor who, enum reason reason,
			       struct subject *subjects, size_t count);
const struct decision *workspace_fact(struct scene *s, const struct workspace_changed *fact);
const struct decision *deletion(struct scene *s);

/* The same for one subject. */
const struct decision *share_one(struct scene *s, struct actor who, struct subject subject,
				 enum role role);
const struct decision *unshare_one(struct scene *s, struct actor who, struct subject subject);

/* Decide an offer of s->offer with a grant to that subject, and an answer to s->answer. */
const struct decision *offer(struct scene *s, struct actor who, struct subject to, enum role role);
const struct decision *answer(struct scene *s, struct actor who, enum answer what);

/* The fact that leaves DEV as it is. */
struct workspace_changed as_it_is(void);

/* Carries the last decision out on the workspace. */
bool fold(struct scene *s);

/* The same for one that must be applied, and has the next command a new id. */
void carry_out(struct scene *s);

/* The open handoff HANDOFF, or NULL. */
const struct handoff *open_handoff(const struct scene *s);

/*
 * Fail the test unless the decision is of that kind. A rejection must have one
 * problem, whose text contains `part`.
 */
void assert_applied(const struct decision *d, size_t changes);
void assert_unchanged(const struct decision *d);
void assert_rejected(const struct decision *d, enum reject_code code, const char *part);
/* The only step of a decision that is applied. */
void assert_step(const struct decision *d, enum handoff_state previous, enum handoff_state state,
		 int64_t step);
void assert_change(const struct decision *d, size_t i, struct subject subject, enum role before,
		   enum role after);

#endif
