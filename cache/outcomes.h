#ifndef SB_CACHE_OUTCOMES_H
#define SB_CACHE_OUTCOMES_H

/*
 * What became of each command, as callers wait for it: the stream
 * `sb:{p}:outcomes` has one entry for each applied run, its id `<last
 * offset>-1`, its only field `o` the outcomes of the run's commands.
 */

#include "ops/support/buffer.h"
#include "schemas/records.h"

enum outcome {
	OUTCOME_APPLIED = 1,
	OUTCOME_UNCHANGED,
	OUTCOME_DUPLICATE,
	OUTCOME_REJECTED,
	OUTCOME_UNREADABLE, /* went to the dead letter */
};

enum reject_code {
	REJECT_NONE = 0,
	REJECT_UNKNOWN_WORKSPACE,
	REJECT_SHARING_DISABLED,
	REJECT_FORBIDDEN,
	REJECT_ROLE_CEILING,
	REJECT_UNKNOWN_SUBJECT,
	REJECT_NOT_A_MEMBER,
	REJECT_OWN_ROLE,
	REJECT_VERSION_CONFLICT,
	REJECT_ALREADY_EXPIRED,
	REJECT_TOO_MANY_GRANTS,
	REJECT_DIRECTORY_AHEAD,
	REJECT_INVALID_COMMAND,
	REJECT_CODE_COUNT
};

/* One command's outcome. */
struct outcome_entry {
	int64_t offset;
	struct uuid command_id; /* nil: a fact, or unreadable */
	enum outcome outcome;
	enum reject_code code;
	int64_t version;      /* of the workspace afterwards */
	struct bytes message; /* when rejected: one sentence; cut at OUTCOME_MESSAGE_MAX */
};

enum { OUTCOME_MESSAGE_MAX = 2048, OUTCOMES_KEPT = 16384 };

/* "applied", …; a constant. */
const char *outcome_name(enum outcome o);

/* "unknown_workspace", …; a constant; "" for REJECT_NONE. */
const char *reject_code_name(enum reject_code c);

/* Appends an entry to the value of field `o`. */
void outcome_append(struct buffer *b, const struct outcome_entry *e);

/* Takes the next entry off *rest; false at its end or when it is broken. */
bool outcome_take(struct bytes *rest, struct outcome_entry *out);

#endif
