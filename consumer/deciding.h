#ifndef SB_CONSUMER_DECIDING_H
#define SB_CONSUMER_DECIDING_H

/*
 * A decision in the making, and the rules that every command must pass. Used by
 * decide.c, decide_share.c, decide_remove.c and decide_handoff.c. Rules have their numbers in
 * ARCHITECTURE.md. No I/O, no clock; all memory is in world->arena.
 */

#include "consumer/decision.h"

/* How much an actor may change of a workspace's sharing. */
enum authority {
	AUTHORITY_NONE,  /* may remove their own grant, and nothing else */
	AUTHORITY_ADMIN, /* an admin of the workspace: may give and take `use` */
	AUTHORITY_FULL,  /* owner, admin of the organization, site owner, system */
};

struct problem;

struct deciding {
	const struct world *world;
	const struct record *record;
	const struct command *command; /* of the record; NULL: a fact */
	struct decision *out;
	struct problem *problems; /* in the order in which they were found; NULL: none */
	struct problem **problems_end;
	size_t problem_count;
	size_t changes_max; /* room for changes in *out */
	enum authority authority;
	int64_t authority_until; /* of AUTHORITY_ADMIN: when it ends; else ABSENT */
};

/* Begins the decision on a command, or on a fact, whose actor is the system. */
void deciding_init(struct deciding *d, const struct world *w, const struct record *record,
		   struct decision *out);

/* Makes room for that many changes, once. */
void deciding_reserve(struct deciding *d, size_t changes);

/*
 * Adds a problem, which rejects the command. Its sentence begins in lower case
 * and has no full stop.
 */
void problem(struct deciding *d, enum reject_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The subject's name as people know it. */
struct bytes deciding_name(const struct deciding *d, const struct subject *s);

/*
 * The subject's grant, or NULL when there is none or it has expired: a subject
 * whose expired grant has yet to be removed counts as having none.
 */
const struct grant *live_grant(const struct deciding *d, const struct subject *s);

/* Adds a change of the subject's grant, for which there must be room; ROLE_NONE removes it. */
void add_change(struct deciding *d, const struct subject *s, enum role after, int64_t expires_at);

/*
 * A command may name a subject twice. Of `count` elements of `size` bytes, which
 * begin with a struct subject each, returns for each the index of the first that
 * has the same subject, which is its own unless it repeats another. In the arena;
 * the time is that of sorting them.
 */
const size_t *first_mentions(const struct deciding *d, const void *list, size_t size, size_t count);

/* Is the record signed as it must be? Adds a problem and returns false if not. */
bool check_author(struct deciding *d);

/* Rule 11: does the workspace remember the command? Then the outcome is `duplicate`. */
bool is_duplicate(struct deciding *d);

/*
 * The command's own bounds, and rules 1, 8, 11 and 13: its id, the workspace, the version and
 * the directory that it speaks of. Adds a problem and returns false when one is
 * broken.
 */
bool check_command(struct deciding *d);

/* Rule 3: adds a problem unless the actor may change the workspace's sharing. */
void require_authority(struct deciding *d);

/* Sets the outcome: rejected if there are problems, else applied, or unchanged (rule 12). */
void conclude_decision(struct deciding *d);

#endif
