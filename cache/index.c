/*
 * A little over 400 lines: claiming, reading, applying and writing stand together, because each is
 * only right with the same care for the watch of the mark. The rest has files of its own.
 */

#include "cache/index.h"

#include "cache/layout.h"
#include "cache/redis.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { NO_PARTITION = -2 }; /* -1 is KEYS_DIRECTORY */

struct index {
	struct redis *redis;
	struct deployment deployment;
	const char *topic;
	struct keys *keys; /* one for each partition, then the directory's */
	struct pipeline pipeline;
	struct replies replies;
	/* The mark that Redis watches for us. EXEC and a lost connection end it. */
	struct {
		int partition;
		unsigned connection;
	} watched;
	/* The mark that index_apply() read ahead. A lost connection makes it worthless. */
	struct {
		int partition;
		unsigned connection;
		struct mark mark;
	} ahead;
};

const struct keys *index_keys(const struct index *ix, int partition)
{
	assert(partition >= KEYS_DIRECTORY && partition < ix->deployment.partitions);
	return &ix->keys[partition == KEYS_DIRECTORY ? ix->deployment.partitions : partition];
}

unsigned index_connection(const struct index *ix)
{
	return redis_connection(ix->redis);
}

bool index_is_connected(const struct index *ix)
{
	return redis_is_connected(ix->redis);
}

void index_forget_ahead(struct index *ix)
{
	ix->ahead.partition = NO_PARTITION;
}

static void init_keys(struct index *ix, const char *prefix)
{
	int partitions = ix->deployment.partitions;

	assert(partitions > 0);
	ix->keys = memory_zalloc((size_t)partitions + 1, sizeof(*ix->keys));
	for (int i = 0; i < partitions; i++)
		keys_init(&ix->keys[i], prefix, i);
	keys_init(&ix->keys[partitions], prefix, KEYS_DIRECTORY);
}

int index_open(struct index **out, const struct index_options *o, struct error *err)
{
	struct redis *redis;
	struct index *ix;
	int rc = keys_check_prefix(o->prefix, err);

	if (!rc)
		rc = redis_new(&redis, o->address, o->timeout_ms, err);
	if (rc)
		return rc;
	ix = memory_zalloc(1, sizeof(*ix));
	ix->redis = redis;
	ix->deployment = o->deployment;
	ix->topic = o->topic;
	ix->watched.partition = NO_PARTITION;
	ix->ahead.partition = NO_PARTITION;
	pipeline_init(&ix->pipeline);
	init_keys(ix, o->prefix);
	*out = ix;
	return 0;
}

void index_close(struct index **ixp)
{
	struct index *ix = *ixp;

	if (!ix)
		return;
	redis_free(&ix->redis);
	pipeline_done(&ix->pipeline);
	replies_done(&ix->replies);
	free(ix->keys);
	free(ix);
	*ixp = NULL;
}

static int index_roundtrip(struct index *ix, const struct pipeline *p, struct error *err)
{
	int rc = redis_roundtrip(ix->redis, p, &ix->replies, err);

	return rc ? rc : replies_check(&ix->replies, redis_address(ix->redis), err);
}

int index_check_server(struct index *ix, struct error *err)
{
	static const char *const info[] = { "INFO", "memory", NULL };
	struct bytes text;
	int rc;

	pipeline_clear(&ix->pipeline);
	pipeline_texts(&ix->pipeline, info);
	rc = index_roundtrip(ix, &ix->pipeline, err);
	if (rc)
		return rc;
	text = reply_bytes(ix->replies.list[0]);
	if (text.data && strstr((const char *)text.data, "maxmemory_policy:") &&
	    !strstr((const char *)text.data, "maxmemory_policy:noeviction"))
		return error_set(err, ERROR_REFUSED,
				 "Redis at %s evicts keys, and an evicted key would look like a "
				 "missing grant; set maxmemory-policy to noeviction",
				 redis_address(ix->redis));
	return 0;
}

/* ---- marks ---- */

static int check_mark(const struct index *ix, const struct mark *m, struct error *err)
{
	return mark_check(m, &ix->deployment, redis_address(ix->redis), err);
}

int index_read_marks(struct index *ix, const int *partitions, size_t count, struct mark *out,
		     struct error *err)
{
	struct mark m;
	int rc;

	pipeline_clear(&ix->pipeline);
	for (size_t i = 0; i < count; i++)
		mark_append_read(&ix->pipeline, index_keys(ix, partitions[i]));
	rc = index_roundtrip(ix, &ix->pipeline, err);
	for (size_t i = 0; !rc && i < count; i++) {
		mark_parse(&m, ix->replies.list[i]);
		rc = check_mark(ix, &m, err);
	}
	for (size_t i = 0; !rc && i < count; i++)
		mark_parse(&out[i], ix->replies.list[i]);
	return rc;
}

int index_read_mark(struct index *ix, int partition, struct mark *out, struct error *err)
{
	return index_read_marks(ix, &partition, 1, out, err);
}

int index_stamp(struct index *ix, const int *partitions, const struct mark *list, size_t count,
		struct error *err)
{
	static const char *const unwatch[] = { "UNWATCH", NULL };

	if (!count)
		return 0;
	/* Our own stamp would spoil the watch of a mark that was read ahead. */
	index_forget_ahead(ix);
	ix->watched.partition = NO_PARTITION;
	pipeline_clear(&ix->pipeline);
	pipeline_texts(&ix->pipeline, unwatch);
	for (size_t i = 0; i < count; i++)
		mark_append_stamp(&ix->pipeline, index_keys(ix, partitions[i]), &list[i]);
	return index_roundtrip(ix, &ix->pipeline, err);
}

static int fail_fenced(const struct index *ix, int partition, struct error *err)
{
	char name[24] = "the directory";

	if (partition != KEYS_DIRECTORY)
		(void)snprintf(name, sizeof(name), "partition %d", partition);
	return error_set(err, ERROR_FENCED,
			 "%s of the index in Redis at %s has another owner or was changed while it "
			 "was ours",
			 name, redis_address(ix->redis));
}

/* Compares the mark in a reply with the one that it has to be. */
static int expect_mark(const struct index *ix, int partition, size_t reply,
		       const struct mark *expected, struct error *err)
{
	struct mark m;
	int rc;

	mark_parse(&m, ix->replies.list[reply]);
	rc = check_mark(ix, &m, err);
	if (rc)
		return rc;
	return mark_equal(&m, expected) ? 0 : fail_fenced(ix, partition, err);
}

/* Appends two commands: one that watches the mark, and one that reads it. */
static void append_watch(struct pipeline *p, const struct keys *k)
{
	pipeline_command(p, 2);
	pipeline_text(p, "WATCH");
	pipeline_key(p, k, "mark", NULL);
	mark_append_read(p, k);
}

static void note_watched(struct index *ix, int partition)
{
	ix->watched.partition = partition;
	ix->watched.connection = redis_connection(ix->redis);
}

/* Does Redis carry out the next EXEC only if the partition's mark has not changed? */
static bool is_watched(const struct index *ix, int partition)
{
	return ix->watched.partition == partition &&
	       ix->watched.connection == redis_connection(ix->redis);
}

/* Watches the mark, and checks that it is as *seen. */
static int watch_mark(struct index *ix, int partition, const struct mark *seen, struct error *err)
{
	int rc;

	index_forget_ahead(ix); /* the EXEC to come ends its watch */
	pipeline_clear(&ix->pipeline);
	append_watch(&ix->pipeline, index_keys(ix, partition));
	rc = index_roundtrip(ix, &ix->pipeline, err);
	if (rc)
		return rc;
	note_watched(ix, partition);
	return expect_mark(ix, partition, 1, seen, err);
}

/* ---- transactions ---- */

static void append_verb(struct pipeline *p, const char *verb)
{
	pipeline_command(p, 1);
	pipeline_text(p, verb);
}

/* Sends a transaction under the watch. A nil reply to `exec`, its EXEC, means a changed mark. */
static int carry_out(struct index *ix, int partition, const struct pipeline *p, size_t exec,
		     struct error *err)
{
	int rc;

	assert(is_watched(ix, partition));
	assert(exec < p->commands);
	ix->watched.partition = NO_PARTITION;
	rc = index_roundtrip(ix, p, err);
	if (rc)
		return rc;
	return ix->replies.list[exec]->type == REDIS_REPLY_ARRAY ? 0
								 : fail_fenced(ix, partition, err);
}

int index_claim(struct index *ix, int partition, const struct mark *seen, struct mark *wanted,
		struct error *err)
{
	int rc = watch_mark(ix, partition, seen, err);

	if (rc)
		return rc;
	if (wanted->epoch <= seen->epoch)
		wanted->epoch = seen->epoch + 1;
	wanted->deployment = ix->deployment;
	pipeline_clear(&ix->pipeline);
	append_verb(&ix->pipeline, "MULTI");
	mark_append_write(&ix->pipeline, index_keys(ix, partition), wanted, ix->topic);
	append_verb(&ix->pipeline, "EXEC");
	return carry_out(ix, partition, &ix->pipeline, 2, err);
}

int index_write(struct index *ix, int partition, const struct mark *seen, const struct mark *wanted,
		const struct pipeline *body, struct error *err)
{
	int rc = watch_mark(ix, partition, seen, err);

	if (rc)
		return rc;
	pipeline_clear(&ix->pipeline);
	append_verb(&ix->pipeline, "MULTI");
	buffer_append(&ix->pipeline.bytes, body->bytes.data, body->bytes.len);
	ix->pipeline.commands += body->commands;
	mark_append_write(&ix->pipeline, index_keys(ix, partition), wanted, ix->topic);
	append_verb(&ix->pipeline, "EXEC");
	rc = carry_out(ix, partition, &ix->pipeline, ix->pipeline.commands - 1, err);
	pipeline_trim(&ix->pipeline); /* a group may have a hundred thousand members */
	return rc;
}

/* ---- runs ---- */

static int parse_workspaces(struct index *ix, int partition, struct workspace *const *workspaces,
			    size_t count, struct error *err)
{
	char id[UUID_TEXT_SIZE];
	size_t i = 0;

	while (i < count && layout_parse_workspace(workspaces[i], ix->replies.list[2 + i]))
		i++;
	if (i == count)
		return 0;
	uuid_format(id, &workspaces[i]->id);
	while (i > 0)
		workspace_clear(workspaces[--i]);
	return error_set(err, ERROR_REFUSED,
			 "workspace %s is broken in the index in Redis at %s; delete the key "
			 "%smark there, to have the partition rebuilt",
			 id, redis_address(ix->redis), index_keys(ix, partition)->base);
}

int index_read(struct index *ix, int partition, const struct mark *ours,
	       struct workspace *const *workspaces, size_t count, struct error *err)
{
	const struct keys *k = index_keys(ix, partition);
	int rc;

	if (!count && ix->ahead.partition == partition &&
	    ix->ahead.connection == redis_connection(ix->redis))
		return mark_equal(&ix->ahead.mark, ours) ? 0 : fail_fenced(ix, partition, err);
	index_forget_ahead(ix);
	pipeline_clear(&ix->pipeline);
	append_watch(&ix->pipeline, k);
	for (size_t i = 0; i < count; i++) {
		pipeline_command(&ix->pipeline, 2);
		pipeline_text(&ix->pipeline, "HGETALL");
		pipeline_key(&ix->pipeline, k, "ws:", &workspaces[i]->id);
	}
	rc = index_roundtrip(ix, &ix->pipeline, err);
	if (rc)
		return rc;
	note_watched(ix, partition);
	rc = expect_mark(ix, partition, 1, ours, err);
	return rc ? rc : parse_workspaces(ix, partition, workspaces, count, err);
}

/* Does not keep a mark of another deployment: index_read() will read it again and fail. */
static void keep_ahead(struct index *ix, int partition, size_t reply)
{
	struct mark m;

	note_watched(ix, partition);
	mark_parse(&m, ix->replies.list[reply]);
	if (check_mark(ix, &m, NULL))
		return;
	ix->ahead.partition = partition;
	ix->ahead.connection = redis_connection(ix->redis);
	ix->ahead.mark = m;
}

int index_apply(struct index *ix, int partition, struct mark *ours, struct apply *a, int next,
		struct error *err)
{
	size_t exec = a->pipeline.commands + 1; /* after the mark's HSET */
	struct mark after = *ours;
	int rc;

	assert(a->pipeline.commands > 0); /* apply_begin() was called */
	index_forget_ahead(ix);
	after.applied = a->applied;
	after.directory = a->directory;
	after.log = a->log;
	after.tip = a->tip;
	mark_append_applied(&a->pipeline, &a->keys, &after);
	append_verb(&a->pipeline, "EXEC");
	if (next >= 0)
		append_watch(&a->pipeline, index_keys(ix, next));
	rc = carry_out(ix, partition, &a->pipeline, exec, err);
	if (rc)
		return rc;
	*ours = after;
	if (next >= 0)
		keep_ahead(ix, next, exec + 2);
	return 0;
}

/* ---- questions ---- */

struct pipeline *index_begin(struct index *ix)
{
	pipeline_clear(&ix->pipeline);
	return &ix->pipeline;
}

int index_ask(struct index *ix, const struct replies **out, struct error *err)
{
	int rc = index_roundtrip(ix, &ix->pipeline, err);

	if (!rc)
		*out = &ix->replies;
	return rc;
}

int index_ask_owned(struct index *ix, int partition, const struct mark *ours,
		    const struct replies **out, struct error *err)
{
	size_t questions = ix->pipeline.commands;
	int rc;

	mark_append_read(&ix->pipeline, index_keys(ix, partition));
	rc = index_roundtrip(ix, &ix->pipeline, err);
	if (!rc)
		rc = expect_mark(ix, partition, questions, ours, err);
	if (!rc)
		*out = &ix->replies;
	return rc;
}

int index_scan(struct index *ix, const char *pattern, uint64_t *cursor,
	       const struct redisReply **keys, struct error *err)
{
	const redisReply *reply;
	char text[24];
	int rc;

	(void)snprintf(text, sizeof(text), "%" PRIu64, *cursor);
	pipeline_clear(&ix->pipeline);
	pipeline_scan(&ix->pipeline, &ix->keys[0], pattern, text);
	rc = index_roundtrip(ix, &ix->pipeline, err);
	if (rc)
		return rc;
	reply = ix->replies.list[0];
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY)
		return error_set(err, ERROR_REFUSED,
				 "Redis at %s answers SCAN with something other than keys; connect "
				 "to the Redis server itself",
				 redis_address(ix->redis));
	*cursor = strtoull(text_of(reply_bytes(reply->element[0])), NULL, 10);
	*keys = reply->element[1];
	return 0;
}
