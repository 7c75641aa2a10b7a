#include "cache/stages.h"

#include "cache/redis.h"
#include "ops/support/number.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

enum { EXPIRE_MS = 10000, LINE_SIZE = 128 };

/* ---- the text ---- */

void stages_format(struct buffer *out, const struct stages *s)
{
	char line[LINE_SIZE];

	buffer_clear(out);
	(void)snprintf(line, sizeof(line), "%lld ", (long long)s->uptime_ms);
	buffer_append(out, line, strlen(line));
	buffer_append(out, s->instance.data, s->instance.len);
	buffer_append(out, "\n", 1);
	for (size_t i = 0; i < s->count; i++) {
		const struct stage_figures *f = &s->list[i];

		(void)snprintf(line, sizeof(line), "%lld %lld %lld ", (long long)f->turns,
			       (long long)f->us, (long long)f->max_us);
		buffer_append(out, line, strlen(line));
		buffer_append(out, f->name.data, f->name.len);
		buffer_append(out, "\n", 1);
	}
}

/* Takes the text before the next `end` off its front, and `end` with it. False without an `end`. */
static bool take_until(struct bytes *text, char end, struct bytes *out)
{
	const uint8_t *at = text->len ? memchr(text->data, end, text->len) : NULL;

	if (!at)
		return false;
	*out = (struct bytes){ text->data, (size_t)(at - text->data) };
	*text = (struct bytes){ at + 1, text->len - out->len - 1 };
	return true;
}

static bool take_number(struct bytes *line, int64_t *out)
{
	struct bytes digits;

	return take_until(line, ' ', &digits) && number_parse(digits, 0, INT64_MAX, out);
}

static bool parse_figures(struct stage_figures *out, struct bytes line)
{
	if (!take_number(&line, &out->turns) || !take_number(&line, &out->us) ||
	    !take_number(&line, &out->max_us))
		return false;
	out->name = line;
	return line.len > 0;
}

bool stages_parse(struct stages *out, struct bytes text)
{
	struct stages s = { 0 };
	struct bytes line;

	if (!take_until(&text, '\n', &line) || !take_number(&line, &s.uptime_ms))
		return false;
	s.instance = line;
	while (text.len) {
		if (s.count == STAGES_MAX || !take_until(&text, '\n', &line) ||
		    !parse_figures(&s.list[s.count], line))
			return false;
		s.count++;
	}
	*out = s;
	return true;
}

/* ---- in Redis ---- */

int stages_write(struct index *ix, int partition, const struct stages *s, struct error *err)
{
	const struct replies *replies;
	struct pipeline *p = index_begin(ix);
	struct buffer text;
	int rc;

	buffer_init(&text);
	stages_format(&text, s);
	pipeline_command(p, 5);
	pipeline_text(p, "SET");
	pipeline_key(p, index_keys(ix, partition), "stages", NULL);
	pipeline_bytes(p, buffer_bytes(&text));
	pipeline_text(p, "PX");
	pipeline_number(p, EXPIRE_MS);
	rc = index_ask(ix, &replies, err);
	buffer_done(&text);
	return rc;
}

static void take_reply(struct stages *list, size_t *count, const struct redisReply *reply,
		       struct arena *arena)
{
	struct bytes text = arena_copy(arena, reply_bytes(reply));

	if (text.data && stages_parse(&list[*count], text))
		(*count)++;
}

int stages_read(struct stages **out, size_t *count, const struct marks_source *from, int partitions,
		struct arena *arena, struct error *err)
{
	struct stages *list = arena_zalloc(arena, (size_t)partitions + 1, sizeof(*list));
	struct redis *redis = NULL;
	struct replies replies = { 0 };
	struct pipeline p;
	size_t found = 0;
	int rc = redis_new(&redis, from->address, from->timeout_ms, err);

	pipeline_init(&p);
	for (int i = 0; i < partitions; i++) {
		struct keys k;

		keys_init(&k, from->prefix, i);
		pipeline_command(&p, 2);
		pipeline_text(&p, "GET");
		pipeline_key(&p, &k, "stages", NULL);
	}
	if (!rc)
		rc = redis_roundtrip(redis, &p, &replies, err);
	if (!rc)
		rc = replies_check(&replies, from->address, err);
	for (size_t i = 0; !rc && i < replies.count; i++)
		take_reply(list, &found, replies.list[i], arena);
	if (!rc) {
		*out = list;
		*count = found;
	}
	redis_free(&redis);
	replies_done(&replies);
	pipeline_done(&p);
	return rc;
}
