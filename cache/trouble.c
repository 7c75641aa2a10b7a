#include "cache/trouble.h"

#include "cache/redis.h"

#include <hiredis/hiredis.h>

static const char *const fields[] = { "text", "since", "seen", "by" };
enum { TEXT, SINCE, SEEN, BY, FIELD_COUNT };

static void append_write(struct pipeline *p, const struct keys *k, const struct trouble *t)
{
	if (!t->text.data) {
		pipeline_command(p, 2);
		pipeline_text(p, "DEL");
		pipeline_key(p, k, "trouble", NULL);
		return;
	}
	pipeline_command(p, 2 + 2 * FIELD_COUNT);
	pipeline_text(p, "HSET");
	pipeline_key(p, k, "trouble", NULL);
	pipeline_text(p, fields[TEXT]);
	pipeline_bytes(p, t->text);
	pipeline_text(p, fields[SINCE]);
	pipeline_number(p, t->since_ms);
	pipeline_text(p, fields[SEEN]);
	pipeline_number(p, t->seen_ms);
	pipeline_text(p, fields[BY]);
	pipeline_bytes(p, t->instance);
}

int trouble_write(struct index *ix, const int *partitions, const struct trouble *list, size_t count,
		  struct error *err)
{
	const struct replies *replies;
	struct pipeline *p = index_begin(ix);

	for (size_t i = 0; i < count; i++)
		append_write(p, index_keys(ix, partitions[i]), &list[i]);
	return count ? index_ask(ix, &replies, err) : 0;
}

void trouble_append_read(struct pipeline *p, const struct keys *k)
{
	pipeline_command(p, 2 + FIELD_COUNT);
	pipeline_text(p, "HMGET");
	pipeline_key(p, k, "trouble", NULL);
	for (int i = 0; i < FIELD_COUNT; i++)
		pipeline_text(p, fields[i]);
}

void trouble_parse(struct trouble *out, const struct redisReply *reply, struct arena *arena)
{
	*out = (struct trouble){ 0 };
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != FIELD_COUNT)
		return;
	out->text = arena_copy(arena, reply_bytes(reply->element[TEXT]));
	out->since_ms = reply_number(reply->element[SINCE], 0);
	out->seen_ms = reply_number(reply->element[SEEN], 0);
	out->instance = arena_copy(arena, reply_bytes(reply->element[BY]));
}
