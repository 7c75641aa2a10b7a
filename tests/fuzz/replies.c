/*
 * Hashes of the index in the hands of somebody else: replies to HGETALL and
 * HMGET, members and keys, with anything in them. The first byte chooses who reads the reply;
 * then come the elements: a byte for the type, for strings a byte for the
 * length, and so many bytes.
 */

#include "cache/directory.h"
#include "cache/handoff_layout.h"
#include "cache/keys.h"
#include "cache/layout.h"
#include "cache/mark.h"
#include "cache/redis.h"

#include "tests/fuzz/target.h"

#include <hiredis/hiredis.h>

enum { ELEMENTS_MAX = 256 };

enum reader {
	READ_WORKSPACE,
	READ_MARK,
	READ_USER,
	READ_GROUP,
	READ_ORGANIZATION,
	READ_MEMBERS,
	READ_KEYS,
	READER_COUNT
};

static const struct uuid ID = { { 0x01, 0x90, 0x16, 0x3d, 0x86, 0x94, 0x73, 0x9b, 0xae, 0xa5, 0x96,
				  0x6c, 0x26, 0xf8, 0xad, 0x12 } };

/* ---- making replies ---- */

/* Mostly strings, for that is what these commands give; the rest is what no server should. */
static int type_of(uint8_t byte)
{
	static const int others[] = { REDIS_REPLY_NIL, REDIS_REPLY_INTEGER, REDIS_REPLY_STATUS,
				      REDIS_REPLY_ERROR, REDIS_REPLY_ARRAY };

	return byte < sizeof(others) / sizeof(*others) ? others[byte] : REDIS_REPLY_STRING;
}

/* As hiredis makes it: strings are followed by a NUL that is not counted. */
static redisReply *take_element(struct bytes *rest)
{
	redisReply *r = calloc(1, sizeof(*r));
	uint8_t type = 0;
	uint8_t len = 0;
	struct bytes text = { 0 };

	assert(r);
	(void)bytes_take_u8(rest, &type);
	(void)bytes_take_u8(rest, &len);
	r->type = type_of(type);
	if (r->type == REDIS_REPLY_INTEGER)
		r->integer = len - 128;
	if (r->type != REDIS_REPLY_STRING && r->type != REDIS_REPLY_STATUS &&
	    r->type != REDIS_REPLY_ERROR)
		return r;
	(void)bytes_take(rest, len < rest->len ? len : rest->len, &text);
	r->str = malloc(text.len + 1);
	assert(r->str);
	memcpy(r->str, text.data, text.len);
	r->str[text.len] = 0;
	r->len = text.len;
	return r;
}

static redisReply *make_reply(struct bytes rest, redisReply *list[static ELEMENTS_MAX])
{
	redisReply *r = calloc(1, sizeof(*r));

	assert(r);
	r->type = REDIS_REPLY_ARRAY;
	r->element = list;
	while (rest.len && r->elements < ELEMENTS_MAX)
		list[r->elements++] = take_element(&rest);
	return r;
}

static void free_reply(redisReply *r)
{
	for (size_t i = 0; i < r->elements; i++) {
		free(r->element[i]->str);
		free(r->element[i]);
	}
	free(r);
}

/* ---- what must hold ---- */

/* Whether the grant would come back out of the bytes in which the hash would hold it. */
static void check_grant(const struct workspace *w, size_t i)
{
	const struct grant *g = &w->grants[i];
	uint8_t field[SUBJECT_FIELD_SIZE];
	uint8_t value[GRANT_VALUE_MAX];
	size_t len = layout_grant_value(value, g, &w->owner_id);
	struct grant back;

	assert(g->role == ROLE_USE || g->role == ROLE_ADMIN);
	layout_subject_field(field, &g->subject);
	assert(layout_parse_grant(&back, &w->owner_id, (struct bytes){ field, sizeof(field) },
				  (struct bytes){ value, len }));
	assert(back.role == g->role && back.granted_at == g->granted_at &&
	       back.expires_at == g->expires_at && uuid_equal(&back.granted_by, &g->granted_by));
	assert(layout_role((struct bytes){ value, len }) == g->role);
	assert(workspace_grant(w, &g->subject) == g); /* the first with its subject: the only one */
}

/* Whether the handoff would, too. */
static void check_handoff(const struct handoff *h)
{
	struct buffer value = { 0 };
	struct buffer again = { 0 };
	struct handoffs back = { 0 };

	assert(h->state >= HANDOFF_OFFERED && !handoff_is_final(h->state) && h->step > 0);
	assert(h->role == ROLE_USE || h->role == ROLE_ADMIN);
	layout_handoff_value(&value, h);
	assert(layout_parse_handoff(&back, &h->id, buffer_bytes(&value)) && back.count == 1);
	layout_handoff_value(&again, &back.list[0]);
	assert(bytes_equal(buffer_bytes(&value), buffer_bytes(&again)));
	handoffs_done(&back);
	buffer_done(&value);
	buffer_done(&again);
}

/* Whether the memory of commands would, too. */
static void check_recent(const struct recent *r)
{
	struct recent back = { 0 };
	uint8_t forgotten[FORGOTTEN_VALUE_SIZE];

	assert(r->count <= RECENT_MAX && r->first >= 0 && r->forgotten >= 0);
	layout_forgotten_value(forgotten, r);
	assert(layout_parse_forgotten(&back, (struct bytes){ forgotten, sizeof(forgotten) }));
	for (int64_t i = layout_recent_field(r->first);
	     r->count && i <= layout_recent_field(recent_end(r) - 1); i++) {
		uint8_t value[RECENT_VALUE_MAX];
		size_t len = layout_recent_value(value, r, i);

		assert(layout_parse_recent(&back, i, (struct bytes){ value, len }));
	}
	assert(back.first == r->first && back.forgotten == r->forgotten);
	assert(back.count == r->count && recent_is_whole(&back));
	for (size_t i = 0; i < r->count; i++)
		assert(uuid_equal(&back.list[i].id, &r->list[i].id) &&
		       back.list[i].late_minutes == r->list[i].late_minutes);
	recent_done(&back);
}

static void read_workspace(const redisReply *reply)
{
	struct workspace w;

	workspace_init(&w, &ID);
	if (layout_parse_workspace(&w, reply)) {
		assert(w.registered == (reply->elements > 0));
		assert(uuid_equal(&w.id, &ID));
		assert(!w.name.data || !w.name.data[w.name.len]);
		for (size_t i = 0; i < w.grant_count; i++)
			check_grant(&w, i);
		for (size_t i = 0; i < w.handoffs.count; i++)
			check_handoff(&w.handoffs.list[i]);
		check_recent(&w.recent);
	}
	workspace_done(&w);
}

static void read_mark(const redisReply *reply)
{
	struct mark_glance g;
	struct mark taken;
	struct mark m;

	mark_parse(&m, reply);
	mark_parse_glance(&g, reply);
	assert(g.epoch >= 0 && g.applied >= 0 && g.looked >= 0);
	if (!mark_take(&taken, reply, &(struct keys){ "sb:{1}:", 7 }, "redis", NULL))
		assert(mark_equal(&taken, &m));
	assert(memchr(m.deployment.cluster, 0, sizeof(m.deployment.cluster)));
	assert(m.state == MARK_MISSING || m.state == MARK_READY || m.state == MARK_REBUILDING);
}

static void read_user(const redisReply *reply, struct arena *arena)
{
	struct user_changed u;

	if (directory_parse_user(&u, &ID, reply, arena) != ENTITY_FOUND)
		return;
	assert(uuid_equal(&u.id, &ID));
	for (size_t i = 0; i < u.organization_count; i++)
		assert(u.organizations[i].role == ORGANIZATION_MEMBER ||
		       u.organizations[i].role == ORGANIZATION_ADMIN);
}

/* Whether it is the member that the grant or the handoff would get. */
static void read_members(const redisReply *reply)
{
	for (size_t i = 0; i < reply->elements; i++) {
		struct bytes member = reply_bytes(reply->element[i]);
		uint8_t again[DUE_MEMBER_SIZE];
		struct uuid workspace_id;
		struct uuid handoff_id;
		struct subject s;

		if (layout_parse_due_member(&workspace_id, &s, member))
			layout_due_member(again, &workspace_id, &s);
		else if (layout_parse_due_handoff(&workspace_id, &handoff_id, member))
			layout_due_handoff(again, &workspace_id, &handoff_id);
		else
			continue;
		assert(bytes_equal(member, (struct bytes){ again, sizeof(again) }));
	}
}

static void read_keys(const redisReply *reply)
{
	struct keys any;

	keys_init(&any, "sb", 0);
	for (size_t i = 0; i < reply->elements; i++) {
		struct subject s;
		int partition;

		if (keys_parse_subject(&any, reply_bytes(reply->element[i]), &partition, &s))
			assert(partition >= 0 &&
			       (s.kind == SUBJECT_USER || s.kind == SUBJECT_GROUP));
	}
}

static void read_reply(enum reader who, const redisReply *reply, struct arena *arena)
{
	struct group_changed group;
	struct organization_changed organization;

	switch (who) {
	case READ_WORKSPACE:
		read_workspace(reply);
		return;
	case READ_MARK:
		read_mark(reply);
		return;
	case READ_USER:
		read_user(reply, arena);
		return;
	case READ_GROUP:
		(void)directory_parse_group(&group, &ID, reply, arena);
		return;
	case READ_ORGANIZATION:
		(void)directory_parse_organization(&organization, &ID, reply, arena);
		return;
	case READ_MEMBERS:
		read_members(reply);
		return;
	case READ_KEYS:
		read_keys(reply);
		return;
	case READER_COUNT:
		break;
	}
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena arena;
	redisReply *elements[ELEMENTS_MAX];
	struct bytes rest = { data, len };
	redisReply *reply;
	uint8_t who;

	if (!bytes_take_u8(&rest, &who))
		return 0;
	reply = make_reply(rest, elements);
	read_reply((enum reader)(who % READER_COUNT), reply, &arena);
	free_reply(reply);
	arena_reset(&arena);
	return 0;
}
