#include "cache/index.h"

#include "cache/layout.h"
#include "cache/redis.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	NOTHING_AHEAD = -1,
	SCAN_COUNT = 5000, /* keys a step: some milliseconds of Redis' time */
};

struct index {
	struct redis *redis;
	struct deployment deployment;
	const char *topic;
	struct keys *keys; /* one per partition, then the directory's */
	struct pipeline pipeline;
	struct replies replies;
	/* What the last apply read for the run that follows; dies with the connection. */
	struct {
		int partition;
		unsigned connection;
		struct mark mark;
	} ahead;
};

const struct keys *index_keys(const struct index *ix, int partition)
{
	return &ix->keys[partition == KEYS_DIRECTORY ? ix->deployment.partitions : partition];
}

unsigned index_connection(const struct index *ix)
{
	return redis_connection(ix->redis);
}

void index_forget_ahead(struct index *ix)
{
	ix->ahead.partition = NOTHING_AHEAD;
}

int index_open(struct index **out, const struct index_options *o, struct error *err)
{
	int partitions = o->deployment.partitions;
	int rc = keys_check_prefix(o->prefix, err);
	struct index *ix;

	if (rc)
		return rc;
	ix = calloc(1, sizeof(*ix));
	if (!ix)
		return error_set(err, ERROR_NOMEM, "out of memory");
	ix->deployment = o->deployment;
	ix->topic = o->topic;
	index_forget_ahead(ix);
	pipeline_init(&ix->pipeline);
	ix->keys = calloc((size_t)partitions + 1, sizeof(*ix->keys));
	rc = ix->keys ? redis_new(&ix->redis, o->address, o->timeout_ms, err)
		      : error_set(err, ERROR_NOMEM, "out of memory");
	if (rc) {
		index_close(&ix);
		return rc;
	}
	for (int i = 0; i < partitions; i++)
		keys_init(&ix->keys[i], o->prefix, i);
	keys_init(&ix->keys[partitions], o->prefix, KEYS_DIRECTORY);
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

/* Sends what is in the pipeline; 0 when every reply is good. */
static int go(struct index *ix, struct error *err)
{
	int rc = redis_roundtrip(ix->redis, &ix->pipeline, &ix->replies, err);

	return rc ? rc : replies_check(&ix->replies, redis_address(ix->redis), err);
}

int index_check_server(struct index *ix, struct error *err)
{
	static const char *const info[] = { "INFO", "memory", NULL };
	struct bytes text;
	int rc;

	pipeline_clear(&ix->pipeline);
	pipeline_texts(&ix->pipeline, info);
	rc = go(ix, err);
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

static int take_mark(struct index *ix, size_t reply, struct mark *out, struct error *err)
{
	mark_parse(out, ix->replies.list[reply]);
	return mark_check(out, &ix->deployment, redis_address(ix->redis), err);
}

int index_read_marks(struct index *ix, const int *partitions, size_t count, struct mark *out,
		     struct error *err)
{
	int rc;

	pipeline_clear(&ix->pipeline);
	for (size_t i = 0; i < count; i++)
		mark_append_read(&ix->pipeline, index_keys(ix, partitions[i]));
	rc = go(ix, err);
	for (size_t i = 0; !rc && i < count; i++)
		rc = take_mark(ix, i, &out[i], err);
	return rc;
}

int index_read_mark(struct index *ix, int partition, struct mark *out, struct error *err)
{
	return index_read_marks(ix, &partition, 1, out, err);
}

static void append_watch(struct pipeline *p, const struct keys *k)
{
	pipeline_command(p, 2);
	pipeline_text(p, "WATCH");
	pipeline_key(p, k, "mark", NULL);
	mark_append_read(p, k);
}

/* Watches the mark and reads it. */
static int watch_mark(struct index *ix, const struct keys *k, struct mark *now, struct error *err)
{
	int rc;

	index_forget_ahead(ix); /* what it watches is forgotten with the next EXEC */
	pipeline_clear(&ix->pipeline);
	append_watch(&ix->pipeline, k);
	rc = go(ix, err);
	return rc ? rc : take_mark(ix, 1, now, err);
}

static void append_word(struct pipeline *p, const char *word)
{
	pipeline_command(p, 1);
	pipeline_text(p, word);
}

static int fenced(const struct index *ix, int partition, struct error *err)
{
	return error_set(err, ERROR_FENCED,
			 "partition %d of the index in Redis at %s has been taken over or has "
			 "changed behind us",
			 partition, redis_address(ix->redis));
}

/* Did EXEC carry the transaction out? */
static bool carried_out(const redisReply *exec)
{
	return exec->type == REDIS_REPLY_ARRAY;
}

int index_claim(struct index *ix, int partition, const struct mark *seen, struct mark *wanted,
		struct error *err)
{
	const struct keys *k = index_keys(ix, partition);
	struct mark now;
	int rc;

	rc = watch_mark(ix, k, &now, err);
	if (rc)
		return rc;
	if (!mark_equal(&now, seen))
		return fenced(ix, partition, err);
	if (wanted->epoch <= seen->epoch)
		wanted->epoch = seen->epoch + 1;
	wanted->deployment = ix->deployment;
	pipeline_clear(&ix->pipeline);
	append_word(&ix->pipeline, "MULTI");
	mark_append_write(&ix->pipeline, k, wanted, ix->topic);
	append_word(&ix->pipeline, "EXEC");
	rc = go(ix, err);
	if (rc)
		return rc;
	return carried_out(ix->replies.list[2]) ? 0 : fenced(ix, partition, err);
}

static int by_offset(const void *a, const void *b)
{
	int64_t x = ((const struct unsent *)a)->last;
	int64_t y = ((const struct unsent *)b)->last;

	return x < y ? -1 : x > y;
}

static void take_unsent(struct unsent_list *out, const redisReply *all)
{
	for (size_t i = 0; i + 1 < all->elements; i += 2) {
		struct unsent *u = &out->list[out->count++];
		struct bytes value = reply_bytes(all->element[i + 1]);

		u->last = reply_number(all->element[i], -1);
		buffer_init(&u->outputs);
		buffer_append(&u->outputs, value.data, value.len);
	}
	qsort(out->list, out->count, sizeof(*out->list), by_offset);
}

int index_read_unsent(struct index *ix, int partition, struct unsent_list *out, struct error *err)
{
	const redisReply *all;
	int rc;

	*out = (struct unsent_list){ 0 };
	pipeline_clear(&ix->pipeline);
	pipeline_command(&ix->pipeline, 2);
	pipeline_text(&ix->pipeline, "HGETALL");
	pipeline_key(&ix->pipeline, index_keys(ix, partition), "unsent", NULL);
	rc = go(ix, err);
	if (rc)
		return rc;
	all = ix->replies.list[0];
	if (all->type != REDIS_REPLY_ARRAY || !all->elements)
		return 0;
	out->list = calloc(all->elements / 2, sizeof(*out->list));
	if (!out->list)
		return error_set(err, ERROR_NOMEM, "out of memory");
	take_unsent(out, all);
	return 0;
}

void unsent_done(struct unsent_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		buffer_done(&l->list[i].outputs);
	free(l->list);
	*l = (struct unsent_list){ 0 };
}

static int parse_workspaces(struct index *ix, struct workspace *const *workspaces, size_t count,
			    struct error *err)
{
	char id[UUID_TEXT_SIZE];

	for (size_t i = 0; i < count; i++) {
		if (layout_parse_workspace(workspaces[i], ix->replies.list[2 + i]))
			continue;
		uuid_format(id, &workspaces[i]->id);
		return error_set(err, ERROR_REFUSED,
				 "the index in Redis at %s holds something broken for workspace %s",
				 redis_address(ix->redis), id);
	}
	return 0;
}

int index_read(struct index *ix, int partition, const struct mark *ours,
	       struct workspace *const *workspaces, size_t count, struct error *err)
{
	const struct keys *k = index_keys(ix, partition);
	struct mark now;
	int rc;

	if (!count && ix->ahead.partition == partition &&
	    ix->ahead.connection == redis_connection(ix->redis))
		return mark_equal(&ix->ahead.mark, ours) ? 0 : fenced(ix, partition, err);
	index_forget_ahead(ix);
	pipeline_clear(&ix->pipeline);
	append_watch(&ix->pipeline, k);
	for (size_t i = 0; i < count; i++) {
		pipeline_command(&ix->pipeline, 2);
		pipeline_text(&ix->pipeline, "HGETALL");
		pipeline_key(&ix->pipeline, k, "ws:", &workspaces[i]->id);
	}
	rc = go(ix, err);
	if (!rc)
		rc = take_mark(ix, 1, &now, err);
	if (rc)
		return rc;
	if (!mark_equal(&now, ours))
		return fenced(ix, partition, err);
	return parse_workspaces(ix, workspaces, count, err);
}

/* Appends the end of the transaction, and the beginning of the next run's. */
static void close_transaction(struct index *ix, struct apply *a, int next)
{
	mark_append_applied(&a->pipeline, &a->keys, a->applied, a->directory);
	append_word(&a->pipeline, "EXEC");
	if (next >= 0)
		append_watch(&a->pipeline, index_keys(ix, next));
}

int index_apply(struct index *ix, int partition, struct mark *ours, struct apply *a, int next,
		struct error *err)
{
	size_t exec = a->pipeline.commands + 1; /* behind the mark's HSET */
	int rc;

	index_forget_ahead(ix);
	close_transaction(ix, a, next);
	rc = redis_roundtrip(ix->redis, &a->pipeline, &ix->replies, err);
	if (!rc)
		rc = replies_check(&ix->replies, redis_address(ix->redis), err);
	if (rc)
		return rc;
	if (!carried_out(ix->replies.list[exec]))
		return fenced(ix, partition, err);
	ours->applied = a->applied;
	ours->directory = a->directory;
	if (next < 0)
		return 0;
	ix->ahead.partition = next;
	ix->ahead.connection = redis_connection(ix->redis);
	return take_mark(ix, exec + 2, &ix->ahead.mark, err);
}

int index_write(struct index *ix, int partition, const struct mark *seen, const struct mark *wanted,
		const struct pipeline *body, struct error *err)
{
	const struct keys *k = index_keys(ix, partition);
	struct mark now;
	int rc;

	rc = watch_mark(ix, k, &now, err);
	if (!rc && !mark_equal(&now, seen))
		rc = fenced(ix, partition, err);
	if (rc)
		return rc;
	pipeline_clear(&ix->pipeline);
	append_word(&ix->pipeline, "MULTI");
	buffer_append(&ix->pipeline.bytes, body->bytes.data, body->bytes.len);
	ix->pipeline.commands += body->commands;
	mark_append_write(&ix->pipeline, k, wanted, ix->topic);
	append_word(&ix->pipeline, "EXEC");
	rc = go(ix, err);
	pipeline_trim(&ix->pipeline); /* a group may have a hundred thousand members */
	if (rc)
		return rc;
	return carried_out(ix->replies.list[ix->replies.count - 1]) ? 0
								    : fenced(ix, partition, err);
}

/* ---- questions ---- */

struct pipeline *index_begin(struct index *ix)
{
	pipeline_clear(&ix->pipeline);
	return &ix->pipeline;
}

int index_ask(struct index *ix, int partition, const struct mark *ours, const struct replies **out,
	      struct error *err)
{
	size_t questions = ix->pipeline.commands;
	struct mark now;
	int rc;

	mark_append_read(&ix->pipeline, index_keys(ix, partition));
	rc = go(ix, err);
	if (!rc)
		rc = take_mark(ix, questions, &now, err);
	if (rc)
		return rc;
	if (!mark_equal(&now, ours)) {
		(void)fenced(ix, partition, err);
		return ERROR_FENCED;
	}
	*out = &ix->replies;
	return 0;
}

static void append_scan(struct index *ix, const char *pattern, uint64_t cursor)
{
	const struct keys *any = &ix->keys[0];
	size_t prefix = strcspn(any->base, "{");
	const struct bytes whole[] = { { (const uint8_t *)any->base, prefix }, bytes_of(pattern) };
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, cursor);
	pipeline_clear(&ix->pipeline);
	pipeline_command(&ix->pipeline, 6);
	pipeline_text(&ix->pipeline, "SCAN");
	pipeline_text(&ix->pipeline, text);
	pipeline_text(&ix->pipeline, "MATCH");
	pipeline_parts(&ix->pipeline, whole, 2);
	pipeline_text(&ix->pipeline, "COUNT");
	pipeline_number(&ix->pipeline, SCAN_COUNT);
}

int index_scan(struct index *ix, const char *pattern, uint64_t *cursor,
	       const struct redisReply **keys, struct error *err)
{
	const redisReply *reply;
	int rc;

	append_scan(ix, pattern, *cursor);
	rc = go(ix, err);
	if (rc)
		return rc;
	reply = ix->replies.list[0];
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
		(void)error_set(err, ERROR_REFUSED, "Redis at %s cannot SCAN",
				redis_address(ix->redis));
		return ERROR_REFUSED;
	}
	*cursor = strtoull((const char *)reply_bytes(reply->element[0]).data, NULL, 10);
	*keys = reply->element[1];
	return 0;
}

/* ---- clearing ---- */

/* Appends the deletion of the key, if it is the partition's and not its mark. */
static bool unlink_key(struct clearing *c, const struct keys *k, struct bytes key)
{
	if (key.len < k->len || memcmp(key.data, k->base, k->len) != 0)
		return false;
	if (key.len == k->len + 4 && memcmp(key.data + k->len, "mark", 4) == 0)
		return true;
	pipeline_command(&c->body, 2);
	pipeline_text(&c->body, "UNLINK");
	pipeline_bytes(&c->body, key);
	return true;
}

static void unlink_found(struct index *ix, struct clearing *list, size_t count,
			 const redisReply *found)
{
	for (size_t i = 0; i < count; i++)
		pipeline_clear(&list[i].body);
	for (size_t i = 0; i < found->elements; i++) {
		struct bytes key = reply_bytes(found->element[i]);
		size_t c = 0;

		while (c < count && !unlink_key(&list[c], index_keys(ix, list[c].partition), key))
			c++;
	}
}

int index_clear(struct index *ix, struct clearing *list, size_t count, uint64_t *cursor,
		struct error *err)
{
	const redisReply *found = NULL;
	int rc = index_scan(ix, "{*", cursor, &found, err);

	if (rc)
		return rc;
	unlink_found(ix, list, count, found);
	for (size_t i = 0; !rc && i < count; i++)
		if (list[i].body.commands)
			rc = index_write(ix, list[i].partition, list[i].ours, list[i].ours,
					 &list[i].body, err);
	return rc;
}
