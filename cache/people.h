#ifndef SB_CACHE_PEOPLE_H
#define SB_CACHE_PEOPLE_H

/*
 * A reader's memory of the directory: users with their groups, organizations,
 * and the deployment's switch, all as of one mark of the directory. Every
 * question reads that mark anyway; when it has changed, everything is
 * forgotten. So what is remembered costs no round trip and is never out of
 * date.
 *
 * A check learns the users, reads the workspaces, and then learns what else
 * these depend on, see check.c. When a step says PEOPLE_MOVED, all steps are
 * repeated. One thread at a time. A process without memory for it aborts
 * (memory.h).
 */

#include "cache/access.h"
#include "cache/reader.h"
#include "ops/support/attributes.h"

struct people;

/* Starts without any memory of the directory. The caller's, for people_free(). */
struct people *people_new(void);

/* Frees it and sets *p NULL. *p may be NULL. */
void people_free(struct people **p);

/*
 * Besides 0 and errors, people_learn_…() return this when the directory has
 * changed. Everything is forgotten then, as after an error.
 */
enum { PEOPLE_MOVED = 1 };

/*
 * Learns these users with their groups. Reads only those that are not
 * remembered, in pipelines of bounded size. May block; fails as reader_ask().
 */
MUST_USE int people_learn_users(struct people *p, struct reader *r, const struct uuid *ids,
				size_t count, struct error *err);

/*
 * Learns the owners and organizations of these workspaces, in the same way. The
 * reader's last question must be the one that read the workspaces:
 * PEOPLE_MOVED when it found another directory than the one remembered.
 */
MUST_USE int people_learn_workspaces(struct people *p, struct reader *r,
				     const struct workspace *list, size_t count, struct error *err);

/* A user, and the ids of the groups that the user is in, sorted, without the Everyone groups. */
struct person {
	const struct user_changed *user; /* NULL: no such user exists */
	const struct uuid *groups;
	size_t group_count;
};

/* A user that was learned. Borrowed until the directory is forgotten. */
const struct person *people_find(struct people *p, const struct uuid *user_id);

/*
 * Sets *out to all that access_check() of that person on that workspace depends
 * on at `now`, ms since 1970. Both must have been learned. Borrows from p and w.
 */
void people_facts(struct people *p, const struct person *who, const struct workspace *w,
		  int64_t now, struct access_facts *out);

#endif
