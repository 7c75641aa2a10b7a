#ifndef SB_PRODUCER_RESOLVE_H
#define SB_PRODUCER_RESOLVE_H

/* From what people type to what the index holds. ERROR_INPUT names what is not there. */

#include "producer/session.h"
#include "producer/subjects.h"

/* A workspace by name (mine), owner/name or UUID. *out is the caller's: workspace_done(). */
int resolve_workspace(struct session *s, const char *text, struct workspace *out,
		      struct error *err);

/* Fills the ids of all subjects; groups belong to the organization. Names all that are unknown. */
int resolve_subjects(struct session *s, struct named_subjects *subjects,
		     const struct uuid *organization_id, struct error *err);

/* A user by name, UUID or "me". */
int resolve_user(struct session *s, const char *name, struct uuid *out, struct error *err);

/* A group by organization/name, UUID, or by a name that only one organization has. */
int resolve_group(struct session *s, const char *name, struct uuid *out, struct error *err);

#endif
