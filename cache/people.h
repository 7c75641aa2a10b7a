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

struct people;

struct people *people_new(void);
void people_free(struct people **p);

/* What people_…() return besides 0 and errors: the directory has moved on; begin again. */
enum { PEOPLE_MOVED = 1 };

/* Learns these users, with their groups, as far as they are not at hand. */
int people_learn_users(struct people *p, struct reader *r, const struct uuid *ids, size_t count,
		       struct error *err);

/*
 * Behind a question that read these workspaces: learns their owners and
 * organizations. PEOPLE_MOVED when the directory has moved since the first
 * people_learn_users().
 */
int people_learn_workspaces(struct people *p, struct reader *r, const struct workspace *list,
			    size_t count, struct error *err);

/*
 * All that an access_check() of that user on that workspace depends on; both
 * must have been learned. Borrows from both, until people_…() is called again.
 */
void people_facts(const struct people *p, const struct uuid *user_id, const struct workspace *w,
		  int64_t now, struct access_facts *out);

/* A user that has been learned; NULL when there is none. */
const struct user_changed *people_user(const struct people *p, const struct uuid *id);

/* The ids of the groups that a learned user is in, sorted, but those of everyone. */
size_t people_groups(const struct people *p, const struct uuid *user_id, const struct uuid **out);

#endif
