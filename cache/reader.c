#include "cache/reader.h"

#include "cache/redis.h"
#include "ops/support/clock.h"
#include "ops/support/number.h"
#include "ops/support/patience.h"
#include "schemas/murmur2.h"
#include "schemas/topics.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	/*
	 * A mark is read as a whole so often at least, as its owner looks at it; in between
	 * only what answers rest on.
	 */
	WHOLE_MS = 1000,
	OWNER_TRIES = 5, /* the owner of a partition changes once in hours */
	PAUSE_MS = 2,    /* between two looks at a directory that is being written */
};

/* What the marks before and after the data of a question say about the data. */
enum verdict {
	VERDICT_GOOD,
	VERDICT_OWNER_CHANGED,  /* a mark has another owner after the data than before */
	VERDICT_UNSEEN,         /* a mark has no stamp: it was only just made */
	VERDICT_DIRECTORY_LAGS, /* the directory has less than a partition needs */
};

/* The commands that read a slot's mark before and after the data, made once. */
struct mark_commands {
	struct pipeline before;
	struct pipeline vouch; /* after the data: what answers rest on */
	struct pipeline whole; /* after the data: all of it */
};

/* When a mark was found good as a whole. */
struct whole_mark {
	int64_t epoch;
	int64_t until_ms; /* how long that suffices */
	bool asked;       /* this question asks for it */
};

struct reader {
	struct redis *redis;
	struct deployment deployment;
	size_t slots;                   /* partitions + 1: the last slot is the directory's */
	struct keys *keys;              /* of each slot */
	struct mark_commands *commands; /* of each slot */
	struct whole_mark *wholes;      /* of each slot, as read on that connection */
	unsigned connection;
	int64_t asked_ms;           /* when the question was last asked */
	bool *touched;              /* by the question; of each slot */
	int64_t *required;          /* the least that `applied` must be; of each slot */
	struct mark_glance *before; /* the mark before the data; of each slot */
	int64_t *logs; /* of each slot: 1 + the mark's `log` that was seen last; 0: none yet */
	int64_t max_age_ms;
	int timeout_ms;
	struct patience *patience; /* NULL: none */
	struct pipeline pipeline;  /* the question */
	struct pipeline whole;     /* marks, the question, marks */
	struct replies replies;
	bool own_times;           /* the question asks for the time of each slot's own node */
	size_t marks_before;      /* how many of the replies are marks before the question's */
	struct mark directory;    /* as it was after the last question */
	int64_t directory_needed; /* its least `applied`, as the marks of the partitions say */
};

static size_t slot_of(const struct reader *r, int partition)
{
	assert(partition >= KEYS_DIRECTORY && partition < r->deployment.partitions);
	return partition == KEYS_DIRECTORY ? r->slots - 1 : (size_t)partition;
}

const struct deployment *reader_deployment(const struct reader *r)
{
	return &r->deployment;
}

int reader_partition(const struct reader *r, const struct uuid *workspace_id)
{
	char key[UUID_TEXT_SIZE];

	uuid_format(key, workspace_id);
	return partition_of(bytes_of(key), r->deployment.partitions);
}

const char *reader_address(const struct reader *r)
{
	return redis_address(r->redis);
}

const struct mark *reader_directory(const struct reader *r)
{
	return &r->directory;
}

int64_t reader_partition_time(const struct reader *r, int partition)
{
	return r->before[slot_of(r, partition)].looked;
}

int64_t reader_time(const struct reader *r, const struct uuid *workspace_id)
{
	return reader_partition_time(r, reader_partition(r, workspace_id));
}

void reader_set_max_age(struct reader *r, int64_t max_age_ms)
{
	r->max_age_ms = max_age_ms;
}

void reader_set_patience(struct reader *r, struct patience *patience)
{
	r->patience = patience;
}

void reader_require(struct reader *r, int partition, int64_t offset)
{
	int64_t *required = &r->required[slot_of(r, partition)];

	if (*required < offset)
		*required = offset;
}

struct sweep reader_sweep(const struct reader *r)
{
	return sweep_of(r->redis, r->keys, r->slots);
}

const struct keys *reader_keys(const struct reader *r, int partition)
{
	return &r->keys[slot_of(r, partition)];
}

void reader_touch(struct reader *r, int partition)
{
	r->touched[slot_of(r, partition)] = true;
}

struct pipeline *reader_begin(struct reader *r)
{
	pipeline_clear(&r->pipeline);
	memset(r->touched, 0, r->slots * sizeof(*r->touched));
	reader_touch(r, KEYS_DIRECTORY);
	return &r->pipeline;
}

const struct redisReply *reader_reply(const struct reader *r, size_t i)
{
	assert(r->marks_before + i < r->replies.count);
	return r->replies.list[r->marks_before + i];
}

bool reader_directory_unchanged(const struct reader *r)
{
	struct mark before;

	assert(r->marks_before > 0);
	mark_parse(&before, r->replies.list[r->marks_before - 1]); /* the last slot's */
	return mark_equal(&before, &r->directory);
}

int reader_fail_broken(const struct reader *r, const struct uuid *workspace_id, struct error *err)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, workspace_id);
	return error_set(
		err, ERROR_UNAVAILABLE,
		"the key %sws: of workspace %s in Redis at %s cannot be read; "
		"sharebus-consumer rebuilds it as soon as it finds that, so try again shortly",
		reader_keys(r, reader_partition(r, workspace_id))->base, id,
		redis_address(r->redis));
}

int reader_fail_damaged(const struct reader *r, int partition, const char *kind, struct error *err)
{
	const char *base = reader_keys(r, partition)->base;

	return error_set(err, ERROR_UNAVAILABLE,
			 "a key %s%s in Redis at %s is damaged; delete the key %smark there, to "
			 "have a running sharebus-consumer write all of them anew",
			 base, kind, redis_address(r->redis), base);
}

static int reader_roundtrip(struct reader *r, struct pipeline *p, int block_ms, struct error *err)
{
	int rc = redis_roundtrip_blocking(r->redis, p, block_ms, &r->replies, err);

	if (!rc)
		rc = replies_check(&r->replies, redis_address(r->redis), err);
	if (rc != ERROR_DAMAGED)
		return rc;
	if (err)
		err->code = ERROR_UNAVAILABLE; /* until the consumer has found it, too */
	return ERROR_UNAVAILABLE;
}

int reader_ask_blocking(struct reader *r, int block_ms, struct error *err)
{
	r->marks_before = 0;
	return reader_roundtrip(r, &r->pipeline, block_ms, err);
}

/* Returns 0 when the mark vouches for the data of its partition. */
static int check_mark(const struct reader *r, const struct mark *m, struct error *err)
{
	const char *address = redis_address(r->redis);

	if (m->state == MARK_MISSING)
		return error_set(err, ERROR_UNAVAILABLE,
				 "Redis at %s holds no complete grant index; see `sharebus "
				 "status`, or give the right --redis",
				 address);
	if (m->state == MARK_REBUILDING && m->layout < INDEX_LAYOUT)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the grant index in Redis at %s has layout %d, but this program "
				 "reads layout %d; start a sharebus-consumer of the same version, "
				 "which rebuilds it",
				 address, m->layout, INDEX_LAYOUT);
	if (m->state == MARK_REBUILDING)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"the grant index in Redis at %s is being rebuilt; try again shortly",
			address);
	return mark_check(m, &r->deployment, address, err);
}

static int fail_stale(const struct reader *r, size_t slot, int64_t applied, struct error *err)
{
	const char *address = redis_address(r->redis);
	long long required = (long long)r->required[slot];

	if (slot == r->slots - 1)
		return error_set(err, ERROR_STALE,
				 "the directory in Redis at %s is only at offset %lld, not yet at "
				 "%lld; try again shortly",
				 address, (long long)applied, required);
	return error_set(err, ERROR_STALE,
			 "the grant index in Redis at %s has not applied %zu:%lld yet (it is at "
			 "offset %lld); try again shortly",
			 address, slot, required - 1, (long long)applied);
}

/* A position says nothing when the log that it is in may be another than the index was made from. */
static int fail_suspect(const struct reader *r, size_t slot, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "Kafka's log of partition %zu does not seem to be the one that the grant "
			 "index in Redis at %s was made from, so nothing is as fresh as a position "
			 "in it; see what sharebus-consumer says of the partition",
			 slot, redis_address(r->redis));
}

/*
 * An index that goes on with another log has all that was required of the log
 * before: it keeps what was applied of that.
 */
static void note_log(struct reader *r, size_t slot, int64_t log)
{
	if (r->logs[slot] && r->logs[slot] < log + 1)
		r->required[slot] = 0;
	r->logs[slot] = log + 1;
}

/* Notes the mark of a slot as it was before the data, in that reply. */
static void note_before(struct reader *r, size_t slot, const redisReply *reply)
{
	struct mark whole;

	if (slot + 1 < r->slots) {
		mark_parse_glance(&r->before[slot], reply);
		return;
	}
	mark_parse(&whole, reply);
	r->before[slot] = mark_glance_of(&whole);
}

/*
 * Was the mark, which is good, of the same owner and in the same state before the data? And,
 * unless it was read as a whole now, when it last was?
 */
static bool is_same_owner(struct reader *r, size_t slot, const struct mark *m)
{
	const struct mark_glance *before = &r->before[slot];
	struct whole_mark *w = &r->wholes[slot];
	bool same = before->state == m->state && before->epoch == m->epoch &&
		    (w->asked || w->epoch == m->epoch);

	if (!same)
		w->until_ms = 0;
	else if (w->asked)
		*w = (struct whole_mark){ m->epoch, r->asked_ms + WHOLE_MS, true };
	return same;
}

/*
 * Checks the nth of the marks that were read, which is that of the slot, and notes what it says
 * of the directory. Sets *owner_changed when it had another owner or state before the data: a
 * good mark after the data alone proves nothing, for the partition may have been rebuilt between
 * the parts of the pipeline.
 */
static int check_slot(struct reader *r, size_t slot, size_t nth, bool *owner_changed,
		      struct error *err)
{
	const redisReply *after = reader_reply(r, r->pipeline.commands + nth);
	struct mark m;
	int rc = mark_take(&m, after, &r->keys[slot], redis_address(r->redis), err);

	if (!rc)
		rc = check_mark(r, &m, err);
	if (rc) {
		r->wholes[slot].until_ms = 0;
		return rc;
	}
	if (slot == r->slots - 1)
		r->directory = m;
	else if (m.directory > r->directory_needed)
		r->directory_needed = m.directory;
	note_log(r, slot, m.log);
	note_before(r, slot, r->replies.list[nth]);
	if (!is_same_owner(r, slot, &m))
		*owner_changed = true;
	return m.suspect && r->required[slot] > 0 ? fail_suspect(r, slot, err) : 0;
}

/*
 * Returns 0 when the data has all that is required. The mark before the data says so: what was
 * applied between the data and the mark after it is not in the data.
 */
static int check_required(const struct reader *r, struct error *err)
{
	for (size_t i = 0; i < r->slots; i++)
		if (r->touched[i] && r->before[i].applied < r->required[i])
			return fail_stale(r, i, r->before[i].applied, err);
	return 0;
}

/* ---- the age of an answer ---- */

/* "the directory", or "partition 3". */
static const char *name_slot(const struct reader *r, size_t slot, char out[static 32])
{
	if (slot == r->slots - 1)
		return "the directory";
	(void)snprintf(out, 32, "partition %zu", slot);
	return out;
}

static int fail_old(const struct reader *r, size_t slot, int64_t age_ms, struct error *err)
{
	const char *address = redis_address(r->redis);
	char room[32];
	const char *name = name_slot(r, slot, room);

	if (age_ms < 0)
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s of the grant index in Redis at %s was last looked at %.1f s "
				 "from now, for the clock of Redis went back; sharebus-consumer "
				 "mends that within a second, so try again shortly",
				 name, address, (double)-age_ms / 1000);
	return error_set(err, ERROR_UNAVAILABLE,
			 "no sharebus-consumer has looked at %s of the grant index in Redis at %s "
			 "for %.1f s, and an answer may be %.1f s old at most (max-age); start "
			 "sharebus-consumer, or see `sharebus status`",
			 name, address, (double)age_ms / 1000, (double)r->max_age_ms / 1000);
}

/*
 * A slot that the question rests on and whose mark has no stamp yet, or -1. Its
 * owner stamps it in its next turn, or died before.
 */
static int find_unseen(const struct reader *r)
{
	for (size_t i = 0; i < r->slots; i++)
		if (r->touched[i] && !r->before[i].looked)
			return (int)i;
	return -1;
}

static int fail_unseen(const struct reader *r, struct error *err)
{
	char room[32];

	return error_set(err, ERROR_UNAVAILABLE,
			 "no sharebus-consumer has looked at %s of the grant index in Redis at %s "
			 "yet; start sharebus-consumer",
			 name_slot(r, (size_t)find_unseen(r), room), redis_address(r->redis));
}

/*
 * Returns 0 when no mark that the answer rests on is too old. `reply` is the first of those to
 * what append_times() has appended: one for all slots, or two for each.
 */
static int check_age(const struct reader *r, size_t reply, struct error *err)
{
	if (r->own_times)
		reply++;
	for (size_t i = 0; i < r->slots; i++) {
		int64_t age_ms;
		int64_t now;

		if (!r->touched[i])
			continue;
		if (!reply_time(reader_reply(r, reply), &now))
			return error_set(err, ERROR_UNAVAILABLE,
					 "Redis at %s does not say what time it is; connect to the "
					 "Redis server itself",
					 redis_address(r->redis));
		age_ms = now - r->before[i].looked;
		if (age_ms > r->max_age_ms || age_ms < -r->max_age_ms)
			return fail_old(r, i, age_ms, err);
		reply += r->own_times ? 2 : 0;
	}
	return 0;
}

/* ---- asking ---- */

/*
 * Appends the question for the time, which is to come last. On a cluster each slot's node
 * is asked for its own, by a command just after one with a key of the slot (route.h).
 */
static void append_times(struct reader *r)
{
	static const char *const time[] = { "TIME", NULL };

	r->own_times = redis_is_cluster(r->redis);
	for (size_t i = 0; r->own_times && i < r->slots; i++) {
		if (!r->touched[i])
			continue;
		sweep_append_lead(&r->whole, &r->keys[i]);
		pipeline_texts(&r->whole, time);
	}
	if (!r->own_times)
		pipeline_texts(&r->whole, time);
}

/* What is known of marks is known of those on this connection. */
static void forget_marks(struct reader *r)
{
	if (r->connection == redis_connection(r->redis))
		return;
	r->connection = redis_connection(r->redis);
	for (size_t i = 0; i < r->slots; i++)
		r->wholes[i].until_ms = 0;
}

/* The command for a slot's mark after the data. Without data, the question is about the mark. */
static const struct pipeline *mark_after(struct reader *r, size_t slot)
{
	struct whole_mark *w = &r->wholes[slot];

	w->asked = slot + 1 == r->slots || !r->pipeline.commands || r->asked_ms >= w->until_ms;
	return w->asked ? &r->commands[slot].whole : &r->commands[slot].vouch;
}

/* The whole question: marks, data, marks, and the time. */
static void compose_question(struct reader *r)
{
	forget_marks(r);
	r->asked_ms = clock_monotonic_ms();
	pipeline_clear(&r->whole);
	for (size_t i = 0; i < r->slots; i++)
		if (r->touched[i])
			pipeline_append(&r->whole, &r->commands[i].before);
	pipeline_barrier(&r->whole);
	r->marks_before = r->whole.commands;
	pipeline_append(&r->whole, &r->pipeline);
	pipeline_barrier(&r->whole);
	for (size_t i = 0; i < r->slots; i++)
		if (r->touched[i])
			pipeline_append(&r->whole, mark_after(r, i));
	append_times(r);
}

/* Where it is only found now that this is a cluster, nobody knows whose time it was. */
static int ask_whole(struct reader *r, struct error *err)
{
	int rc;

	compose_question(r);
	rc = reader_roundtrip(r, &r->whole, 0, err);
	if (rc || r->own_times == redis_is_cluster(r->redis))
		return rc;
	compose_question(r);
	return reader_roundtrip(r, &r->whole, 0, err);
}

static int ask_once(struct reader *r, enum verdict *verdict, struct error *err)
{
	bool owner_changed = false;
	int rc = ask_whole(r, err);
	size_t marks = 0;

	r->directory_needed = 0;
	for (size_t i = 0; !rc && i < r->slots; i++)
		if (r->touched[i])
			rc = check_slot(r, i, marks++, &owner_changed, err);
	if (rc)
		return rc;
	if (owner_changed) {
		*verdict = VERDICT_OWNER_CHANGED;
		return 0;
	}
	rc = check_required(r, err);
	if (rc)
		return rc;
	if (find_unseen(r) >= 0) {
		*verdict = VERDICT_UNSEEN;
		return 0;
	}
	rc = check_age(r, r->pipeline.commands + marks, err);
	if (rc)
		return rc;
	if (r->directory.applied < r->directory_needed)
		*verdict = VERDICT_DIRECTORY_LAGS;
	else
		*verdict = VERDICT_GOOD;
	return 0;
}

static int fail_owner_changing(const struct reader *r, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "the grant index in Redis at %s keeps changing owners; try again shortly",
			 redis_address(r->redis));
}

static int fail_directory_lags(const struct reader *r, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "the directory in Redis at %s is only at offset %lld, but the grants "
			 "asked for rest on %lld; try again shortly",
			 redis_address(r->redis), (long long)r->directory.applied,
			 (long long)r->directory_needed);
}

static int ask_until_steady(struct reader *r, struct error *err)
{
	int64_t deadline_ms = 0;
	int owners = 0;

	for (;;) {
		enum verdict verdict;
		int rc = ask_once(r, &verdict, err);

		if (rc || verdict == VERDICT_GOOD)
			return rc;
		if (verdict == VERDICT_OWNER_CHANGED) {
			if (++owners == OWNER_TRIES)
				return fail_owner_changing(r, err);
			continue;
		}
		if (!deadline_ms)
			deadline_ms = clock_monotonic_ms() + r->timeout_ms;
		else if (clock_monotonic_ms() >= deadline_ms)
			return verdict == VERDICT_UNSEEN ? fail_unseen(r, err)
							 : fail_directory_lags(r, err);
		clock_pause_ms(PAUSE_MS);
	}
}

int reader_ask(struct reader *r, struct error *err)
{
	int rc;

	do
		rc = ask_until_steady(r, err);
	while (patience_lasts(r->patience, "the index in Redis", rc));
	return rc;
}

int reader_mark(struct reader *r, int partition, struct mark *out, struct error *err)
{
	int rc;

	(void)reader_begin(r);
	reader_touch(r, partition);
	rc = reader_ask(r, err);
	if (!rc)
		mark_parse(out, reader_reply(r, 0));
	return rc;
}

/*
 * Before the data only what check_slot() and check_required() want to know of a partition is
 * read, and after the data mostly what answers rest on: the marks are a good part of what a
 * pipeline of questions costs Redis. Of the directory's mark all is compared.
 */
static void make_commands(struct reader *r)
{
	for (size_t i = 0; i < r->slots; i++) {
		struct mark_commands *c = &r->commands[i];

		pipeline_init(&c->before);
		pipeline_init(&c->vouch);
		pipeline_init(&c->whole);
		if (i + 1 < r->slots)
			mark_append_glance(&c->before, &r->keys[i]);
		else
			mark_append_read(&c->before, &r->keys[i]);
		mark_append_vouch(&c->vouch, &r->keys[i]);
		mark_append_read(&c->whole, &r->keys[i]);
	}
}

static int allocate_slots(struct reader *r, const char *prefix, struct error *err)
{
	r->slots = (size_t)r->deployment.partitions + 1;
	r->keys = calloc(r->slots, sizeof(*r->keys));
	r->commands = calloc(r->slots, sizeof(*r->commands));
	r->wholes = calloc(r->slots, sizeof(*r->wholes));
	r->touched = calloc(r->slots, sizeof(*r->touched));
	r->required = calloc(r->slots, sizeof(*r->required));
	r->before = calloc(r->slots, sizeof(*r->before));
	r->logs = calloc(r->slots, sizeof(*r->logs));
	if (!r->keys || !r->commands || !r->wholes || !r->touched || !r->required || !r->before ||
	    !r->logs)
		return error_set(err, ERROR_NOMEM, "out of memory");
	for (size_t i = 0; i + 1 < r->slots; i++)
		keys_init(&r->keys[i], prefix, (int)i);
	keys_init(&r->keys[r->slots - 1], prefix, KEYS_DIRECTORY);
	make_commands(r);
	return 0;
}

/*
 * Learns from the directory's mark which deployment this is: every answer rests on it, and so
 * nothing else need be there to begin with.
 */
static int learn_deployment(struct reader *r, const char *prefix, struct error *err)
{
	struct keys directory;
	struct mark m;
	int rc;

	keys_init(&directory, prefix, KEYS_DIRECTORY);
	mark_append_read(&r->pipeline, &directory);
	rc = reader_roundtrip(r, &r->pipeline, 0, err);
	if (!rc)
		rc = mark_take(&m, r->replies.list[0], &directory, redis_address(r->redis), err);
	if (rc)
		return rc;
	r->deployment = m.deployment; /* check_mark() has nothing else to compare it with */
	rc = check_mark(r, &m, err);
	return rc ? rc : allocate_slots(r, prefix, err);
}

int reader_open(struct reader **out, const struct redis_target *redis, const char *prefix,
		int timeout_ms, struct error *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return error_set(err, ERROR_NOMEM, "out of memory");
	pipeline_init(&r->pipeline);
	pipeline_init(&r->whole);
	r->timeout_ms = timeout_ms;
	r->max_age_ms = READER_MAX_AGE_MS;
	rc = redis_new(&r->redis, redis, timeout_ms, err);
	if (!rc)
		rc = learn_deployment(r, prefix, err);
	if (rc)
		reader_close(&r);
	else
		*out = r;
	return rc;
}

void reader_close(struct reader **rp)
{
	struct reader *r = *rp;

	if (!r)
		return;
	redis_free(&r->redis);
	pipeline_done(&r->pipeline);
	pipeline_done(&r->whole);
	replies_done(&r->replies);
	for (size_t i = 0; r->commands && i < r->slots; i++) {
		pipeline_done(&r->commands[i].before);
		pipeline_done(&r->commands[i].vouch);
		pipeline_done(&r->commands[i].whole);
	}
	free(r->commands);
	free(r->wholes);
	free(r->keys);
	free(r->touched);
	free(r->required);
	free(r->before);
	free(r->logs);
	free(r);
	*rp = NULL;
}
