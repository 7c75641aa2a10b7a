#include "cache/inbox.h"

#include "cache/keys.h"
#include "cache/redis.h"
#include "ops/support/memory.h"
#include "schemas/murmur2.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Puts an entry unless its id is known; the id of the entry for which there is no more
 * room is forgotten with it. 1: it was put.
 */
static const char PUT_SCRIPT[] =
	"if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end "
	"if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[3]) then "
	"for _, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)) do "
	"redis.call('ZREM', KEYS[2], e[2][2]) end end "
	"redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], '*', 'id', ARGV[1], 'told', ARGV[2]) "
	"redis.call('ZADD', KEYS[2], 1, ARGV[1]) return 1";

struct inbox {
	struct redis *redis;
	char prefix[PREFIX_MAX + 1];
	int partitions;
	struct pipeline pipeline;
	struct replies replies;
};

int inbox_open(struct inbox **out, const struct redis_target *redis, const char *prefix,
	       int partitions, int timeout_ms, struct error *err)
{
	struct inbox *in;
	int rc = keys_check_prefix(prefix, err);

	if (rc)
		return rc;
	in = memory_zalloc(1, sizeof(*in));
	in->partitions = partitions;
	pipeline_init(&in->pipeline);
	(void)snprintf(in->prefix, sizeof(in->prefix), "%s", prefix);
	rc = redis_new(&in->redis, redis, timeout_ms, err);
	if (rc)
		inbox_close(&in);
	else
		*out = in;
	return rc;
}

void inbox_close(struct inbox **inp)
{
	struct inbox *in = *inp;

	if (!in)
		return;
	redis_free(&in->redis);
	replies_done(&in->replies);
	pipeline_done(&in->pipeline);
	free(in);
	*inp = NULL;
}

/* ---- questions ---- */

static struct keys keys_of(const struct inbox *in, const struct uuid *user_id)
{
	char id[UUID_TEXT_SIZE];
	struct keys k;

	uuid_format(id, user_id);
	keys_init(&k, in->prefix, partition_of(bytes_of(id), in->partitions));
	return k;
}

/* Sends what the pipeline has; there is a good reply to each command then. */
static int ask_redis(struct inbox *in, int wait_ms, struct error *err)
{
	int rc = wait_ms ? redis_roundtrip_blocking(in->redis, &in->pipeline, wait_ms, &in->replies,
						    err)
			 : redis_roundtrip(in->redis, &in->pipeline, &in->replies, err);

	pipeline_trim(&in->pipeline);
	return rc ? rc : replies_check(&in->replies, redis_address(in->redis), err);
}

static const redisReply *reply_at(const struct inbox *in, size_t i)
{
	return in->replies.list[i];
}

int inbox_put(struct inbox *in, const struct uuid *user_id, struct bytes id, struct bytes told,
	      struct error *err)
{
	const struct keys k = keys_of(in, user_id);
	struct pipeline *p = &in->pipeline;
	int rc;

	pipeline_clear(p);
	pipeline_command(p, 8);
	pipeline_text(p, "EVAL");
	pipeline_text(p, PUT_SCRIPT);
	pipeline_number(p, 2);
	pipeline_key(p, &k, "inbox:", user_id);
	pipeline_key(p, &k, "inboxed:", user_id);
	pipeline_bytes(p, id);
	pipeline_bytes(p, told);
	pipeline_number(p, INBOX_MAX);
	rc = ask_redis(in, 0, err);
	if (rc)
		return rc;
	return reply_number(reply_at(in, 0), 0) == 1 ? INBOX_PUT : INBOX_HAD;
}

/* ---- entries ---- */

/* The value of the field in an entry, which alternate in a list. */
static struct bytes find_field(const redisReply *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->elements; i += 2)
		if (bytes_equal_text(reply_bytes(fields->element[i]), name))
			return reply_bytes(fields->element[i + 1]);
	return (struct bytes){ 0 };
}

/* False when the reply is no entry of ours. */
static bool parse_entry(const redisReply *reply, struct arena *arena, struct inbox_entry *out)
{
	struct bytes position;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY)
		return false;
	position = reply_bytes(reply->element[0]);
	out->id = arena_copy(arena, find_field(reply->element[1], "id"));
	out->told = arena_copy(arena, find_field(reply->element[1], "told"));
	if (!position.len || position.len >= sizeof(out->position) || !out->id.len ||
	    !out->told.data)
		return false;
	memcpy(out->position, position.data, position.len);
	out->position[position.len] = 0;
	out->unread = true;
	return true;
}

/* Entries that are none of ours are left out. */
static void parse_entries(const redisReply *reply, struct arena *arena, struct inbox_list *out)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return;
	out->list = arena_zalloc(arena, reply->elements + 1, sizeof(*out->list));
	for (size_t i = 0; i < reply->elements; i++)
		out->count += parse_entry(reply->element[i], arena, &out->list[out->count]);
}

static void append_count(struct pipeline *p, const struct keys *k, const struct uuid *user_id)
{
	pipeline_command(p, 4);
	pipeline_text(p, "ZCOUNT");
	pipeline_key(p, k, "inboxed:", user_id);
	pipeline_number(p, 1);
	pipeline_number(p, 1);
}

/* Asks of the entries in the list whether they are unread, and how many are in all. */
static int ask_unread(struct inbox *in, const struct keys *k, const struct uuid *user_id,
		      struct inbox_list *list, struct error *err)
{
	struct pipeline *p = &in->pipeline;
	int rc;

	pipeline_clear(p);
	append_count(p, k, user_id);
	if (list->count) {
		pipeline_command(p, 2 + list->count);
		pipeline_text(p, "ZMSCORE");
		pipeline_key(p, k, "inboxed:", user_id);
		for (size_t i = 0; i < list->count; i++)
			pipeline_bytes(p, list->list[i].id);
	}
	rc = ask_redis(in, 0, err);
	if (rc)
		return rc;
	list->unread = (size_t)reply_number(reply_at(in, 0), 0);
	for (size_t i = 0; i < list->count; i++)
		list->list[i].unread = reply_number(reply_at(in, 1)->element[i], 0) == 1;
	return 0;
}

int inbox_list(struct inbox *in, const struct uuid *user_id, size_t max, struct arena *arena,
	       struct inbox_list *out, struct error *err)
{
	const struct keys k = keys_of(in, user_id);
	struct pipeline *p = &in->pipeline;
	struct inbox_list list = { 0 };
	int rc;

	pipeline_clear(p);
	pipeline_command(p, 6);
	pipeline_text(p, "XREVRANGE");
	pipeline_key(p, &k, "inbox:", user_id);
	pipeline_text(p, "+");
	pipeline_text(p, "-");
	pipeline_text(p, "COUNT");
	pipeline_number(p, (int64_t)max);
	rc = ask_redis(in, 0, err);
	if (rc)
		return rc;
	parse_entries(reply_at(in, 0), arena, &list);
	rc = ask_unread(in, &k, user_id, &list, err);
	if (!rc)
		*out = list;
	return rc;
}

int inbox_watch(struct inbox *in, const struct uuid *user_id, const struct inbox_after *after,
		struct arena *arena, struct inbox_list *out, struct error *err)
{
	const struct keys k = keys_of(in, user_id);
	struct pipeline *p = &in->pipeline;
	const redisReply *streams;
	int rc;

	pipeline_clear(p);
	pipeline_command(p, 8);
	pipeline_text(p, "XREAD");
	pipeline_text(p, "COUNT");
	pipeline_number(p, INBOX_WATCHED);
	pipeline_text(p, "BLOCK");
	pipeline_number(p, after->wait_ms);
	pipeline_text(p, "STREAMS");
	pipeline_key(p, &k, "inbox:", user_id);
	pipeline_text(p, after->position);
	rc = ask_redis(in, after->wait_ms, err);
	if (rc)
		return rc;
	*out = (struct inbox_list){ 0 };
	streams = reply_at(in, 0);
	if (streams->type == REDIS_REPLY_ARRAY && streams->elements == 1 &&
	    streams->element[0]->type == REDIS_REPLY_ARRAY && streams->element[0]->elements == 2)
		parse_entries(streams->element[0]->element[1], arena, out);
	out->unread = out->count;
	return 0;
}

/* ---- marking ---- */

struct id_list {
	const struct bytes *list;
	size_t count;
};

/* Lists the ids of all entries that are unread, in the arena. */
static int find_unread(struct inbox *in, const struct uuid *user_id, struct arena *arena,
		       struct id_list *out, struct error *err)
{
	const struct keys k = keys_of(in, user_id);
	struct pipeline *p = &in->pipeline;
	const redisReply *found;
	struct bytes *list;
	int rc;

	pipeline_clear(p);
	pipeline_command(p, 5);
	pipeline_text(p, "ZRANGEBYSCORE");
	pipeline_key(p, &k, "inboxed:", user_id);
	pipeline_number(p, 1);
	pipeline_number(p, 1);
	pipeline_text(p, "WITHSCORES");
	rc = ask_redis(in, 0, err);
	if (rc)
		return rc;
	found = reply_at(in, 0);
	list = arena_alloc(arena, (found->elements + 1) * sizeof(*list));
	for (size_t i = 0; i < found->elements / 2; i++)
		list[i] = arena_copy(arena, reply_bytes(found->element[2 * i]));
	*out = (struct id_list){ list, found->elements / 2 };
	return 0;
}

static void append_marking(struct pipeline *p, const struct keys *k, const struct uuid *user_id,
			   const struct id_list *ids)
{
	pipeline_command(p, 2 + ids->count);
	pipeline_text(p, "ZMSCORE");
	pipeline_key(p, k, "inboxed:", user_id);
	for (size_t i = 0; i < ids->count; i++)
		pipeline_bytes(p, ids->list[i]);
	pipeline_command(p, 3 + 2 * ids->count);
	pipeline_text(p, "ZADD");
	pipeline_key(p, k, "inboxed:", user_id);
	pipeline_text(p, "XX");
	for (size_t i = 0; i < ids->count; i++) {
		pipeline_number(p, 0);
		pipeline_bytes(p, ids->list[i]);
	}
}

/* Marks them, and counts those that are known, which ZADD XX does not say. */
static int mark_known(struct inbox *in, const struct uuid *user_id, const struct id_list *ids,
		      size_t *known, struct error *err)
{
	const struct keys k = keys_of(in, user_id);
	int rc;

	if (!ids->count) {
		*known = 0;
		return 0;
	}
	pipeline_clear(&in->pipeline);
	append_marking(&in->pipeline, &k, user_id, ids);
	rc = ask_redis(in, 0, err);
	if (rc)
		return rc;
	*known = 0;
	for (size_t i = 0; i < ids->count; i++)
		*known += reply_at(in, 0)->element[i]->type != REDIS_REPLY_NIL;
	return 0;
}

int inbox_mark_read(struct inbox *in, const struct uuid *user_id, const struct bytes *ids,
		    size_t count, size_t *known, struct error *err)
{
	struct id_list list = { ids, count };
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	if (!count)
		rc = find_unread(in, user_id, &arena, &list, err);
	if (!rc)
		rc = mark_known(in, user_id, &list, known, err);
	arena_done(&arena);
	return rc;
}
