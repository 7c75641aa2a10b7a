#include "cache/outcomes.h"

#include <assert.h>

const char *outcome_name(enum outcome o)
{
	static const char *const names[] = { "",          "applied",  "unchanged",
					     "duplicate", "rejected", "unreadable" };

	assert((unsigned)o <= OUTCOME_UNREADABLE);
	return names[o];
}

const char *reject_code_name(enum reject_code c)
{
	static const char *const names[REJECT_CODE_COUNT] = {
		[REJECT_NONE] = "",
		[REJECT_UNKNOWN_WORKSPACE] = "unknown_workspace",
		[REJECT_SHARING_DISABLED] = "sharing_disabled",
		[REJECT_FORBIDDEN] = "forbidden",
		[REJECT_ROLE_CEILING] = "role_ceiling",
		[REJECT_UNKNOWN_SUBJECT] = "unknown_subject",
		[REJECT_NOT_A_MEMBER] = "not_a_member",
		[REJECT_OWN_ROLE] = "own_role",
		[REJECT_VERSION_CONFLICT] = "version_conflict",
		[REJECT_ALREADY_EXPIRED] = "already_expired",
		[REJECT_TOO_MANY_GRANTS] = "too_many_grants",
		[REJECT_DIRECTORY_AHEAD] = "directory_ahead",
		[REJECT_COMMAND_TOO_OLD] = "command_too_old",
		[REJECT_INVALID_COMMAND] = "invalid_command",
		[REJECT_TOO_LARGE] = "too_large",
		[REJECT_UNSIGNED] = "unsigned",
		[REJECT_KEY_MAY_NOT] = "key_may_not",
		[REJECT_BEYOND_OWN_EXPIRY] = "beyond_own_expiry",
		[REJECT_LIFETIME_EXCEEDED] = "lifetime_exceeded",
		[REJECT_UNKNOWN_HANDOFF] = "unknown_handoff",
		[REJECT_HANDOFF_STATE] = "handoff_state",
		[REJECT_HANDOFF_NOT_YOURS] = "handoff_not_yours",
		[REJECT_TOO_MANY_HANDOFFS] = "too_many_handoffs",
	};

	assert((unsigned)c < REJECT_CODE_COUNT);
	return names[c];
}

/* The parts stand in this order: offset, outcome, code, version, id, message. */
void outcome_append(struct buffer *b, const struct outcome_entry *e)
{
	struct bytes message = e->message;

	if (message.len > OUTCOME_MESSAGE_MAX)
		message.len = OUTCOME_MESSAGE_MAX;
	buffer_append_varint(b, (uint64_t)e->offset);
	buffer_append_u8(b, (uint8_t)e->outcome);
	buffer_append_u8(b, (uint8_t)e->code);
	buffer_append_varint(b, (uint64_t)e->version);
	buffer_append(b, e->command_id.bytes, sizeof(e->command_id.bytes));
	buffer_append_sized(b, message);
}

bool outcome_take(struct bytes *rest, struct outcome_entry *out)
{
	struct bytes after = *rest;
	struct bytes message;
	struct bytes id;
	uint64_t offset;
	uint64_t version;
	uint8_t outcome;
	uint8_t code;

	if (!bytes_take_varint(&after, &offset) || !bytes_take_u8(&after, &outcome) ||
	    !bytes_take_u8(&after, &code) || !bytes_take_varint(&after, &version) ||
	    !bytes_take(&after, sizeof(out->command_id.bytes), &id) ||
	    !bytes_take_sized(&after, &message))
		return false;
	if (offset > INT64_MAX || version > INT64_MAX || outcome < OUTCOME_APPLIED ||
	    outcome > OUTCOME_UNREADABLE || code >= REJECT_CODE_COUNT)
		return false;
	*out = (struct outcome_entry){
		.offset = (int64_t)offset,
		.outcome = (enum outcome)outcome,
		.code = (enum reject_code)code,
		.version = (int64_t)version,
		.message = message,
	};
	memcpy(out->command_id.bytes, id.data, id.len);
	*rest = after;
	return true;
}
