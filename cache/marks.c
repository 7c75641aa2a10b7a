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

/* Sets *out to the number of partitions in the directory's mark; 0 when that is not a possible one. */
static int learn_partitions(struct marks_reader *r, const char *prefix, int *out, struct error *err)
{
	struct keys directory;
	struct mark m;
	int count;
	int rc;

	keys_init(&directory, prefix, KEYS_DIRECTORY);
	mark_append_read(&r->pipeline, &directory);
	rc = marks_roundtrip(r, err);
	if (rc)
		return rc;
	mark_parse(&m, r->replies.list[0]);
	count = m.deployment.partitions;
	*out = count >= 0 && count <= PARTITIONS_MAX ? count : 0;
	return 0;
}

/* What one look at all marks asks for. */
struct look {
	struct keys *keys; /* of each partition, and of the directory */
	size_t count;
	size_t each;  /* replies about a mark; on a cluster its node's time is the last of them */
	size_t marks; /* replies about all of them; those about servers follow, and the time */
};

static void append_look(struct marks_reader *r, struct look *look, const struct sweep *sweep)
{
	static const char *const time[] = { "TIME", NULL };

	pipeline_clear(&r->pipeline);
	look->each = SEEN_MARK_REPLIES + (sweep->is_cluster ? 1 : 0);
	for (size_t i = 0; i < look->count; i++) {
		seen_mark_append_read(&r->pipeline, &look->keys[i]);
		if (sweep->is_cluster)
			pipeline_texts(&r->pipeline, time);
	}
	look->marks = r->pipeline.commands;
	(void)servers_append_read(&r->pipeline, sweep);
	pipeline_texts(&r->pipeline, time);
}

/* Whoever may only read keys learns nothing of the servers, which is no reason to fail. */
static void judge_servers(const struct marks_reader *r, const struct look *look,
			  const struct sweep *sweep, struct error *evicting)
{
	struct servers servers = { 0 };

	servers_parse(&servers, sweep, &r->replies.list[look->marks],
		      r->replies.count - look->marks - 1);
	error_ignore(servers_check(&servers, redis_address(r->redis), evicting));
	servers_done(&servers);
}

static int ask_all(struct marks_reader *r, struct look *look, struct error *evicting,
		   struct error *err)
{
	struct sweep sweep = sweep_of(r->redis, look->keys, look->count);
	int rc;

	append_look(r, look, &sweep);
	rc = redis_roundtrip(r->redis, &r->pipeline, &r->replies, err);
	for (size_t i = 0; !rc && i < look->marks; i++) {
		rc = reply_check(r->replies.list[i], redis_address(r->redis), err);
		if (rc == ERROR_UNAVAILABLE && sweep.is_cluster) /* others can be read */
			rc = 0;
	}
	if (!rc)
		judge_servers(r, look, &sweep, evicting);
	return rc;
}

/* Why the i-th mark cannot be read, in the arena; NULL: it can. */
static const char *find_reason(const struct marks_reader *r, const struct look *look, size_t i,
			       struct arena *arena)
{
	struct error why;

	for (size_t reply = look->each * i; reply < look->each * (i + 1); reply++)
		if (reply_check(r->replies.list[reply], redis_address(r->redis), &why))
			return text_of(arena_copy(arena, bytes_of(why.text)));
	return NULL;
}

/* By the clock of the mark's own node. */
static int64_t time_of(const struct marks_reader *r, const struct look *look, size_t mark)
{
	size_t reply = look->each > SEEN_MARK_REPLIES ? look->each * (mark + 1) : r->replies.count;
	int64_t now_ms;

	return reply_time(r->replies.list[reply - 1], &now_ms) ? now_ms : ABSENT;
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
	struct look look = { .count = out->count + 1 };
	int rc;

	look.keys = arena_zalloc(arena, look.count, sizeof(*look.keys));
	for (size_t i = 0; i < look.count; i++)
		keys_init(&look.keys[i], prefix, i < out->count ? (int)i : KEYS_DIRECTORY);
	pipeline_clear(&r->pipeline);
	rc = redis_roundtrip(r->redis, &r->pipeline, &r->replies, err); /* is it a cluster? */
	if (!rc)
		rc = ask_all(r, &look, &out->evicting, err);
	for (size_t i = 0; !rc && i < look.count; i++) {
		struct seen_mark *m = i < out->count ? &out->partitions[i] : &out->directory;

		seen_mark_parse(m, &r->replies.list[look.each * i], arena);
		measure_age(m, time_of(r, &look, i));
		m->why = find_reason(r, &look, i, arena);
		if (redis_is_cluster(r->redis)) {
			char node[REDIS_NODE_SIZE];

			redis_name_node(r->redis, keys_base(&look.keys[i]), node);
			m->node = text_of(arena_copy(arena, bytes_of(node)));
		}
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
	rc = redis_new(&r.redis, &from->redis, from->timeout_ms, err);
	if (!rc && !partitions)
		rc = learn_partitions(&r, from->prefix, &partitions, err);
	if (!rc) {
		found.address = text_of(arena_copy(arena, bytes_of(redis_address(r.redis))));
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
