#ifndef SB_CONSUMER_DECIDING_H
#define SB_CONSUMER_DECIDING_H

/*
 * One decision in the making, and the rules that every command must pass. For
 * decide.c and the files of its commands; rules by their numbers in
 * ARCHITECTURE.md. Pure, like all of it.
 */

#include "consumer/decision.h"

/* How much an actor may change of a workspace's sharing. */
enum authority {
	AUTHORITY_NONE,  /* may remove the own grant, nothing else */
	AUTHORITY_ADMIN, /* an admin of the workspace: may give and take `use` */
	AUTHORITY_FULL,  /* owner, admin of the organization, site owner, system */
};

struct problem;

struct deciding {
	const struct world *world;
	const struct command *command; /* NULL: a fact */
	struct decision *out;
	struct problem *problems; /* in the order in which they were found; NULL: none */
	struct problem **problems_end;
	size_t problem_count;
	enum authority authority;
};

/* Begins the decision on a record; `out` becomes that of a system's fact or of the command. */
void deciding_init(struct deciding *d, const struct world *w, const struct command *command,
		   struct decision *out);

/* Makes room for that many changes. */
void deciding_reserve(struct deciding *d, size_t changes);

/* Adds a problem, which refuses the command: a sentence without a capital and a full stop. */
void problem(struct deciding *d, enum reject_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The subject's or user's name for people. */
struct bytes deciding_name(const struct deciding *d, const struct subject *s);

/*
 * The subject's grant, unless it has expired: whoever is given a role anew had
 * none, though the system has yet to remove the old grant. NULL: none.
 */
const struct grant *live_grant(const struct deciding *d, const struct subject *s);

/* Adds a change of the subject's grant; ROLE_NONE takes it away. */
void add_change(struct deciding *d, const struct subject *s, enum role after, int64_t expires_at);

/* Rule 11: the outcome is `duplicate`, because the workspace remembers the command. */
bool is_duplicate(struct deciding *d);

/*
 * Rules 1, 8 and 13: the workspace, the version and the directory that the
 * command speaks of. False when a problem ends the matter.
 */
bool check_command(struct deciding *d);

/* Rule 3: the actor may change the workspace's sharing. */
void require_authority(struct deciding *d);

/* Rule 12, and the end of the matter: rejected, unchanged or applied. */
void conclude_decision(struct deciding *d);

#endif
