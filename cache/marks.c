#include "cache/marks.h"

#include "cache/redis.h"
#include "schemas/topics.h"

#include <assert.h>
#include <hiredis/hiredis.h>

/* A connection for one call of marks_read(). */
struct marks_reader {
	struct redis *redis;
	struct pipeline pipeline;
	struct replies replies;
};

void seen_mark_append_read(struct pipeline *p, const struct keys *k)
{
	mark_append_read(p, k);
	pipeline_command(p, 4);
	pipeline_text(p, "HMGET");
	pipeline_key(p, k, "mark", NULL);
	pipeline_text(p, "loaded");
	pipeline_text(p, "goal");
	trouble_append_read(p, k);
}

void seen_mark_parse(struct seen_mark *out, struct redisReply *const *replies, struct arena *arena)
{
	const struct redisReply *progress = replies[1];

	*out = (struct seen_mark){ .loaded = ABSENT, .goal = ABSENT };
	mark_parse(&out->mark, replies[0]);
	trouble_parse(&out->trouble, replies[2], arena);
	if (out->mark.state != MARK_REBUILDING || progress->type != REDIS_REPLY_ARRAY ||
	    progress->elements != 2)
		return;
	out->loaded = reply_number(progress->element[0], ABSENT);
	out->goal = reply_number(progress->element[1], ABSENT);
}

int seen_mark_percent(const struct seen_mark *m)
{
	if (m->loaded < 0 || m->goal <= 0)
		return -1;
	return m->loaded >= m->goal ? 100 : (int)(100.0 * (double)m->loaded / (double)m->goal);
}

static int marks_roundtrip(struct marks_reader *r, struct error *err)
{
	int rc = redis_roundtrip(r->redis, &r->pipeline, &r->replies, err);

	return rc ? rc : replies_check(&r->replies, redis_address(r->redis), err);
}

/* Sets *out to the number of partitions in the first mark; 0 when that is not a possible one. */
static int learn_partitions(struct marks_reader *r, const char *prefix, int *out, struct error *err)
{
	struct keys first;
	struct mark m;
	int count;
	int rc;

	keys_init(&first, prefix, 0);
	mark_append_read(&r->pipeline, &first);
	rc = marks_roundtrip(r, err);
	if (rc)
		return rc;
	mark_parse(&m, r->replies.list[0]);
	count = m.deployment.partitions;
	*out = count >= 0 && count <= PARTITIONS_MAX ? count : 0;
	return 0;
}

/* Whoever may only read keys learns nothing of the server, which is no reason to fail. */
static int ask_all(struct marks_reader *r, struct server *server, int64_t *now_ms,
		   struct error *err)
{
	static const char *const time[] = { "TIME", NULL };
	size_t count = r->pipeline.commands;
	int rc;

	server_append_read(&r->pipeline);
	pipeline_texts(&r->pipeline, time);
	rc = redis_roundtrip(r->redis, &r->pipeline, &r->replies, err);
	for (size_t i = 0; !rc && i < count; i++)
		rc = reply_check(r->replies.list[i], redis_address(r->redis), err);
	if (rc)
		return rc;
	server_parse(server, &r->replies.list[count]);
	if (!reply_time(r->replies.list[count + SERVER_REPLIES], now_ms))
		*now_ms = ABSENT;
	return 0;
}

static void measure_age(struct seen_mark *m, int64_t now_ms)
{
	m->unseen_ms = ABSENT;
	if (now_ms != ABSENT && m->mark.looked)
		m->unseen_ms = now_ms - m->mark.looked;
}

static int read_all(struct marks_reader *r, const char *prefix, struct marks *out,
		    struct arena *arena, struct error *err)
{
	struct keys k;
	int64_t now_ms;
	int rc;

	pipeline_clear(&r->pipeline);
	for (size_t i = 0; i <= out->count; i++) {
		keys_init(&k, prefix, i < out->count ? (int)i : KEYS_DIRECTORY);
		seen_mark_append_read(&r->pipeline, &k);
	}
	rc = ask_all(r, &out->server, &now_ms, err);
	for (size_t i = 0; !rc && i <= out->count; i++) {
		struct seen_mark *m = i < out->count ? &out->partitions[i] : &out->directory;

		seen_mark_parse(m, &r->replies.list[SEEN_MARK_REPLIES * i], arena);
		measure_age(m, now_ms);
	}
	return rc;
}

int marks_read(struct marks *out, const struct marks_source *from, int partitions,
	       struct arena *arena, struct error *err)
{
	struct marks_reader r = { 0 };
	struct marks found = { 0 };
	int rc;

	assert(partitions >= 0);
	pipeline_init(&r.pipeline);
	rc = redis_new(&r.redis, from->address, from->timeout_ms, err);
	if (!rc && !partitions)
		rc = learn_partitions(&r, from->prefix, &partitions, err);
	if (!rc) {
		found.count = (size_t)partitions;
		found.partitions = arena_zalloc(arena, found.count + 1, sizeof(*found.partitions));
		rc = read_all(&r, from->prefix, &found, arena, err);
	}
	if (!rc)
		*out = found;
	redis_free(&r.redis);
	pipeline_done(&r.pipeline);
	replies_done(&r.replies);
	return rc;
}
