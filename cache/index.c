/*
 * More than 500 lines: claiming, reading, applying and writing stand together, because each is
 * only right with the same care for the watch of the mark. The rest has files of its own.
 */

#include "cache/index.h"

#include "cache/layout.h"
#include "cache/redis.h"
#include "cache/sweep.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum { NO_PARTITION = -2 }; /* -1 is KEYS_DIRECTORY */

struct index {
	struct redis *redis;
	struct deployment deployment;
	const char *topic;
	struct keys *keys; /* one for each partition, then the directory's */
	bool *wanted;      /* scratch, of each of them: is it walked over? */
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
	ix->wanted = memory_zalloc((size_t)partitions + 1, sizeof(*ix->wanted));
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
		rc = redis_new(&redis, &o->redis, o->timeout_ms, err);
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
	free(ix->wanted);
	free(ix);
	*ixp = NULL;
}

/*
 * Only a start is refused: a server that denies us something while we run may cease to. And
 * what a node of a cluster does not do says nothing of the others.
 */
static int judge_failure(const struct index *ix, int rc, struct error *err)
{
	if (rc != ERROR_REFUSED && rc != ERROR_UNAVAILABLE)
		return rc;
	rc = redis_is_cluster(ix->redis) ? ERROR_NODE : ERROR_UNAVAILABLE;
	if (err)
		err->code = rc;
	return rc;
}

static int ask_redis(struct index *ix, const struct pipeline *p, struct error *err)
{
	return judge_failure(ix, redis_roundtrip(ix->redis, p, &ix->replies, err), err);
}

static int check_replies(const struct index *ix, size_t from, size_t to, struct error *err)
{
	int rc = 0;

	for (size_t i = from; !rc && i < to; i++)
		rc = reply_check(ix->replies.list[i], redis_address(ix->redis), err);
	return judge_failure(ix, rc, err);
}

static int index_roundtrip(struct index *ix, const struct pipeline *p, struct error *err)
{
	int rc = ask_redis(ix, p, err);

	return rc ? rc : check_replies(ix, 0, ix->replies.count, err);
}

const char *index_address(const struct index *ix)
{
	return redis_address(ix->redis);
}

static struct sweep sweep_over(const struct index *ix)
{
	return sweep_of(ix->redis, ix->keys, (size_t)ix->deployment.partitions + 1);
}

int index_read_servers(struct index *ix, struct servers *out, struct error *err)
{
	const struct sweep sweep = sweep_over(ix);
	int rc;

	pipeline_clear(&ix->pipeline);
	(void)servers_append_read(&ix->pipeline, &sweep);
	rc = ask_redis(ix, &ix->pipeline, err);
	if (!rc && !sweep.is_cluster)
		rc = check_replies(ix, 0, ix->replies.count, err);
	if (!rc)
		servers_parse(out, &sweep, ix->replies.list, ix->replies.count);
	return rc;
}

/* ---- marks ---- */

int index_check_mark(const struct index *ix, const struct mark *m, struct error *err)
{
	return mark_check(m, &ix->deployment, redis_address(ix->redis), err);
}

/*
 * Asks the servers what they say of themselves, and for the marks that are needed. On a
 * cluster any node may be dead, so all are asked for.
 */
static int ask_server(struct index *ix, struct sweep *sweep, size_t *questions, struct error *err)
{
	int rc;

	pipeline_clear(&ix->pipeline);
	rc = redis_roundtrip(ix->redis, &ix->pipeline, &ix->replies, err); /* what is it? */
	if (rc)
		return rc;
	*sweep = sweep_over(ix);
	*questions = servers_append_read(&ix->pipeline, sweep);
	for (int i = 0; i < (sweep->is_cluster ? ix->deployment.partitions : 1); i++)
		mark_append_read(&ix->pipeline, index_keys(ix, i));
	return redis_roundtrip(ix->redis, &ix->pipeline, &ix->replies, err);
}

/* A node of a cluster that cannot serve now is no reason not to start. A mark of another type is no mark. */
static int check_answer(const struct index *ix, const struct sweep *sweep, size_t reply,
			struct error *err)
{
	int rc = reply_check(ix->replies.list[reply], redis_address(ix->redis), err);

	return rc == ERROR_DAMAGED || (rc == ERROR_UNAVAILABLE && sweep->is_cluster) ? 0 : rc;
}

/* Checks the first mark that there is. */
static int check_first_mark(const struct index *ix, size_t reply, struct error *err)
{
	struct mark m = { 0 };

	for (; reply < ix->replies.count && m.state == MARK_MISSING; reply++)
		mark_parse(&m, ix->replies.list[reply]);
	return index_check_mark(ix, &m, err);
}

int index_check_server(struct index *ix, struct error *err)
{
	struct servers servers = { 0 };
	struct sweep sweep;
	size_t questions = 0;
	int rc = ask_server(ix, &sweep, &questions, err);

	for (size_t i = 0; !rc && i < ix->replies.count; i++)
		rc = check_answer(ix, &sweep, i, err);
	if (rc)
		return rc;
	servers_parse(&servers, &sweep, ix->replies.list, questions);
	rc = servers_check(&servers, redis_address(ix->redis), err);
	servers_done(&servers);
	return rc ? rc : check_first_mark(ix, questions, err);
}

/* Notes that a node fails, which is no failure of the call; returns any other failure. */
static int note_why(struct error *out, int rc, const struct error *why, struct error *err)
{
	*out = (struct error){ 0 };
	if (rc == ERROR_NODE)
		*out = *why;
	else if (rc && why != err)
		return error_set(err, rc, "%s", why->text);
	return rc == ERROR_NODE ? 0 : rc;
}

/* Checks a reply to the reading of a mark: one of another type is no mark, as mark_parse() says. */
static int check_mark_reply(const struct index *ix, size_t reply, struct error *err)
{
	int rc = reply_check(ix->replies.list[reply], redis_address(ix->redis), err);

	return rc == ERROR_DAMAGED ? 0 : judge_failure(ix, rc, err);
}

int index_read_marks(struct index *ix, const int *partitions, size_t count, struct mark *out,
		     struct error *err)
{
	int rc;

	pipeline_clear(&ix->pipeline);
	for (size_t i = 0; i < count; i++)
		mark_append_read(&ix->pipeline, index_keys(ix, partitions[i]));
	rc = ask_redis(ix, &ix->pipeline, err);
	for (size_t i = 0; !rc && i < count; i++)
		rc = check_mark_reply(ix, i, err);
	for (size_t i = 0; !rc && i < count; i++)
		mark_parse(&out[i], ix->replies.list[i]);
	return rc;
}

/* Reads the i-th mark from the replies to `each` commands for each mark. */
static int take_mark(const struct index *ix, size_t i, size_t each, struct mark *out,
		     struct error *err)
{
	int rc = check_mark_reply(ix, i * each, err);

	if (!rc)
		rc = check_replies(ix, i * each + 1, (i + 1) * each, err);
	if (!rc)
		mark_parse(out, ix->replies.list[i * each]);
	return rc;
}

int index_look_at_marks(struct index *ix, const int *partitions, size_t count, struct mark *out,
			struct error *whys, struct error *err)
{
	size_t each = redis_is_cluster(ix->redis) ? 2 : 1;
	int failed;
	int rc = 0;

	pipeline_clear(&ix->pipeline);
	for (size_t i = 0; i < count; i++) {
		mark_append_read(&ix->pipeline, index_keys(ix, partitions[i]));
		if (each == 2)
			sweep_append_absent(&ix->pipeline, index_keys(ix, partitions[i]));
	}
	failed = ask_redis(ix, &ix->pipeline, err);
	for (size_t i = 0; !rc && i < count; i++) {
		struct error why = { 0 };

		rc = failed ? failed : take_mark(ix, i, each, &out[i], &why);
		rc = note_why(&whys[i], rc, failed ? err : &why, err);
	}
	return rc;
}

int index_read_mark(struct index *ix, int partition, struct mark *out, struct error *err)
{
	return index_read_marks(ix, &partition, 1, out, err);
}

static void append_unwatch(struct pipeline *p)
{
	static const char *const unwatch[] = { "UNWATCH", NULL };

	pipeline_texts(p, unwatch);
}

/*
 * On a cluster each mark has an UNWATCH of its own, which goes to its node. Where it is only
 * found during the round trip that there is a cluster, its connections are new, and nothing
 * is watched on them.
 */
int index_stamp(struct index *ix, const int *partitions, const struct mark *list, size_t count,
		struct error *whys, struct error *err)
{
	bool each = redis_is_cluster(ix->redis);
	int failed;
	int rc = 0;

	if (!count)
		return 0;
	/* Our own stamp would spoil the watch of a mark that was read ahead. */
	index_forget_ahead(ix);
	ix->watched.partition = NO_PARTITION;
	pipeline_clear(&ix->pipeline);
	for (size_t i = 0; i < count; i++) {
		if (!i || each)
			append_unwatch(&ix->pipeline);
		mark_append_stamp(&ix->pipeline, index_keys(ix, partitions[i]), &list[i]);
	}
	failed = ask_redis(ix, &ix->pipeline, err);
	for (size_t i = 0; !rc && i < count; i++) {
		size_t reply = each ? 2 * i : i ? i + 1 : 0; /* the first of it */
		struct error why = { 0 };

		if (!failed)
			rc = check_replies(ix, reply, (each ? 2 * i : i) + 2, &why);
		rc = note_why(&whys[i], failed ? failed : rc, failed ? err : &why, err);
	}
	return rc;
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

	mark_parse(&m, ix->replies.list[reply]);
	return mark_equal(&m, expected) ? 0 : fail_fenced(ix, partition, err);
}

/*
 * Compares a mark with the one that its owner has written. Nobody else writes with
 * the owner's epoch: a mark of that epoch that counts otherwise is damaged.
 */
static int check_ours(const struct index *ix, int partition, const struct mark *found,
		      const struct mark *ours, struct error *err)
{
	if (mark_equal(found, ours))
		return 0;
	if (found->state != ours->state || found->epoch != ours->epoch ||
	    found->applied != ours->applied)
		return fail_fenced(ix, partition, err);
	return error_set(err, ERROR_DAMAGED,
			 "the key %smark in Redis at %s is not as it was written",
			 index_keys(ix, partition)->base, redis_address(ix->redis));
}

static int expect_ours(const struct index *ix, int partition, size_t reply, const struct mark *ours,
		       struct error *err)
{
	struct mark found;

	mark_parse(&found, ix->replies.list[reply]);
	return check_ours(ix, partition, &found, ours, err);
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
	rc = ask_redis(ix, &ix->pipeline, err);
	if (!rc)
		rc = check_replies(ix, 0, 1, err);
	if (!rc)
		rc = check_mark_reply(ix, 1, err);
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

/* A transaction that was carried out is damage if any of its commands failed, whatever the error. */
static int check_exec(const struct index *ix, size_t exec, struct error *err)
{
	const redisReply *reply = ix->replies.list[exec];

	if (reply->type != REDIS_REPLY_ARRAY)
		return check_replies(ix, 0, exec + 1, err); /* the first error says why */
	if (!reply_check(reply, redis_address(ix->redis), err))
		return 0;
	if (err)
		err->code = ERROR_DAMAGED;
	return ERROR_DAMAGED;
}

/*
 * Sends a transaction under the watch. A nil reply to `exec`, its EXEC, means a
 * changed mark. Replies after it are the caller's to check.
 */
static int carry_out(struct index *ix, int partition, const struct pipeline *p, size_t exec,
		     struct error *err)
{
	int rc;

	assert(is_watched(ix, partition));
	assert(exec < p->commands);
	ix->watched.partition = NO_PARTITION;
	rc = ask_redis(ix, p, err);
	if (!rc)
		rc = check_exec(ix, exec, err);
	if (rc)
		return rc;
	return ix->replies.list[exec]->type == REDIS_REPLY_ARRAY ? 0
								 : fail_fenced(ix, partition, err);
}

/* What is there instead of a mark: a key of another type, or a hash that says too little. */
static void append_delete_mark(struct pipeline *p, const struct keys *k)
{
	pipeline_command(p, 2);
	pipeline_text(p, "DEL");
	pipeline_key(p, k, "mark", NULL);
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
	if (seen->state == MARK_MISSING)
		append_delete_mark(&ix->pipeline, index_keys(ix, partition));
	mark_append_write(&ix->pipeline, index_keys(ix, partition), wanted, ix->topic);
	append_verb(&ix->pipeline, "EXEC");
	return carry_out(ix, partition, &ix->pipeline, ix->pipeline.commands - 1, err);
}

int index_distrust(struct index *ix, int partition, const struct mark *ours, struct error *err)
{
	struct mark found;
	struct mark wanted;
	int rc = index_read_marks(ix, &partition, 1, &found, err);

	if (rc || found.state != MARK_READY || found.epoch != ours->epoch)
		return rc;
	wanted = found;
	wanted.state = MARK_REBUILDING;
	rc = watch_mark(ix, partition, &found, err);
	if (rc)
		return rc;
	pipeline_clear(&ix->pipeline);
	append_verb(&ix->pipeline, "MULTI");
	mark_append_write(&ix->pipeline, index_keys(ix, partition), &wanted, ix->topic);
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
	return error_set(err, ERROR_DAMAGED,
			 "the key %sws: of workspace %s in Redis at %s cannot be read",
			 index_keys(ix, partition)->base, id, redis_address(ix->redis));
}

int index_read(struct index *ix, int partition, const struct mark *ours,
	       struct workspace *const *workspaces, size_t count, struct error *err)
{
	const struct keys *k = index_keys(ix, partition);
	int rc;

	if (!count && ix->ahead.partition == partition &&
	    ix->ahead.connection == redis_connection(ix->redis))
		return check_ours(ix, partition, &ix->ahead.mark, ours, err);
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
	rc = expect_ours(ix, partition, 1, ours, err);
	return rc ? rc : parse_workspaces(ix, partition, workspaces, count, err);
}

/* Does not keep a mark of another deployment: index_read() will read it again and fail. */
static void keep_ahead(struct index *ix, int partition, size_t reply)
{
	struct mark m;

	if (check_replies(ix, reply - 1, reply + 1, NULL))
		return;
	note_watched(ix, partition);
	mark_parse(&m, ix->replies.list[reply]);
	if (index_check_mark(ix, &m, NULL))
		return;
	ix->ahead.partition = partition;
	ix->ahead.connection = redis_connection(ix->redis);
	ix->ahead.mark = m;
}

/* Was the key of each workspace that the run wrote in part still there? */
static int check_guards(const struct index *ix, const struct apply *a, const redisReply *exec,
			struct error *err)
{
	for (size_t i = 0; i < a->guard_count; i++) {
		size_t at = a->guards[i] - 1; /* less the MULTI */

		if (at < exec->elements && reply_number(exec->element[at], 0) == 0)
			return error_set(err, ERROR_DAMAGED,
					 "the key %sws: of a workspace that the run changed is "
					 "missing in Redis at %s",
					 a->keys.base, redis_address(ix->redis));
	}
	return 0;
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
	after.workspaces = a->workspaces;
	after.grants = a->grants;
	mark_append_applied(&a->pipeline, &a->keys, &after);
	append_verb(&a->pipeline, "EXEC");
	if (next >= 0)
		append_watch(&a->pipeline, index_keys(ix, next));
	rc = carry_out(ix, partition, &a->pipeline, exec, err);
	if (!rc)
		rc = check_guards(ix, a, ix->replies.list[exec], err);
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
		rc = expect_ours(ix, partition, questions, ours, err);
	if (!rc)
		*out = &ix->replies;
	return rc;
}

static void choose_walked(struct index *ix, const struct index_part *of)
{
	size_t all = (size_t)ix->deployment.partitions + 1;

	memset(ix->wanted, 0, all * sizeof(*ix->wanted));
	for (size_t i = 0; i < of->count; i++)
		ix->wanted[index_keys(ix, of->partitions[i]) - ix->keys] = true;
}

int index_scan(struct index *ix, const char *pattern, const struct index_part *of, uint64_t *cursor,
	       const struct redisReply **keys, struct error *err)
{
	struct sweep sweep = sweep_over(ix);
	int rc;

	assert(of->count);
	choose_walked(ix, of);
	sweep.wanted = ix->wanted;
	pipeline_clear(&ix->pipeline);
	sweep_append(&sweep, &ix->pipeline, pattern, *cursor);
	rc = index_roundtrip(ix, &ix->pipeline, err);
	if (!rc)
		rc = sweep_take(&sweep, ix->replies.list[sweep_scan_reply(&sweep)], cursor, keys,
				err);
	return judge_failure(ix, rc, err);
}
