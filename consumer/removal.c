#include "consumer/removal.h"

#include "cache/handoff_layout.h"
#include "cache/layout.h"
#include "ops/support/error.h"

#include <assert.h>

/* ---- which removals ---- */

static enum reason reason_of(const struct stale *s)
{
	if (s->expires_at != ABSENT)
		return REASON_EXPIRED;
	return s->subject.kind == SUBJECT_USER ? REASON_USER_DELETED : REASON_GROUP_DELETED;
}

/* May the removal remove this grant, too? */
static bool may_join(const struct removal *r, const struct stale *s)
{
	return r->expires_at != ABSENT && r->expires_at == s->expires_at && r->subject_count &&
	       uuid_is_nil(&s->handoff_id) && uuid_equal(&r->workspace_id, &s->workspace_id);
}

static bool covers_grant(const struct removal *r, const struct stale *s)
{
	if (!uuid_equal(&r->workspace_id, &s->workspace_id))
		return false;
	for (size_t i = 0; i < r->subject_count; i++)
		if (subject_equal(&r->subjects[i], &s->subject))
			return true;
	return false;
}

/* A grant that has expired may also be that of a subject which is gone. */
static bool is_removed(const struct removal *list, size_t count, const struct stale *s)
{
	for (size_t i = 0; i < count; i++)
		if (covers_grant(&list[i], s))
			return true;
	return false;
}

size_t removal_list(const struct stale_list *stale, struct removal **out)
{
	struct removal *list = arena_zalloc(stale->arena, stale->count + 1, sizeof(*list));
	struct subject *subjects =
		arena_alloc(stale->arena, (stale->count + 1) * sizeof(*subjects));
	size_t count = 0;

	for (size_t i = 0; i < stale->count; i++) {
		const struct stale *s = &stale->list[i];

		if (s->expires_at == ABSENT && is_removed(list, count, s))
			continue;
		subjects[i] = s->subject;
		if (count && may_join(&list[count - 1], s)) {
			/* Its subjects are the last ones in the array, so this one is the next. */
			assert(list[count - 1].subjects + list[count - 1].subject_count ==
			       &subjects[i]);
			list[count - 1].subject_count++;
			continue;
		}
		list[count++] = (struct removal){ s->workspace_id,
						  reason_of(s),
						  s->expires_at,
						  &subjects[i],
						  uuid_is_nil(&s->handoff_id),
						  s->handoff_id };
	}
	*out = list;
	return count;
}

/* ---- the command ---- */

static void append_be64(struct buffer *b, int64_t value)
{
	for (int i = 0; i < 8; i++)
		buffer_append_u8(b, (uint8_t)((uint64_t)value >> (56 - 8 * i)));
}

static void append_name(struct buffer *b, const struct removal *r)
{
	buffer_append_text(b, "removal ");
	buffer_append_text(b, symbol_name(reason_symbols, (int)r->reason));
	buffer_append(b, r->workspace_id.bytes, sizeof(r->workspace_id.bytes));
	append_be64(b, r->expires_at);
	for (size_t i = 0; i < r->subject_count; i++) {
		uint8_t field[SUBJECT_FIELD_SIZE];

		layout_subject_field(field, &r->subjects[i]);
		buffer_append(b, field, sizeof(field));
	}
	if (!uuid_is_nil(&r->handoff_id)) {
		uint8_t field[HANDOFF_FIELD_SIZE];

		layout_handoff_field(field, &r->handoff_id);
		buffer_append(b, field, sizeof(field));
	}
}

int removal_id(const struct removal *r, struct uuid *out)
{
	struct buffer name;
	int rc;

	buffer_init(&name);
	append_name(&name, r);
	rc = uuid_v5(out, &UUID_NAMESPACE_SHAREBUS, buffer_bytes(&name));
	buffer_done(&name);
	return rc;
}

static struct command command_of(const struct removal *r, const struct uuid *id, int64_t now,
				 int64_t directory_offset)
{
	return (struct command){ .command_id = *id,
				 .issued_at = now,
				 .actor = { .kind = ACTOR_SYSTEM },
				 .workspace_id = r->workspace_id,
				 .expected_version = ABSENT,
				 .directory_offset = directory_offset };
}

struct record removal_record(const struct removal *r, const struct uuid *command_id, int64_t now,
			     int64_t directory_offset)
{
	const struct command command = command_of(r, command_id, now, directory_offset);
	struct record record = { .type = RECORD_REMOVE_SHARING };

	if (uuid_is_nil(&r->handoff_id)) {
		record.as.remove_sharing = (struct remove_sharing){ command, r->subjects,
								    r->subject_count, r->reason };
		return record;
	}
	record.type = RECORD_ANSWER_HANDOFF;
	record.as.answer_handoff = (struct answer_handoff){ .command = command,
							    .handoff_id = r->handoff_id,
							    .expected_step = ABSENT,
							    .answer = ANSWER_EXPIRE };
	return record;
}
