#ifndef SB_CACHE_PEOPLE_H
#define SB_CACHE_PEOPLE_H

/*
 * What a reader remembers of the directory: users with their groups,
 * organizations, the deployment's switch. All of it is as of one mark of the
 * directory. Every question reads that mark again; when it has moved, all is
 * forgotten. So what is remembered costs no round trip and is never old.
 */

#include "cache/access.h"
#include "cache/reader.h"
#include "ops/support/attributes.h"

struct people;

/* A user, and the groups that she is in, sorted by id, but those of everyone. */
struct person {
	const struct user_changed *user; /* NULL: there is none */
	const struct uuid *groups;
	size_t group_count;
};

struct people *people_new(void);
void people_free(struct people **p);

/* What people_…() return besides 0 and errors: the directory has moved on; begin again. */
enum { PEOPLE_MOVED = 1 };

/* Learns these users, with their groups, as far as they are not at hand. */
MUST_USE int people_learn_users(struct people *p, struct reader *r, const struct uuid *ids,
				size_t count, struct error *err);

/*
 * Behind a question that read these workspaces: learns their owners and
 * organizations. PEOPLE_MOVED when the directory has moved since the first
 * people_learn_users().
 */
MUST_USE int people_learn_workspaces(struct people *p, struct reader *r,
				     const struct workspace *list, size_t count, struct error *err);

/* A user that has been learned. Valid until people_learn_…() forgets: PEOPLE_MOVED, or an error. */
const struct person *people_find(const struct people *p, const struct uuid *user_id);

/*
 * All that an access_check() of that person on that workspace depends on; both
 * must have been learned. Borrows from both.
 */
void people_facts(const struct people *p, const struct person *who, const struct workspace *w,
		  int64_t now, struct access_facts *out);

#endif
