#include "tests/unit/cache/script.h"

#include "cache/parser.h"
#include "cache/redis.h"
#include "cache/shape.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCENES_MAX = 64, PARTITIONS = 2 };

struct scene {
	struct pipeline replies;
	bool no_answer;
	bool breaks;
};

static struct scene scenes[SCENES_MAX];
static size_t scene_count;
static size_t scene_next;
static bool scene_repeats; /* the last one, for ever */
static struct buffer sent;
static unsigned connection;
static bool is_cluster;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker wants these names */
int __wrap_redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
			   struct error *err);
int __wrap_redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
				    struct replies *out, struct error *err);
unsigned __wrap_redis_connection(const struct redis *r);
bool __wrap_redis_is_cluster(const struct redis *r);
/* NOLINTEND(bugprone-reserved-identifier) */

int script_reset(void **state)
{
	(void)state;
	for (size_t i = 0; i < scene_count; i++)
		pipeline_done(&scenes[i].replies);
	scene_count = 0;
	scene_next = 0;
	scene_repeats = is_cluster = false;
	buffer_done(&sent);
	return 0;
}

static struct scene *add_scene(bool no_answer)
{
	struct scene *s = &scenes[scene_count++];

	assert(scene_count <= SCENES_MAX);
	*s = (struct scene){ .no_answer = no_answer };
	return s;
}

void script_repeat(void)
{
	scene_repeats = true;
}

struct pipeline *script_scene(void)
{
	return &add_scene(false)->replies;
}

void script_no_answer(void)
{
	(void)add_scene(true);
}

void script_set_cluster(bool yes)
{
	is_cluster = yes;
}

void script_break(void)
{
	add_scene(true)->breaks = true;
}

size_t script_left(void)
{
	return scene_count - scene_next;
}

const char *script_sent(void)
{
	return (const char *)sent.data;
}

static void append_text(struct pipeline *scene, const char *text)
{
	buffer_append(&scene->bytes, text, strlen(text));
}

void script_status(struct pipeline *scene, const char *status)
{
	append_text(scene, "+");
	append_text(scene, status);
	append_text(scene, "\r\n");
}

void script_integer(struct pipeline *scene, int64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), ":%lld\r\n", (long long)value);
	append_text(scene, text);
}

void script_error(struct pipeline *scene, const char *words)
{
	append_text(scene, "-");
	append_text(scene, words);
	append_text(scene, "\r\n");
}

void script_nil(struct pipeline *scene)
{
	append_text(scene, "$-1\r\n");
}

void script_nil_array(struct pipeline *scene)
{
	append_text(scene, "*-1\r\n");
}

static const char *const states[] = { "", "rebuilding", "ready" };

void script_glance(struct pipeline *scene, const struct mark *m)
{
	pipeline_command(scene, GLANCE_FIELDS);
	pipeline_number(scene, m->epoch);
	pipeline_number(scene, m->applied);
	pipeline_text(scene, states[m->state]);
	pipeline_number(scene, m->looked);
}

void script_mark(struct pipeline *scene, const struct mark *m)
{
	pipeline_command(scene, MARK_FIELDS);
	if (!m) {
		for (int i = 0; i < MARK_FIELDS; i++)
			script_nil(scene);
		return;
	}
	pipeline_number(scene, m->epoch);
	pipeline_number(scene, m->applied);
	pipeline_text(scene, m->deployment.cluster);
	pipeline_number(scene, m->deployment.partitions);
	pipeline_number(scene, m->layout);
	pipeline_text(scene, states[m->state]);
	pipeline_number(scene, m->directory);
	pipeline_number(scene, m->workspaces);
	pipeline_number(scene, m->grants);
	pipeline_number(scene, m->log);
	pipeline_number(scene, m->tip.offset);
	pipeline_number(scene, m->tip.time);
	pipeline_number(scene, m->tip.hash);
	pipeline_number(scene, m->suspect);
	pipeline_number(scene, m->looked);
}

void script_time(struct pipeline *scene, int64_t ms)
{
	pipeline_command(scene, 2);
	pipeline_number(scene, ms / 1000);
	pipeline_number(scene, ms % 1000 * 1000);
}

struct mark script_ready_mark(int64_t epoch, int64_t applied)
{
	return (struct mark){ .state = MARK_READY,
			      .epoch = epoch,
			      .applied = applied,
			      .deployment = { "cluster-a", PARTITIONS },
			      .layout = INDEX_LAYOUT,
			      .looked = SCRIPT_LOOKED_MS };
}

struct reader *script_reader(void)
{
	const struct mark m = script_ready_mark(7, 100);
	struct reader *r = NULL;
	int rc;

	script_mark(script_scene(), &m);
	rc = reader_open(&r, &(struct redis_target){ .address = "127.0.0.1:6379" }, "sb",
			 SCRIPT_TIMEOUT_MS, NULL);
	assert(!rc);
	return r;
}

struct pipeline *script_question(int first_partition, int last_partition)
{
	const struct mark m = script_ready_mark(7, 100);
	struct pipeline *scene = script_scene();

	for (int i = first_partition; i <= last_partition; i++)
		script_glance(scene, &m);
	script_mark(scene, &m); /* the directory's */
	return scene;
}

void script_end_question(struct pipeline *scene, int first_partition, int last_partition)
{
	const struct mark m = script_ready_mark(7, 100);

	for (int i = first_partition; i <= last_partition; i++)
		script_mark(scene, &m);
	script_mark(scene, &m); /* the directory's */
	script_time(scene, SCRIPT_NOW_MS);
}

/* ---- the wrapped functions ---- */

static void parse_replies(const struct buffer *bytes, size_t count, struct replies *out)
{
	struct redisReader *parser = parser_new();
	int rc = replies_reserve(out, count, NULL);

	assert(parser && !rc);
	rc = parser_read(parser, buffer_bytes(bytes), out, count);
	assert(rc && out->count == count); /* the scene has a reply to each command */
	assert(parser_is_empty(parser));   /* and no more */
	parser_free(&parser);
}

/* Leaves of a whole mark what mark_append_vouch() asks for. */
static void shorten_mark(struct redisReply *mark)
{
	static const size_t vouching[VOUCH_FIELDS] = { 0, 2, 3, 4, 5, 6, 9, 13 };

	for (size_t i = 0; i < VOUCH_FIELDS; i++)
		mark->element[i] = mark->element[vouching[i]];
	mark->elements = VOUCH_FIELDS;
}

/* Scenes have whole marks, for nothing in a scene depends on when one was read last. */
static void fit_marks(const struct pipeline *p, const struct replies *replies)
{
	struct bytes rest = buffer_bytes(&p->bytes);

	for (size_t i = 0; i < p->commands; i++) {
		struct redisReply *reply = replies->list[i];
		size_t words = pipeline_take_command(&rest);

		if (words == 2 + VOUCH_FIELDS && reply->type == REDIS_REPLY_ARRAY &&
		    reply->elements == MARK_FIELDS)
			shorten_mark(reply);
		while (words--)
			(void)pipeline_take_word(&rest);
	}
}

int __wrap_redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
			   struct error *err)
{
	const struct scene *s;
	int rc;

	(void)r;
	if (!p->commands) /* it only connects */
		return 0;
	if (!scene_repeats || scene_next < scene_count)
		scene_next++;
	assert(scene_next <= scene_count); /* the script goes on */
	s = &scenes[scene_next - 1];
	buffer_clear(&sent);
	buffer_append(&sent, p->bytes.data, p->bytes.len);
	buffer_append_u8(&sent, 0);
	replies_clear(out);
	connection += s->breaks;
	if (s->no_answer)
		return error_set(err, ERROR_UNAVAILABLE, "no answer, as the script says");
	parse_replies(&s->replies.bytes, p->commands, out);
	fit_marks(p, out);
	rc = shape_check(p, out->list, "127.0.0.1:6379", err);
	if (rc)
		replies_clear(out);
	return rc;
}

bool __wrap_redis_is_cluster(const struct redis *r)
{
	(void)r;
	return is_cluster;
}

unsigned __wrap_redis_connection(const struct redis *r)
{
	(void)r;
	return connection;
}

int __wrap_redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
				    struct replies *out, struct error *err)
{
	(void)wait_ms;
	return __wrap_redis_roundtrip(r, p, out, err);
}
