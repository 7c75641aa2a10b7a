#include "cache/reader.h"

#include "cache/redis.h"
#include "ops/support/clock.h"
#include "schemas/murmur2.h"

#include <stdlib.h>

enum {
	OWNER_TRIES = 5, /* an owner changes once in hours */
	PAUSE_MS = 2,    /* while the directory is written */
};

/* What the marks around a question say of it. */
enum asked {
	ASKED_WELL,
	ASKED_TWO_OWNERS,       /* a partition changed hands meanwhile */
	ASKED_DIRECTORY_BEHIND, /* the directory is not as far as a partition wants it */
};

struct reader {
	struct redis *redis;
	struct deployment deployment;
	struct keys *keys;        /* one per partition, then the directory's */
	bool *touched;            /* the same */
	int64_t *required;        /* the same: what `applied` must be at least */
	size_t slots;             /* partitions + 1 */
	struct pipeline pipeline; /* the question */
	struct pipeline whole;    /* marks, the question, marks */
	struct replies replies;
	int timeout_ms;
	size_t front;          /* of the replies are marks in front of the question */
	struct mark directory; /* behind the last question */
	int64_t wanted;        /* how far it must be, as the partitions touched say */
};

static size_t slot_of(const struct reader *r, int partition)
{
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

const struct mark *reader_directory(const struct reader *r)
{
	return &r->directory;
}

void reader_require(struct reader *r, int partition, int64_t offset)
{
	int64_t *required = &r->required[slot_of(r, partition)];

	if (*required < offset)
		*required = offset;
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
	return r->replies.list[r->front + i];
}

/* All questions touch the directory, whose slot is the last. */
bool reader_directory_stood(const struct reader *r)
{
	struct mark before;

	mark_parse(&before, r->replies.list[r->front - 1]);
	return mark_equal(&before, &r->directory);
}

static int go(struct reader *r, struct pipeline *p, int block_ms, struct error *err)
{
	int rc = redis_roundtrip_blocking(r->redis, p, block_ms, &r->replies, err);

	return rc ? rc : replies_check(&r->replies, redis_address(r->redis), err);
}

int reader_ask_blocking(struct reader *r, int block_ms, struct error *err)
{
	r->front = 0;
	return go(r, &r->pipeline, block_ms, err);
}

/* Is the mark good enough to believe what was read before it? */
static int check_mark(struct reader *r, const struct mark *m, struct error *err)
{
	const char *address = redis_address(r->redis);

	if (m->state == MARK_MISSING)
		return error_set(err, ERROR_UNAVAILABLE,
				 "Redis at %s holds no complete grant index; start "
				 "sharebus-consumer, or give the right --redis",
				 address);
	if (m->state == MARK_REBUILDING && m->layout < INDEX_LAYOUT)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the grant index in Redis at %s has layout %d, this program reads "
				 "layout %d; a sharebus-consumer of its version makes it anew",
				 address, m->layout, INDEX_LAYOUT);
	if (m->state == MARK_REBUILDING)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"the grant index in Redis at %s is being rebuilt; try again shortly",
			address);
	return mark_check(m, &r->deployment, address, err);
}

/* reply: that of the slot's mark behind the question. */
static int check_slot(struct reader *r, size_t slot, size_t reply, struct error *err)
{
	struct mark m;
	int rc;

	mark_parse(&m, reader_reply(r, reply));
	rc = check_mark(r, &m, err);
	if (rc)
		return rc;
	if (slot == r->slots - 1)
		r->directory = m;
	else if (m.directory > r->wanted)
		r->wanted = m.directory;
	if (m.applied < r->required[slot])
		return error_set(err, ERROR_STALE,
				 "the grant index in Redis at %s is not yet as far as %zu:%lld "
				 "(it is at %lld)",
				 redis_address(r->redis), slot, (long long)r->required[slot] - 1,
				 (long long)m.applied);
	return 0;
}

static void append_marks(struct reader *r)
{
	for (size_t i = 0; i < r->slots; i++)
		if (r->touched[i])
			mark_append_read(&r->whole, &r->keys[i]);
}

/*
 * Were all the owners there before and behind the question, and the same? A
 * mark behind it that is good says nothing of a partition that was only then
 * rebuilt: the question's parts need not reach Redis at once.
 */
static bool same_owners(const struct reader *r)
{
	for (size_t i = 0; i < r->front; i++) {
		struct mark before;
		struct mark behind;

		mark_parse(&before, r->replies.list[i]);
		mark_parse(&behind, reader_reply(r, r->pipeline.commands + i));
		if (before.state != behind.state || before.epoch != behind.epoch)
			return false;
	}
	return true;
}

static int ask_once(struct reader *r, enum asked *asked, struct error *err)
{
	size_t reply = r->pipeline.commands;
	int rc;

	pipeline_clear(&r->whole);
	append_marks(r);
	r->front = r->whole.commands;
	buffer_append(&r->whole.bytes, r->pipeline.bytes.data, r->pipeline.bytes.len);
	r->whole.commands += r->pipeline.commands;
	append_marks(r);
	rc = go(r, &r->whole, 0, err);
	r->wanted = 0;
	for (size_t i = 0; !rc && i < r->slots; i++)
		if (r->touched[i])
			rc = check_slot(r, i, reply++, err);
	if (rc)
		return rc;
	*asked = !same_owners(r)                    ? ASKED_TWO_OWNERS
		 : r->directory.applied < r->wanted ? ASKED_DIRECTORY_BEHIND
						    : ASKED_WELL;
	return 0;
}

static int keeps_changing(const struct reader *r, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "the grant index in Redis at %s keeps changing hands; try again shortly",
			 redis_address(r->redis));
}

static int stays_behind(const struct reader *r, struct error *err)
{
	return error_set(
		err, ERROR_UNAVAILABLE,
		"the directory in Redis at %s is at %lld, but what is shared rests on %lld; "
		"try again shortly",
		redis_address(r->redis), (long long)r->directory.applied, (long long)r->wanted);
}

int reader_ask(struct reader *r, struct error *err)
{
	int64_t deadline = 0;
	int owners = 0;

	for (;;) {
		enum asked asked;
		int rc = ask_once(r, &asked, err);

		if (rc || asked == ASKED_WELL)
			return rc;
		if (asked == ASKED_TWO_OWNERS) {
			if (++owners == OWNER_TRIES)
				return keeps_changing(r, err);
			continue;
		}
		if (!deadline)
			deadline = clock_monotonic_ms() + r->timeout_ms;
		else if (clock_monotonic_ms() >= deadline)
			return stays_behind(r, err);
		clock_pause_ms(PAUSE_MS);
	}
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

/* The first partition's mark says how many there are. */
static int learn(struct reader *r, const char *prefix, struct error *err)
{
	struct keys first;
	struct mark m;
	int rc;

	keys_init(&first, prefix, 0);
	mark_append_read(&r->pipeline, &first);
	rc = go(r, &r->pipeline, 0, err);
	if (rc)
		return rc;
	mark_parse(&m, r->replies.list[0]);
	r->deployment = m.deployment; /* there is nothing yet to compare it with */
	rc = check_mark(r, &m, err);
	if (rc)
		return rc;
	r->slots = (size_t)m.deployment.partitions + 1;
	r->keys = calloc(r->slots, sizeof(*r->keys));
	r->touched = calloc(r->slots, sizeof(*r->touched));
	r->required = calloc(r->slots, sizeof(*r->required));
	if (!r->keys || !r->touched || !r->required)
		return error_set(err, ERROR_NOMEM, "out of memory");
	for (size_t i = 0; i + 1 < r->slots; i++)
		keys_init(&r->keys[i], prefix, (int)i);
	keys_init(&r->keys[r->slots - 1], prefix, KEYS_DIRECTORY);
	return 0;
}

int reader_open(struct reader **out, const char *address, const char *prefix, int timeout_ms,
		struct error *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return error_set(err, ERROR_NOMEM, "out of memory");
	pipeline_init(&r->pipeline);
	pipeline_init(&r->whole);
	r->timeout_ms = timeout_ms;
	rc = redis_new(&r->redis, address, timeout_ms, err);
	if (!rc)
		rc = learn(r, prefix, err);
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
	free(r->keys);
	free(r->touched);
	free(r->required);
	free(r);
	*rp = NULL;
}
