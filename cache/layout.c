#include "cache/layout.h"

#include "cache/keys.h"
#include "cache/redis.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

enum { AT_SINCE = 1, AT_GRANTOR = 9, AT_EXPIRES = 25 };

static void put_be64(uint8_t *p, int64_t value)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
}

static int64_t get_be64(const uint8_t *p)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | p[i];
	return (int64_t)value;
}

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

const char *layout_role_value(enum role role)
{
	return role == ROLE_ADMIN ? "a" : "u";
}

enum role layout_role(struct bytes value)
{
	if (value.len && value.data[0] == 'u')
		return ROLE_USE;
	return value.len && value.data[0] == 'a' ? ROLE_ADMIN : ROLE_NONE;
}

size_t layout_grant_value(uint8_t out[static GRANT_VALUE_MAX], const struct grant *g)
{
	out[0] = (uint8_t)layout_role_value(g->role)[0];
	put_be64(out + AT_SINCE, g->granted_at);
	memcpy(out + AT_GRANTOR, g->granted_by.bytes, sizeof(g->granted_by.bytes));
	if (g->expires_at == ABSENT)
		return AT_EXPIRES;
	put_be64(out + AT_EXPIRES, g->expires_at);
	return GRANT_VALUE_MAX;
}

const char *layout_command_field(unsigned place)
{
	static const char *const names[RECENT_COMMANDS] = { "c0",  "c1",  "c2",  "c3", "c4",  "c5",
							    "c6",  "c7",  "c8",  "c9", "c10", "c11",
							    "c12", "c13", "c14", "c15" };

	return names[place];
}

bool layout_parse_grant(struct grant *out, struct bytes field, struct bytes value)
{
	struct grant g = { .role = layout_role(value), .expires_at = ABSENT };

	if (!layout_parse_subject(&g.subject, field) || g.role == ROLE_NONE ||
	    (value.len != AT_EXPIRES && value.len != GRANT_VALUE_MAX))
		return false;
	g.granted_at = get_be64(value.data + AT_SINCE);
	memcpy(g.granted_by.bytes, value.data + AT_GRANTOR, sizeof(g.granted_by.bytes));
	if (value.len == GRANT_VALUE_MAX)
		g.expires_at = get_be64(value.data + AT_EXPIRES);
	*out = g;
	return true;
}

static bool add_grant(struct workspace *w, struct bytes field, struct bytes value)
{
	struct grant g;

	if (!layout_parse_grant(&g, field, value))
		return false;
	workspace_put_grant(w, &g);
	return true;
}

/* The place of a field "c0" … "c15"; RECENT_COMMANDS for any other. */
static unsigned recent_place(struct bytes field)
{
	unsigned place = 0;

	while (place < RECENT_COMMANDS && !bytes_equal_text(field, layout_command_field(place)))
		place++;
	return place;
}

static bool parse_field(struct workspace *w, struct bytes field, const redisReply *reply)
{
	struct bytes value = reply_bytes(reply);
	struct subject subject;

	if (layout_parse_subject(&subject, field))
		return add_grant(w, field, value);
	if (bytes_equal_text(field, "org"))
		return uuid_from_raw(&w->organization_id, value);
	if (bytes_equal_text(field, "owner"))
		return uuid_from_raw(&w->owner_id, value);
	if (bytes_equal_text(field, "c"))
		w->recent_next = (unsigned)reply_number(reply, 0) % RECENT_COMMANDS;
	else if (recent_place(field) < RECENT_COMMANDS)
		return uuid_from_raw(&w->recent[recent_place(field)], value);
	else if (bytes_equal_text(field, "name"))
		workspace_set_name(w, value);
	else if (bytes_equal_text(field, "ver"))
		w->version = reply_number(reply, 0);
	else if (bytes_equal_text(field, "status"))
		w->status =
			bytes_equal_text(value, "dormant") ? WORKSPACE_DORMANT : WORKSPACE_ACTIVE;
	return true;
}

bool layout_parse_workspace(struct workspace *w, const struct redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2)
		return false;
	w->registered = reply->elements > 0;
	for (size_t i = 0; i < reply->elements; i += 2)
		if (!parse_field(w, reply_bytes(reply->element[i]), reply->element[i + 1]))
			return false;
	return true;
}
