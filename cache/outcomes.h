#ifndef SB_CACHE_OUTCOMES_H
#define SB_CACHE_OUTCOMES_H

/*
 * The outcome of each command, where callers wait for it (wait.h): the stream
 * `sb:{p}:outcomes` has one entry for each applied run. The entry's id is
 * `<last offset>-1`; its only field, `o`, holds the outcomes of the run's
 * commands, one after another. Pure.
 */

#include "ops/support/buffer.h"
#include "schemas/records.h"

enum outcome {
	OUTCOME_APPLIED = 1,
	OUTCOME_UNCHANGED,
	OUTCOME_DUPLICATE,
	OUTCOME_REJECTED,
	OUTCOME_UNREADABLE, /* sent to sharing.deadletter */
};

/* Why a command was rejected. The numbers are stored: append new ones at the end. */
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
	REJECT_COMMAND_TOO_OLD,
	REJECT_TOO_LARGE,
	REJECT_UNSIGNED,
	REJECT_KEY_MAY_NOT,
	REJECT_BEYOND_OWN_EXPIRY,
	REJECT_LIFETIME_EXCEEDED,
	REJECT_UNKNOWN_HANDOFF,
	REJECT_HANDOFF_STATE,
	REJECT_HANDOFF_NOT_YOURS,
	REJECT_TOO_MANY_HANDOFFS,
	REJECT_CODE_COUNT
};

/* The outcome of one command. */
struct outcome_entry {
	int64_t offset;
	/*
	 * Of what is no command, or cannot be read, the id in its header ce_id; nil
	 * when that is not a UUID.
	 */
	struct uuid command_id;
	enum outcome outcome;
	enum reject_code code;
	int64_t version;      /* of the workspace after the command */
	struct bytes message; /* one sentence when rejected; borrowed */
};

enum {
	OUTCOME_MESSAGE_MAX = 2048, /* bytes; longer messages are cut */
	OUTCOMES_KEPT = 16384,      /* offsets of a partition that its stream reaches back */
};

/* "applied", "unchanged", …, and "" for 0; a constant. */
const char *outcome_name(enum outcome o);

/* "unknown_workspace", …, and "" for REJECT_NONE; a constant. */
const char *reject_code_name(enum reject_code c);

/* Appends the entry to b, which becomes the value of field `o`. */
void outcome_append(struct buffer *b, const struct outcome_entry *e);

/*
 * Takes the first entry off *rest; its message borrows from there. False when
 * *rest is empty or what it begins with is broken; both are then untouched.
 */
bool outcome_take(struct bytes *rest, struct outcome_entry *out);

#endif
