#ifndef SB_CLI_HANDOFF_VIEW_H
#define SB_CLI_HANDOFF_VIEW_H

/* Shows open handoffs: as a table, one with all that it says, or as JSON. */

#include "producer/cli/session.h"

struct json_t;

/*
 * {"id", "workspace": {"id", "name", "owner_id", "owner_name"}, "kind": review | takeover | input,
 * "state": offered | accepted | returned, "step", "offered_by": {"id", "username"},
 * "to": {"kind": user | group, "id", "name"}, "accepted_by": {"id", "username"}, "role",
 * "summary", "question", "task": {"system", "id", "url"}, "artifacts": [{"name", "url"}],
 * "answer_schema" (text), "note" (of the last step), "offered_at", "expires_at"}. null means none.
 */
struct json_t *handoff_json(const struct sharebus_handoff *h);

/* Prints one, a line for each thing that it says. */
void handoff_print(struct session *s, const struct sharebus_handoff *h);

/* Prints a table with a row for each, or a sentence on stderr if there are none. */
void handoffs_print(struct session *s, const struct sharebus_handoff *list, size_t count);

#endif
