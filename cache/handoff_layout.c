#include "cache/handoff_layout.h"

#include "schemas/bounds.h"

enum { ID_SIZE = sizeof(struct uuid), TIME_SIZE = 8 };

/* ---- fields ---- */

void layout_handoff_field(uint8_t out[static HANDOFF_FIELD_SIZE], const struct uuid *id)
{
	out[0] = 'o';
	memcpy(out + 1, id->bytes, ID_SIZE);
}

bool layout_parse_handoff_field(struct uuid *id, struct bytes field)
{
	if (field.len != HANDOFF_FIELD_SIZE || field.data[0] != 'o')
		return false;
	memcpy(id->bytes, field.data + 1, ID_SIZE);
	return true;
}

void layout_handoff_entry(uint8_t out[static HANDOFF_ENTRY_SIZE], const struct uuid *workspace_id,
			  const struct uuid *handoff_id)
{
	memcpy(out, workspace_id->bytes, ID_SIZE);
	memcpy(out + ID_SIZE, handoff_id->bytes, ID_SIZE);
}

bool layout_parse_handoff_entry(struct uuid *workspace_id, struct uuid *handoff_id,
				struct bytes field)
{
	if (field.len != HANDOFF_ENTRY_SIZE)
		return false;
	memcpy(workspace_id->bytes, field.data, ID_SIZE);
	memcpy(handoff_id->bytes, field.data + ID_SIZE, ID_SIZE);
	return true;
}

const char *layout_handoff_state(enum handoff_state state)
{
	static const char *const names[] = { "0", "1", "2", "3" };

	return names[handoff_is_final(state) ? 0 : state];
}

const char *layout_waiting_kind(enum subject_kind kind)
{
	return kind == SUBJECT_USER ? "hu:" : "hg:";
}

/* ---- writing ---- */

static void append_id(struct buffer *out, const struct uuid *id)
{
	buffer_append(out, id->bytes, ID_SIZE);
}

static void append_time(struct buffer *out, int64_t ms)
{
	for (int i = TIME_SIZE - 1; i >= 0; i--)
		buffer_append_u8(out, (uint8_t)((uint64_t)ms >> 8 * i));
}

static void append_task(struct buffer *out, const struct task *t)
{
	buffer_append_u8(out, t ? (uint8_t)t->system : 0);
	if (!t)
		return;
	buffer_append_sized(out, t->id);
	buffer_append_optional(out, t->url);
}

void layout_handoff_value(struct buffer *out, const struct handoff *h)
{
	buffer_append_u8(out, (uint8_t)h->kind);
	buffer_append_u8(out, (uint8_t)h->state);
	buffer_append_u8(out, (uint8_t)h->role);
	buffer_append_u8(out, (uint8_t)h->had_role);
	buffer_append_u8(out, h->own_grant ? '1' : '0');
	buffer_append_varint(out, (uint64_t)h->step);
	buffer_append_u8(out, (uint8_t)h->offered_by.kind);
	append_id(out, &h->offered_by.id);
	buffer_append_u8(out, (uint8_t)h->to.kind);
	append_id(out, &h->to.id);
	append_id(out, &h->accepted_by);
	append_time(out, h->offered_at);
	append_time(out, h->expires_at);
	append_time(out, h->had_until);
	buffer_append_sized(out, h->summary);
	buffer_append_optional(out, h->question);
	buffer_append_optional(out, h->answer_schema);
	buffer_append_optional(out, h->note);
	append_task(out, h->task);
	buffer_append_varint(out, h->artifact_count);
	for (size_t i = 0; i < h->artifact_count; i++) {
		buffer_append_sized(out, h->artifacts[i].name);
		buffer_append_sized(out, h->artifacts[i].url);
	}
}

/* ---- reading ---- */

/* Takes an enum's number from `least` to `greatest`. */
static bool take_enum(struct bytes *rest, uint8_t least, uint8_t greatest, uint8_t *out)
{
	return bytes_take_u8(rest, out) && *out >= least && *out <= greatest;
}

static bool take_id(struct bytes *rest, struct uuid *out)
{
	struct bytes raw;

	if (!bytes_take(rest, ID_SIZE, &raw))
		return false;
	memcpy(out->bytes, raw.data, ID_SIZE);
	return true;
}

static bool take_time(struct bytes *rest, int64_t *out)
{
	struct bytes raw;
	uint64_t value = 0;

	if (!bytes_take(rest, TIME_SIZE, &raw))
		return false;
	for (size_t i = 0; i < raw.len; i++)
		value = value << 8 | raw.data[i];
	*out = (int64_t)value;
	return true;
}

static bool take_numbers(struct bytes *rest, struct handoff *h)
{
	uint8_t kind = 0;
	uint8_t state = 0;
	uint8_t role = 0;
	uint8_t had = 0;
	uint8_t own = 0;
	uint64_t step = 0;

	if (!take_enum(rest, HANDOFF_REVIEW, HANDOFF_INPUT, &kind) ||
	    !take_enum(rest, HANDOFF_OFFERED, HANDOFF_RETURNED, &state) ||
	    !take_enum(rest, ROLE_USE, ROLE_ADMIN, &role) ||
	    !take_enum(rest, ROLE_NONE, ROLE_ADMIN, &had) || !take_enum(rest, '0', '1', &own) ||
	    !bytes_take_varint(rest, &step) || step < 1 || step > INT64_MAX)
		return false;
	h->kind = (enum handoff_kind)kind;
	h->state = (enum handoff_state)state;
	h->role = (enum role)role;
	h->had_role = (enum role)had;
	h->own_grant = own == '1';
	h->step = (int64_t)step;
	return true;
}

static bool take_people(struct bytes *rest, struct handoff *h)
{
	uint8_t actor = 0;
	uint8_t subject = 0;

	if (!take_enum(rest, ACTOR_USER, ACTOR_SYSTEM, &actor) ||
	    !take_id(rest, &h->offered_by.id) ||
	    !take_enum(rest, SUBJECT_USER, SUBJECT_GROUP, &subject) || !take_id(rest, &h->to.id) ||
	    !take_id(rest, &h->accepted_by))
		return false;
	h->offered_by.kind = (enum actor_kind)actor;
	h->to.kind = (enum subject_kind)subject;
	return true;
}

static bool take_task(struct bytes *rest, struct handoff *h, struct task *task)
{
	uint8_t system = 0;

	if (!take_enum(rest, 0, TASK_OTHER, &system))
		return false;
	if (!system)
		return true;
	task->system = (enum task_system)system;
	h->task = task;
	return bytes_take_sized(rest, &task->id) && bytes_take_optional(rest, &task->url);
}

static bool take_artifacts(struct bytes *rest, struct handoff *h,
			   struct artifact list[static ARTIFACTS_MAX])
{
	uint64_t count = 0;

	if (!bytes_take_varint(rest, &count) || count > ARTIFACTS_MAX)
		return false;
	h->artifacts = list;
	h->artifact_count = count;
	for (size_t i = 0; i < count; i++)
		if (!bytes_take_sized(rest, &list[i].name) || !bytes_take_sized(rest, &list[i].url))
			return false;
	return true;
}

bool layout_parse_handoff(struct handoffs *out, const struct uuid *id, struct bytes value)
{
	struct artifact artifacts[ARTIFACTS_MAX];
	struct task task = { 0 };
	struct handoff h = { .id = *id };

	if (!take_numbers(&value, &h) || !take_people(&value, &h) ||
	    !take_time(&value, &h.offered_at) || !take_time(&value, &h.expires_at) ||
	    !take_time(&value, &h.had_until) || !bytes_take_sized(&value, &h.summary) ||
	    !bytes_take_optional(&value, &h.question) ||
	    !bytes_take_optional(&value, &h.answer_schema) ||
	    !bytes_take_optional(&value, &h.note) || !take_task(&value, &h, &task) ||
	    !take_artifacts(&value, &h, artifacts) || value.len)
		return false;
	handoffs_put(out, &h);
	return true;
}
