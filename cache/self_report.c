#include "cache/self_report.h"

#include "cache/redis.h"
#include "ops/support/number.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

enum { EXPIRE_MS = 10000, NUMBER_SIZE = 24 };

/*
 * Sets the field to now, a blank and the text, and drops those of other groups that
 * have not been written for so long, or that a clock which jumped back makes later.
 */
static const char SET_SCRIPT[] =
	"local t = redis.call('TIME') "
	"local now = t[1] * 1000 + math.floor(t[2] / 1000) "
	"local all = redis.call('HGETALL', KEYS[1]) "
	"for i = 1, #all, 2 do "
	"local at = tonumber(string.match(all[i + 1], '^%d+')) or 0 "
	"if math.abs(now - at) > tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], all[i]) end "
	"end "
	"redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2]) "
	"return redis.call('PEXPIRE', KEYS[1], ARGV[3])";

/* ---- the text ---- */

void self_report_append(struct buffer *out, const int64_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[NUMBER_SIZE];
		int len = snprintf(text, sizeof(text), "%lld ", (long long)list[i]);

		buffer_append(out, text, (size_t)len);
	}
}

bool self_report_take(struct bytes *text, char end, struct bytes *out)
{
	const uint8_t *at = text->len ? memchr(text->data, end, text->len) : NULL;

	if (!at)
		return false;
	*out = (struct bytes){ text->data, (size_t)(at - text->data) };
	*text = (struct bytes){ at + 1, text->len - out->len - 1 };
	return true;
}

bool self_report_take_numbers(struct bytes *line, int64_t *const *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bytes digits;

		if (!self_report_take(line, ' ', &digits) ||
		    !number_parse(digits, 0, INT64_MAX, out[i]))
			return false;
	}
	return true;
}

/* ---- in Redis ---- */

void self_report_set(struct pipeline *p, const struct keys *k, const char *name, struct bytes text)
{
	pipeline_command(p, 5);
	pipeline_text(p, "SET");
	pipeline_key(p, k, name, NULL);
	pipeline_bytes(p, text);
	pipeline_text(p, "PX");
	pipeline_number(p, EXPIRE_MS);
}

void self_report_set_of(struct pipeline *p, const struct keys *k, const char *name,
			struct bytes group, struct bytes text)
{
	pipeline_command(p, 7);
	pipeline_text(p, "EVAL");
	pipeline_text(p, SET_SCRIPT);
	pipeline_number(p, 1);
	pipeline_key(p, k, name, NULL);
	pipeline_bytes(p, group);
	pipeline_bytes(p, text);
	pipeline_number(p, EXPIRE_MS);
}

static void ask_all(struct pipeline *p, const struct self_reports_place *place, const char *prefix,
		    int partitions)
{
	for (int i = 0; i < partitions; i++) {
		struct keys k;

		keys_init(&k, prefix, i);
		pipeline_command(p, 2);
		pipeline_text(p, place->of_groups ? "HGETALL" : "GET");
		pipeline_key(p, &k, place->name, NULL);
	}
}

/* The texts that are found, with room for more. */
struct found {
	struct arena *arena;
	struct self_reports texts;
	size_t cap;
};

static void add_text(struct found *f, struct bytes text)
{
	struct self_reports *t = &f->texts;

	if (!text.data)
		return;
	t->list = arena_grow(f->arena, t->list, &f->cap, t->count + 1, sizeof(*t->list));
	t->list[t->count++] = arena_copy(f->arena, text);
}

/* The values of a hash, whose reply alternates between fields and values. */
static void add_texts(struct found *f, const redisReply *hash)
{
	struct bytes written;

	for (size_t i = 1; hash->type == REDIS_REPLY_ARRAY && i < hash->elements; i += 2) {
		struct bytes text = reply_bytes(hash->element[i]);

		if (self_report_take(&text, ' ', &written))
			add_text(f, text);
	}
}

static void take_replies(struct found *f, const struct self_reports_place *place,
			 const struct replies *replies)
{
	for (size_t i = 0; i < replies->count; i++)
		if (place->of_groups)
			add_texts(f, replies->list[i]);
		else
			add_text(f, reply_bytes(replies->list[i]));
}

int self_reports_read(struct self_reports *out, const struct self_reports_place *place,
		      const struct marks_source *from, int partitions, struct arena *arena,
		      struct error *err)
{
	struct found found = { .arena = arena };
	struct redis *redis = NULL;
	struct replies replies = { 0 };
	struct pipeline p;
	int rc = redis_new(&redis, &from->redis, from->timeout_ms, err);

	pipeline_init(&p);
	ask_all(&p, place, from->prefix, partitions);
	if (!rc)
		rc = redis_roundtrip(redis, &p, &replies, err);
	if (!rc)
		rc = replies_check(&replies, redis_address(redis), err);
	if (!rc) {
		take_replies(&found, place, &replies);
		*out = found.texts;
	}
	redis_free(&redis);
	replies_done(&replies);
	pipeline_done(&p);
	return rc;
}
