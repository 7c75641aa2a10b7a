#ifndef SB_CACHE_WORKSPACE_H
#define SB_CACHE_WORKSPACE_H

/*
 * One workspace with its grants, as the index holds it: decisions are made on
 * it, and readers are shown it. No I/O. A process without memory for a
 * workspace aborts (memory.h).
 */

#include "cache/handoffs.h"
#include "cache/places.h"
#include "cache/recent.h"
#include "ops/support/bytes.h"
#include "schemas/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A workspace that is not registered was never announced or has been deleted;
 * it has its id and nothing else.
 */
struct workspace {
	struct uuid id;
	bool registered;
	enum workspace_status status;
	struct uuid organization_id;
	struct uuid owner_id;
	struct bytes name;    /* owned, NUL-terminated */
	int64_t version;      /* rises with every change */
	struct grant *grants; /* owned; one for each subject, in no order */
	size_t grant_count;
	size_t grant_cap;
	struct places places;     /* of the grants, by subject */
	struct handoffs handoffs; /* the open ones */
	struct recent recent;     /* the commands that it remembers */
};

/* Starts as not registered, without memory of its own. */
void workspace_init(struct workspace *w, const struct uuid *id);

/* Gives the name, the grants, the handoffs and the memory of commands back. Call workspace_init() before using w again. */
void workspace_done(struct workspace *w);

/* Sets the name to a copy. */
void workspace_set_name(struct workspace *w, struct bytes name);

/* The grant of that subject, or NULL. Borrowed until the grants change. */
struct grant *workspace_grant(const struct workspace *w, const struct subject *s);

/* When that subject's grant expires, ms since 1970; ABSENT when never or there is no grant. */
int64_t workspace_expiry(const struct workspace *w, const struct subject *s);

/* Adds the grant, or replaces the grant of the same subject. */
void workspace_put_grant(struct workspace *w, const struct grant *g);

/* Removes the grant of that subject, if there is one. */
void workspace_drop_grant(struct workspace *w, const struct subject *s);

/* Makes the workspace unregistered again: drops its grants, handoffs, name and memory of commands. */
void workspace_clear(struct workspace *w);

/* The workspace as events show it. Its name is borrowed from w. */
struct workspace_ref workspace_ref(const struct workspace *w);

/* The bytes of memory that the workspace takes, for caches that bound their size. */
size_t workspace_memory(const struct workspace *w);

#endif
