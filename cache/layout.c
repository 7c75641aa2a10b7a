#include "cache/layout.h"

#include "cache/handoff_layout.h"
#include "cache/keys.h"
#include "cache/redis.h"
#include "ops/support/buffer.h"
#include "ops/support/number.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

enum {
	ID_SIZE = sizeof(struct uuid),
	TIME_SIZE = 6, /* suffices until the year 10889 */
	WIDE_TIME_SIZE = 8,
};

/* No command has a greater number, so that sums of numbers do not overflow. */
#define RECENT_NUMBER_MAX (INT64_MAX / 4)

static void put_be(uint8_t *p, int64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (uint8_t)((uint64_t)value >> 8 * (size - 1 - i));
}

static int64_t get_be(const uint8_t *p, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | p[i];
	return (int64_t)value;
}

/* ---- subjects ---- */

void layout_subject_field(uint8_t out[static SUBJECT_FIELD_SIZE], const struct subject *s)
{
	out[0] = s->kind == SUBJECT_USER ? 'u' : 'g';
	memcpy(out + 1, s->id.bytes, sizeof(s->id.bytes));
}

bool layout_parse_subject(struct subject *out, struct bytes field)
{
	if (field.len != SUBJECT_FIELD_SIZE || (field.data[0] != 'u' && field.data[0] != 'g'))
		return false;
	out->kind = field.data[0] == 'u' ? SUBJECT_USER : SUBJECT_GROUP;
	memcpy(out->id.bytes, field.data + 1, sizeof(out->id.bytes));
	return true;
}

void layout_due_member(uint8_t out[static DUE_MEMBER_SIZE], const struct uuid *workspace_id,
		       const struct subject *s)
{
	memcpy(out, workspace_id->bytes, sizeof(workspace_id->bytes));
	layout_subject_field(out + sizeof(workspace_id->bytes), s);
}

bool layout_parse_due_member(struct uuid *workspace_id, struct subject *s, struct bytes member)
{
	const size_t id = sizeof(workspace_id->bytes);

	if (member.len != DUE_MEMBER_SIZE ||
	    !layout_parse_subject(s, (struct bytes){ member.data + id, member.len - id }))
		return false;
	memcpy(workspace_id->bytes, member.data, id);
	return true;
}

static_assert((int)HANDOFF_FIELD_SIZE == (int)SUBJECT_FIELD_SIZE,
	      "all members of due are of one length");

void layout_due_handoff(uint8_t out[static DUE_MEMBER_SIZE], const struct uuid *workspace_id,
			const struct uuid *handoff_id)
{
	memcpy(out, workspace_id->bytes, sizeof(workspace_id->bytes));
	layout_handoff_field(out + sizeof(workspace_id->bytes), handoff_id);
}

bool layout_parse_due_handoff(struct uuid *workspace_id, struct uuid *handoff_id,
			      struct bytes member)
{
	const size_t id = sizeof(workspace_id->bytes);

	if (member.len != DUE_MEMBER_SIZE ||
	    !layout_parse_handoff_field(handoff_id,
					(struct bytes){ member.data + id, member.len - id }))
		return false;
	memcpy(workspace_id->bytes, member.data, id);
	return true;
}

/* ---- header ---- */

void layout_header_value(uint8_t out[static HEADER_VALUE_SIZE], const struct workspace *w)
{
	memcpy(out, w->organization_id.bytes, ID_SIZE);
	memcpy(out + ID_SIZE, w->owner_id.bytes, ID_SIZE);
	out[HEADER_VALUE_SIZE - 1] = w->status == WORKSPACE_DORMANT ? 'd' : 'a';
}

bool layout_parse_header(struct workspace *w, struct bytes value)
{
	uint8_t status;

	if (value.len != HEADER_VALUE_SIZE)
		return false;
	status = value.data[HEADER_VALUE_SIZE - 1];
	if (status != 'a' && status != 'd')
		return false;
	memcpy(w->organization_id.bytes, value.data, ID_SIZE);
	memcpy(w->owner_id.bytes, value.data + ID_SIZE, ID_SIZE);
	w->status = status == 'd' ? WORKSPACE_DORMANT : WORKSPACE_ACTIVE;
	return true;
}

/* ---- grants ---- */

const char *layout_role_value(enum role role)
{
	return role == ROLE_ADMIN ? "2" : "1";
}

enum role layout_role(struct bytes value)
{
	if (value.len && value.data[0] == '1')
		return ROLE_USE;
	return value.len && value.data[0] == '2' ? ROLE_ADMIN : ROLE_NONE;
}

/* Which parts a grant's value has, and how long its times are. */
struct shape {
	size_t time_size;
	bool grantor;
	bool expires;
};

static size_t shape_len(const struct shape *s)
{
	return 1 + s->time_size + (s->grantor ? ID_SIZE : 0) + (s->expires ? s->time_size : 0);
}

/* Finds the shape of that length; no two shapes have the same. False when there is none. */
static bool shape_of(struct shape *out, size_t len)
{
	for (unsigned i = 0; i < 8; i++) {
		const struct shape s = { (i & 1) != 0 ? WIDE_TIME_SIZE : TIME_SIZE, (i & 2) != 0,
					 (i & 4) != 0 };

		if (shape_len(&s) != len)
			continue;
		*out = s;
		return true;
	}
	return false;
}

static bool is_wide(int64_t time)
{
	return time < 0 || time >> 8 * TIME_SIZE;
}

size_t layout_grant_value(uint8_t out[static GRANT_VALUE_MAX], const struct grant *g,
			  const struct uuid *owner_id)
{
	struct shape s = { .grantor = !uuid_equal(&g->granted_by, owner_id),
			   .expires = g->expires_at != ABSENT };
	bool wide = is_wide(g->granted_at) || (s.expires && is_wide(g->expires_at));
	uint8_t *at = out;

	s.time_size = wide ? WIDE_TIME_SIZE : TIME_SIZE;
	assert(g->role == ROLE_USE || g->role == ROLE_ADMIN);
	*at++ = (uint8_t)layout_role_value(g->role)[0];
	put_be(at, g->granted_at, s.time_size);
	at += s.time_size;
	if (s.grantor) {
		memcpy(at, g->granted_by.bytes, ID_SIZE);
		at += ID_SIZE;
	}
	if (s.expires)
		put_be(at, g->expires_at, s.time_size);
	return shape_len(&s);
}

bool layout_parse_grant(struct grant *out, const struct uuid *owner_id, struct bytes field,
			struct bytes value)
{
	struct grant g = { .role = layout_role(value),
			   .granted_by = *owner_id,
			   .expires_at = ABSENT };
	struct shape s;
	const uint8_t *at;

	if (!layout_parse_subject(&g.subject, field) || g.role == ROLE_NONE ||
	    !shape_of(&s, value.len))
		return false;
	at = value.data + 1;
	g.granted_at = get_be(at, s.time_size);
	at += s.time_size;
	if (s.grantor) {
		memcpy(g.granted_by.bytes, at, ID_SIZE);
		at += ID_SIZE;
	}
	if (s.expires)
		g.expires_at = get_be(at, s.time_size);
	*out = g;
	return true;
}

/* ---- the memory of commands ---- */

int64_t layout_recent_field(int64_t number)
{
	return number / RECENT_FIELD_COMMANDS;
}

/* A command that is forgotten while others of its field are remembered leaves zeros. */
size_t layout_recent_value(uint8_t out[static RECENT_VALUE_MAX], const struct recent *r,
			   int64_t field)
{
	const int64_t begin = field * RECENT_FIELD_COMMANDS;
	int64_t number = begin;

	memset(out, 0, RECENT_VALUE_MAX);
	for (; number < begin + RECENT_FIELD_COMMANDS && number < recent_end(r); number++) {
		uint8_t *at = out + (number - begin) * RECENT_COMMAND_SIZE;
		const struct recent_command *c;

		if (number < r->first)
			continue;
		c = &r->list[number - r->first];
		memcpy(at, c->id.bytes, ID_SIZE);
		put_be(at + ID_SIZE, c->late_minutes, RECENT_COMMAND_SIZE - ID_SIZE);
	}
	assert(number > begin);
	return (size_t)(number - begin) * RECENT_COMMAND_SIZE;
}

bool layout_parse_recent(struct recent *r, int64_t field, struct bytes value)
{
	int64_t number = field * RECENT_FIELD_COMMANDS;

	if (!value.len || value.len % RECENT_COMMAND_SIZE || value.len > RECENT_VALUE_MAX)
		return false;
	for (size_t at = 0; at < value.len; at += RECENT_COMMAND_SIZE) {
		struct recent_command c;

		memcpy(c.id.bytes, value.data + at, ID_SIZE);
		c.late_minutes = get_be(value.data + at + ID_SIZE, RECENT_COMMAND_SIZE - ID_SIZE);
		if (!recent_place(r, number++, &c))
			return false;
	}
	return true;
}

void layout_forgotten_value(uint8_t out[static FORGOTTEN_VALUE_SIZE], const struct recent *r)
{
	put_be(out, r->first, WIDE_TIME_SIZE);
	put_be(out + WIDE_TIME_SIZE, r->forgotten, WIDE_TIME_SIZE);
}

bool layout_parse_forgotten(struct recent *r, struct bytes value)
{
	int64_t first;
	int64_t forgotten;

	if (value.len != FORGOTTEN_VALUE_SIZE)
		return false;
	first = get_be(value.data, WIDE_TIME_SIZE);
	forgotten = get_be(value.data + WIDE_TIME_SIZE, WIDE_TIME_SIZE);
	if (first < 0 || first > RECENT_NUMBER_MAX || forgotten < 0)
		return false;
	r->first = first;
	r->forgotten = forgotten;
	return true;
}

/* What LAYOUT_VERSION says that there is. */
struct holding {
	int64_t grants;
	int64_t handoffs;
	int64_t commands_end;
	bool forgotten; /* is there a LAYOUT_FORGOTTEN? */
};

size_t layout_version_value(uint8_t out[static VERSION_VALUE_MAX], const struct workspace *w)
{
	const uint64_t numbers[] = { (uint64_t)w->version, w->grant_count, w->handoffs.count,
				     (uint64_t)recent_end(&w->recent) };
	uint8_t *at = out;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		uint8_t digits[NUMBER_DIGITS_MAX];
		uint8_t *end = digits + sizeof(digits);
		uint8_t *from = number_write(end, numbers[i]);

		if (i)
			*at++ = ' ';
		memcpy(at, from, (size_t)(end - from));
		at += end - from;
	}
	if (recent_has_forgotten(&w->recent)) {
		*at++ = ' ';
		*at++ = (uint8_t)LAYOUT_FORGOTTEN[0];
	}
	return (size_t)(at - out);
}

static bool take_space(struct bytes *text)
{
	uint8_t space;

	return bytes_take_u8(text, &space) && space == ' ';
}

static bool take_forgotten(struct holding *said, struct bytes *rest)
{
	said->forgotten = rest->len > 0;
	if (!said->forgotten)
		return true;
	return take_space(rest) && bytes_equal_text(*rest, LAYOUT_FORGOTTEN);
}

static bool parse_version(struct workspace *w, struct holding *said, struct bytes value)
{
	return number_take(&value, &w->version) && take_space(&value) &&
	       number_take(&value, &said->grants) && take_space(&value) &&
	       number_take(&value, &said->handoffs) && take_space(&value) &&
	       number_take(&value, &said->commands_end) && take_forgotten(said, &value) &&
	       w->version > 0 && w->version < INT64_MAX;
}

/* Has every grant, handoff and command been read that was written, and what is forgotten? */
static bool holds_all(const struct workspace *w, const struct holding *said)
{
	return (uint64_t)said->grants == w->grant_count &&
	       (uint64_t)said->handoffs == w->handoffs.count &&
	       said->commands_end == recent_end(&w->recent) && recent_is_whole(&w->recent) &&
	       said->forgotten == recent_has_forgotten(&w->recent);
}

/* Sets *field when it is the name of a field of commands: a number as we write it. */
static bool is_recent_field(struct bytes name, int64_t *field)
{
	return (name.len == 1 || (name.len && name.data[0] != '0')) &&
	       number_parse(name, 0, RECENT_NUMBER_MAX / RECENT_FIELD_COMMANDS, field);
}

/* ---- the whole workspace ---- */

static bool add_grant(struct workspace *w, struct bytes field, struct bytes value)
{
	struct grant g;

	if (!layout_parse_grant(&g, &w->owner_id, field, value))
		return false;
	workspace_put_grant(w, &g);
	return true;
}

/* Sets in *w what one field says. Those that were parsed before all others are skipped. */
static bool parse_field(struct workspace *w, struct bytes field, const redisReply *reply)
{
	struct bytes value = reply_bytes(reply);
	struct subject subject;
	struct uuid handoff;
	int64_t number;

	if (layout_parse_subject(&subject, field))
		return add_grant(w, field, value);
	if (layout_parse_handoff_field(&handoff, field))
		return layout_parse_handoff(&w->handoffs, &handoff, value);
	if (is_recent_field(field, &number))
		return layout_parse_recent(&w->recent, number, value);
	if (bytes_equal_text(field, LAYOUT_NAME))
		workspace_set_name(w, value);
	return true;
}

/* The value of that field in the reply to HGETALL; absent when it has no such field. */
static struct bytes find_field(const redisReply *reply, const char *field)
{
	for (size_t i = 0; i < reply->elements; i += 2)
		if (bytes_equal_text(reply_bytes(reply->element[i]), field))
			return reply_bytes(reply->element[i + 1]);
	return (struct bytes){ 0 };
}

/*
 * Parses what other fields need: the grants the header, and the commands what is
 * forgotten. Redis may return both after them.
 */
static bool parse_needed(struct workspace *w, struct holding *said, const redisReply *reply)
{
	struct bytes forgotten = find_field(reply, LAYOUT_FORGOTTEN);

	return layout_parse_header(w, find_field(reply, LAYOUT_HEADER)) &&
	       parse_version(w, said, find_field(reply, LAYOUT_VERSION)) &&
	       (!forgotten.data || layout_parse_forgotten(&w->recent, forgotten));
}

static bool parse_fields(struct workspace *w, const redisReply *reply)
{
	struct holding said = { 0 };

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2)
		return false;
	w->registered = reply->elements > 0;
	if (!w->registered)
		return true;
	if (!parse_needed(w, &said, reply))
		return false;
	for (size_t i = 0; i < reply->elements; i += 2)
		if (!parse_field(w, reply_bytes(reply->element[i]), reply->element[i + 1]))
			return false;
	return w->name.data && holds_all(w, &said);
}

bool layout_parse_workspace(struct workspace *w, const struct redisReply *reply)
{
	assert(!w->registered && !w->grant_count);
	if (parse_fields(w, reply))
		return true;
	workspace_clear(w);
	return false;
}
