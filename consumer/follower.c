#include "consumer/follower.h"

#include "cache/clearing.h"
#include "consumer/arrivals.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

enum {
	POLL_MAX = 1000,          /* records a turn, so that the loop goes on */
	POLL_MAX_LOADING = 20000, /* nothing can be decided yet: only the group is kept waiting */
	PROJECTION_BYTES = 1024 * 1024, /* a step of projecting; one entity may be larger */
	REACH_STEP_MS = 5,
	GONE_MAX = 2 * POLL_MAX, /* ids; they are taken every turn */
	PARTITION = 0,
};

/* What Redis holds of the view. */
enum projecting {
	PROJECTING_NOT,     /* another process does it */
	PROJECTING_UNKNOWN, /* ours, but what Redis holds must be looked at */
	PROJECTING_CHANGES, /* Redis is as far as `mark`; changes since are in `projection` */
};

struct follower {
	rd_kafka_t *consumer;
	struct codec *codec;
	struct index *index;
	struct directory *directory;
	struct arena arena;
	int64_t position;
	bool complete;
	bool has_more;              /* the last poll ended at its bound */
	struct uuid gone[GONE_MAX]; /* since then; to be taken */
	size_t gone_count;
	bool gone_missed;
	enum projecting projecting;
	int64_t epoch; /* the least that the mark may have */
	struct mark mark;
	struct projection projection;
};

static int open_consumer(struct follower *f, const struct config *config, struct error *err)
{
	static const struct bus_setting settings[] = {
		{ "group.id", "sharebus-directory" }, /* required by the client, never used */
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "enable.partition.eof", "true" },
		{ "auto.offset.reset", "earliest" },
		{ "isolation.level", "read_committed" },
		{ "fetch.wait.max.ms", "100" },
		/* What is fetched ahead costs memory; it is read much faster than it comes. */
		{ "queued.max.messages.kbytes", "65536" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, config, settings, err);

	return rc ? rc : bus_open_consumer(&f->consumer, conf, err);
}

static int assign_from_start(struct follower *f, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_DIRECTORY), PARTITION)->offset =
		RD_KAFKA_OFFSET_BEGINNING;
	code = rd_kafka_assign(f->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "%s cannot be followed: %s",
				topic_name(TOPIC_DIRECTORY), rd_kafka_err2str(code))
		    : 0;
}

int follower_open(struct follower **out, const struct config *config, struct codec *codec,
		  struct index *index, const struct waker *waker, struct error *err)
{
	struct follower *f = memory_zalloc(1, sizeof(*f));
	int rc;

	f->codec = codec;
	f->index = index;
	f->directory = directory_new();
	arena_init(&f->arena);
	projection_init(&f->projection, index);
	rc = open_consumer(f, config, err);
	if (!rc)
		rc = assign_from_start(f, err);
	if (rc) {
		follower_close(&f);
		return rc;
	}
	arrivals_wake(f->consumer, waker);
	*out = f;
	return 0;
}

void follower_close(struct follower **fp)
{
	struct follower *f = *fp;

	if (!f)
		return;
	if (f->consumer)
		(void)rd_kafka_consumer_close(f->consumer);
	bus_close(&f->consumer);
	directory_free(&f->directory);
	projection_done(&f->projection);
	arena_done(&f->arena);
	free(f);
	*fp = NULL;
}

/* Changes are gathered only when Redis is known to be as far as the view was. */
static struct projection *gathering(struct follower *f)
{
	return f->projecting == PROJECTING_CHANGES ? &f->projection : NULL;
}

static void note_gone(struct follower *f, const struct uuid *id)
{
	if (!f->complete)
		return;
	if (f->gone_count < GONE_MAX)
		f->gone[f->gone_count++] = *id;
	else
		f->gone_missed = true;
}

static void take_fact(struct follower *f, const struct record *r, int64_t offset)
{
	if (!directory_put(f->directory, r, gathering(f)))
		log_warn("%s offset %lld is passed over: %s does not belong there",
			 topic_name(TOPIC_DIRECTORY), (long long)offset, record_name(r->type));
	else if (r->type == RECORD_USER_CHANGED && r->as.user_changed.status == USER_DELETED)
		note_gone(f, &r->as.user_changed.id);
}

/* What is gone from the log is as if it had never been there: the switch is on. */
static void take_tombstone(struct follower *f, struct bytes key, int64_t offset)
{
	const struct record on = { .type = RECORD_DEPLOYMENT_CHANGED,
				   .as.deployment_changed = { .sharing_enabled = true } };
	struct uuid id;

	if (bytes_equal_text(key, "deployment"))
		take_fact(f, &on, offset);
	if (uuid_parse(&id, key))
		return;
	directory_forget(f->directory, &id, gathering(f));
	note_gone(f, &id);
}

static void take_record(struct follower *f, const rd_kafka_message_t *m)
{
	struct error err = { 0 };
	struct record r;

	if (!m->payload) {
		take_tombstone(f, (struct bytes){ m->key, m->key_len }, m->offset);
		return;
	}
	if (codec_decode(f->codec, (struct bytes){ m->payload, m->len }, &f->arena, &r, &err))
		log_warn("%s offset %lld is passed over: %s", topic_name(TOPIC_DIRECTORY),
			 (long long)m->offset, err.text);
	else
		take_fact(f, &r, m->offset);
	arena_reset(&f->arena);
}

static int take_message(struct follower *f, const rd_kafka_message_t *m, struct error *err)
{
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		f->position = m->offset;
		f->complete = true;
		return 0;
	}
	if (m->err)
		return error_set(err, ERROR_UNAVAILABLE, "%s: %s", topic_name(TOPIC_DIRECTORY),
				 rd_kafka_message_errstr(m));
	take_record(f, m);
	f->position = m->offset + 1;
	return 0;
}

int follower_poll(struct follower *f, int wait_ms, struct error *err)
{
	int max = f->complete ? POLL_MAX : POLL_MAX_LOADING;
	rd_kafka_message_t *m = NULL;
	int rc = 0;

	/* What is gathered goes to Redis in one step, which others wait for. */
	for (int i = 0; !rc && i < max; i++) {
		if (i && projection_size(&f->projection) >= PROJECTION_BYTES)
			break;
		m = rd_kafka_consumer_poll(f->consumer, i ? 0 : wait_ms);
		if (!m)
			break;
		rc = take_message(f, m, err);
		rd_kafka_message_destroy(m);
	}
	f->has_more = m != NULL;
	return rc;
}

bool follower_has_more(const struct follower *f)
{
	return f->has_more;
}

bool follower_is_complete(const struct follower *f)
{
	return f->complete;
}

int64_t follower_position(const struct follower *f)
{
	return f->position;
}

/* The end as our own isolation level sees it: what the author of an offset saw is before it. */
int follower_end(struct follower *f, int64_t *end, struct error *err)
{
	int64_t low;

	return bus_range(f->consumer, TOPIC_DIRECTORY, PARTITION, &low, end, err);
}

int follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	int64_t end = INT64_MAX;
	int rc = follower_poll(f, 0, err);

	if (!rc && f->position < offset)
		rc = follower_end(f, &end, err);
	while (!rc && f->position < offset && f->position < end) {
		if (clock_monotonic_ms() > deadline)
			return error_set(err, ERROR_UNAVAILABLE,
					 "%s: timed out at offset %lld, waiting for %lld",
					 topic_name(TOPIC_DIRECTORY), (long long)f->position,
					 (long long)offset);
		rc = follower_poll(f, REACH_STEP_MS, err);
	}
	return rc;
}

bool follower_next_gone(struct follower *f, struct uuid *id)
{
	if (!f->gone_count)
		return false;
	*id = f->gone[--f->gone_count];
	return true;
}

bool follower_missed_gone(struct follower *f)
{
	bool missed = f->gone_missed;

	f->gone_missed = false;
	return missed;
}

const struct directory *follower_directory(const struct follower *f)
{
	return f->directory;
}

void follower_own(struct follower *f, bool own, int64_t epoch)
{
	f->epoch = epoch;
	f->projecting = own ? PROJECTING_UNKNOWN : PROJECTING_NOT;
	pipeline_clear(&f->projection.pipeline);
}

/* Claims the directory's mark, if it is still as seen; what is behind it stays as it is. */
static int claim_mark(struct follower *f, const struct mark *seen, enum mark_state state,
		      int64_t applied, struct error *err)
{
	int rc;

	f->mark = *seen;
	f->mark.state = state;
	f->mark.applied = applied;
	f->mark.epoch = f->epoch;
	rc = index_claim(f->index, KEYS_DIRECTORY, seen, &f->mark, err);
	f->epoch = f->mark.epoch + 1; /* an epoch is taken once */
	return rc;
}

/* Writes what was gathered; Redis must be as we left it. */
static int write_changes(struct follower *f, enum mark_state state, int64_t applied,
			 struct error *err)
{
	const struct mark seen = f->mark;

	f->mark.state = state;
	f->mark.applied = applied;
	return projection_write(f->index, &f->projection, &seen, &f->mark, err);
}

static int clear_keys(struct follower *f, struct error *err)
{
	struct clearing all = { .partition = KEYS_DIRECTORY, .ours = &f->mark };
	uint64_t cursor = 0;
	int rc = clearing_step(f->index, &all, 1, &cursor, err);

	while (!rc && cursor)
		rc = clearing_step(f->index, &all, 1, &cursor, err);
	pipeline_done(&all.body);
	return rc;
}

/* Everything anew: readers get `unavailable` until the last piece is written. */
static int project_all(struct follower *f, const struct mark *seen, struct error *err)
{
	bool more = true;
	const struct entity *at = NULL;
	int rc = claim_mark(f, seen, MARK_REBUILDING, 0, err);

	if (!rc)
		rc = clear_keys(f, err);
	while (!rc && more) {
		more = directory_project(f->directory, &f->projection, &at, PROJECTION_BYTES);
		rc = write_changes(f, more ? MARK_REBUILDING : MARK_READY, more ? 0 : f->position,
				   err);
	}
	if (!rc)
		log_info("projected the directory as of offset %lld", (long long)f->position);
	return rc;
}

static int project_first(struct follower *f, struct error *err)
{
	struct mark seen;
	int rc = index_read_mark(f->index, KEYS_DIRECTORY, &seen, err);

	if (rc)
		return rc;
	if (seen.state == MARK_READY && seen.applied == f->position)
		rc = claim_mark(f, &seen, MARK_READY, f->position, err);
	else
		rc = project_all(f, &seen, err);
	if (!rc)
		f->projecting = PROJECTING_CHANGES;
	return rc;
}

static int project_changes(struct follower *f, struct error *err)
{
	int rc;

	if (f->mark.applied == f->position)
		return 0;
	rc = write_changes(f, MARK_READY, f->position, err);
	if (rc)
		f->projecting = PROJECTING_UNKNOWN;
	return rc;
}

int follower_project(struct follower *f, struct error *err)
{
	int rc = 0;

	if (!f->complete || f->projecting == PROJECTING_NOT)
		return 0;
	if (f->projecting == PROJECTING_UNKNOWN)
		rc = project_first(f, err);
	else
		rc = project_changes(f, err);
	/* Somebody else claimed it, or Redis went back: look again, the group knows who owns it. */
	if (rc == ERROR_FENCED)
		f->projecting = PROJECTING_UNKNOWN;
	return rc == ERROR_FENCED ? 0 : rc;
}

int follower_watch(struct follower *f, struct error *err)
{
	struct mark now;
	int rc;

	if (f->projecting != PROJECTING_CHANGES)
		return 0;
	rc = index_read_mark(f->index, KEYS_DIRECTORY, &now, err);
	if (rc || mark_equal(&now, &f->mark))
		return rc;
	log_warn("the directory's mark in Redis is gone or has gone back; projecting it anew");
	f->projecting = PROJECTING_UNKNOWN;
	pipeline_clear(&f->projection.pipeline);
	return 0;
}
