#ifndef SB_CACHE_HANDOFF_LOOKUP_H
#define SB_CACHE_HANDOFF_LOOKUP_H

/*
 * Questions to the index about open handoffs: where one is, and where there are some
 * that wait for somebody. What a handoff says is kept with its workspace
 * (workspace.h). Both functions block and fail as reader_ask() does.
 */

#include "cache/lookup.h"
#include "ops/support/attributes.h"

/*
 * The workspaces with an open handoff of that id: none, one, or several if authors
 * gave two handoffs one id. *out lives in the arena.
 */
MUST_USE int lookup_handoff(struct reader *r, const struct uuid *id, struct arena *arena,
			    struct uuid_list *out, struct error *err);

/*
 * The workspaces with handoffs that wait for one of these users and groups; *out,
 * which lives in the arena, may have duplicates.
 */
MUST_USE int lookup_waiting(struct reader *r, const struct subject *subjects, size_t count,
			    struct arena *arena, struct uuid_list *out, struct error *err);

#endif
