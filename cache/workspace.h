#ifndef SB_CACHE_WORKSPACE_H
#define SB_CACHE_WORKSPACE_H

/*
 * One workspace with its grants, as the index holds it: what decisions are
 * made on and what readers see. No I/O here.
 */

#include "ops/support/bytes.h"
#include "schemas/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECENT_COMMANDS = 16 };

/*
 * A workspace that is not registered has only its id: it was never announced,
 * or it was deleted.
 */
struct workspace {
	struct uuid id;
	bool registered;
	enum workspace_status status;
	struct uuid organization_id;
	struct uuid owner_id;
	struct bytes name;    /* owned, NUL-terminated */
	int64_t version;      /* rises with every change */
	struct grant *grants; /* in no order */
	size_t grant_count;
	size_t grant_cap;
	struct uuid recent[RECENT_COMMANDS]; /* a ring; nil: empty place */
	unsigned recent_next;                /* where the next id goes */
};

/* Starts unregistered. */
void workspace_init(struct workspace *w, const struct uuid *id);

/* Gives the memory back. */
void workspace_done(struct workspace *w);

/* Sets the name to a copy. */
void workspace_set_name(struct workspace *w, struct bytes name);

/* The grant of that subject, or NULL. Valid until the grants change. */
struct grant *workspace_grant(const struct workspace *w, const struct subject *s);

/* When the grant of that subject expires; ABSENT when it does not, or there is none. */
int64_t workspace_expiry(const struct workspace *w, const struct subject *s);

/* Adds the grant, or replaces that of the same subject. */
void workspace_put_grant(struct workspace *w, const struct grant *g);

/* Removes the grant of that subject, if there is one. */
void workspace_drop_grant(struct workspace *w, const struct subject *s);

/* Was this command decided lately? */
bool workspace_saw_command(const struct workspace *w, const struct uuid *command_id);

/* Remembers the command in place of the oldest; returns the place it went to. */
unsigned workspace_remember_command(struct workspace *w, const struct uuid *command_id);

/* Back to unregistered: grants, name and recent commands go. */
void workspace_clear(struct workspace *w);

/* The workspace as events show it; borrows the name. */
struct workspace_ref workspace_ref(const struct workspace *w);

/* Bytes of memory it holds, for those who bound it. */
size_t workspace_memory(const struct workspace *w);

#endif
