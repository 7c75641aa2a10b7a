#include "consumer/follower.h"

#include "consumer/arrivals.h"
#include "consumer/judge.h"
#include "consumer/prober.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

enum {
	POLL_MAX = 1000,             /* records of one poll: the loop has other stages */
	POLL_MAX_LOADING = 20000,    /* while loading, when they have nothing to decide */
	CHANGES_BYTES = 1024 * 1024, /* gathered in one poll; a single entity may be larger */
	REACH_STEP_MS = 5,
	GONE_IDS_MAX = 2 * POLL_MAX, /* the reaper takes them every turn */
	PARTITION = 0,               /* the topic has only one */
	NONE_ACCEPTED = -1,
};

/* A batch that cannot be unpacked, where the follower has stopped. */
struct stop {
	struct error why;      /* code 0: it has not stopped */
	int64_t first;         /* the batch's first offset */
	struct prober *prober; /* not NULL: the batch is being passed over, once its end is known */
};

struct follower {
	const struct config *config;
	const struct waker *waker;
	rd_kafka_t *consumer;
	int64_t accepted; /* batches up to this offset may be passed over; NONE_ACCEPTED */
	struct stop stop;
	struct codec *codec;
	struct directory *directory; /* the view */
	struct projector projector;
	struct arena arena; /* for one record */
	int64_t position;   /* the view has everything before it */
	bool complete;      /* the view has reached the topic's end once */
	bool has_more;      /* the last poll stopped at its bound */
	struct uuid gone[GONE_IDS_MAX];
	size_t gone_count; /* for follower_next_gone() */
	bool gone_missed;  /* for follower_missed_gone() */
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
		/* Fetching ahead takes memory and gains little: records are read faster than they arrive. */
		{ "queued.max.messages.kbytes", "65536" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, config, settings, err);

	return rc ? rc : bus_open_consumer(&f->consumer, conf, err);
}

static int assign_from(struct follower *f, int64_t offset, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_DIRECTORY), PARTITION)->offset =
		offset;
	code = rd_kafka_assign(f->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "%s cannot be followed: %s",
				topic_name(TOPIC_DIRECTORY), rd_kafka_err2str(code))
		    : 0;
}

static int read_accepted(struct follower *f, struct error *err)
{
	f->accepted = NONE_ACCEPTED;
	if (!config_get(f->config, "accept-lost-directory"))
		return 0;
	return config_get_number(f->config, "accept-lost-directory", 0, INT64_MAX, &f->accepted,
				 err);
}

int follower_open(struct follower **out, const struct config *config, struct codec *codec,
		  struct index *index, const struct waker *waker, struct error *err)
{
	struct follower *f = memory_zalloc(1, sizeof(*f));
	int rc;

	f->config = config;
	f->waker = waker;
	f->codec = codec;
	f->directory = directory_new();
	arena_init(&f->arena);
	projector_init(&f->projector, index);
	rc = read_accepted(f, err);
	if (!rc)
		rc = open_consumer(f, config, err);
	if (!rc)
		rc = assign_from(f, RD_KAFKA_OFFSET_BEGINNING, err);
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
	prober_close(&f->stop.prober);
	if (f->consumer)
		(void)rd_kafka_consumer_close(f->consumer);
	bus_close(&f->consumer);
	directory_free(&f->directory);
	projector_done(&f->projector);
	arena_done(&f->arena);
	free(f);
	*fp = NULL;
}

static void note_gone(struct follower *f, const struct uuid *id)
{
	if (!f->complete)
		return;
	if (f->gone_count < GONE_IDS_MAX)
		f->gone[f->gone_count++] = *id;
	else
		f->gone_missed = true;
}

/*
 * Says once, loudly, that a record is passed over. id is that of its key; NULL: it
 * has none, so compaction will not keep it in the place of another.
 */
static void pass_over(struct follower *f, const struct uuid *id, int64_t offset,
		      const struct error *why)
{
	bool shadows = id && directory_shadow(f->directory, id, projector_changes(&f->projector));
	char key[UUID_TEXT_SIZE] = "deployment";

	if (id && !uuid_is_nil(id))
		uuid_format(key, id);
	log_warn("%s offset %lld%s%s is passed over: %s%s", topic_name(TOPIC_DIRECTORY),
		 (long long)offset, id ? ", key " : "", id ? key : "", why->text,
		 shadows ? "; what was known stays, but announce it again (sharebus directory "
			   "apply): after compaction only this record is left"
			 : "");
}

/* The group of everyone is known by its organization; Coder's API lists it as a group. */
static void note_everyone(struct follower *f, const struct uuid *id, int64_t offset)
{
	const struct error unknown = { ERROR_INPUT,
				       "it is the group of everyone in an organization that the "
				       "directory does not have; announce the organization" };
	char text[UUID_TEXT_SIZE];

	if (!directory_organization(f->directory, id)) {
		pass_over(f, id, offset, &unknown);
		return;
	}
	if (!directory_shadow(f->directory, id, projector_changes(&f->projector)))
		return;
	uuid_format(text, id);
	log_info("%s offset %lld is the group of everyone in organization %s, which needs no "
		 "record; announce the organization again (sharebus directory apply), because "
		 "both have one key",
		 topic_name(TOPIC_DIRECTORY), (long long)offset, text);
}

static void apply_fact(struct follower *f, const struct uuid *key, const struct record *r,
		       int64_t offset)
{
	struct error why = { 0 };

	switch (judge_fact(f->directory, key, r, &why)) {
	case VERDICT_TAKE:
		(void)directory_put(f->directory, r, projector_changes(&f->projector));
		if (r->type == RECORD_USER_CHANGED && r->as.user_changed.status == USER_DELETED)
			note_gone(f, key);
		return;
	case VERDICT_EVERYONE:
		note_everyone(f, key, offset);
		return;
	case VERDICT_PASS_OVER:
		pass_over(f, key, offset, &why);
		return;
	}
}

/* A tombstone makes its entity unknown. Without a fact on the deployment, sharing is on. */
static void apply_tombstone(struct follower *f, const struct uuid *key, int64_t offset)
{
	const struct record on = { .type = RECORD_DEPLOYMENT_CHANGED,
				   .as.deployment_changed = { .sharing_enabled = true } };

	if (uuid_is_nil(key)) {
		apply_fact(f, key, &on, offset);
		return;
	}
	directory_forget(f->directory, key, projector_changes(&f->projector));
	note_gone(f, key);
}

static void apply_record(struct follower *f, const rd_kafka_message_t *m)
{
	struct error err = { 0 };
	struct uuid key;
	struct record r;

	if (judge_key((struct bytes){ m->key, m->key_len }, &key, &err))
		pass_over(f, NULL, m->offset, &err);
	else if (!m->payload)
		apply_tombstone(f, &key, m->offset);
	else if (codec_decode(f->codec, (struct bytes){ m->payload, m->len }, &f->arena, &r, &err))
		pass_over(f, &key, m->offset, &err);
	else
		apply_fact(f, &key, &r, m->offset);
	arena_reset(&f->arena);
}

/* ---- batches that cannot be unpacked ---- */

/* The batch comes again with each fetch. */
static void stop_at(struct follower *f, const rd_kafka_message_t *m)
{
	struct stop *s = &f->stop;

	if (s->why.code && s->first == m->offset)
		return;
	prober_close(&s->prober);
	s->first = m->offset;
	(void)error_set(&s->why, ERROR_REFUSED,
			"%s: the batch at offset %lld cannot be unpacked (%s), so nobody knows "
			"what it changed: the directory is not ready until a person decides to go "
			"on without it, with --accept-lost-directory %lld at all consumers, and "
			"then announces the directory again",
			topic_name(TOPIC_DIRECTORY), (long long)m->offset,
			rd_kafka_message_errstr(m), (long long)m->offset);
	if (s->first > f->accepted)
		log_error("%s", s->why.text);
}

static int begin_probing(struct follower *f, struct error *err)
{
	int rc = prober_open(&f->stop.prober, f->config, TOPIC_DIRECTORY, f->waker, err);

	if (!rc)
		rc = prober_begin(f->stop.prober, PARTITION, f->stop.first, err);
	if (rc)
		prober_close(&f->stop.prober);
	return rc;
}

/* Goes on after the batch, once it is known where it ends. */
static int skip_batch(struct follower *f, struct error *err)
{
	int64_t end = 0;
	int rc = 0;

	if (!f->stop.why.code || f->stop.first > f->accepted)
		return 0;
	if (!f->stop.prober)
		rc = begin_probing(f, err);
	if (!rc)
		rc = prober_step(f->stop.prober, &end, err);
	if (rc == PROBED_END)
		rc = assign_from(f, end, err);
	else
		return rc;
	prober_close(&f->stop.prober);
	if (rc)
		return rc;
	log_warn("%s: the offsets from %lld to %lld cannot be unpacked and are passed over, which "
		 "is accepted; announce the directory again, if that has not been done since",
		 topic_name(TOPIC_DIRECTORY), (long long)f->stop.first, (long long)end - 1);
	f->stop = (struct stop){ 0 };
	return 0;
}

static void end_stop(struct follower *f)
{
	if (!f->stop.why.code)
		return;
	log_warn("%s: the batch at offset %lld, which cannot be unpacked, is gone from the log; "
		 "announce the directory again",
		 topic_name(TOPIC_DIRECTORY), (long long)f->stop.first);
	prober_close(&f->stop.prober);
	f->stop = (struct stop){ 0 };
}

const struct error *follower_trouble(const struct follower *f)
{
	return &f->stop.why;
}

/* ---- following ---- */

/* The client has given us a record, the topic's end, a batch that it cannot unpack, or an error. */
static int handle_message(struct follower *f, const rd_kafka_message_t *m, struct error *err)
{
	if (bus_is_unreadable(m)) {
		stop_at(f, m);
		return 0;
	}
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || !m->err)
		end_stop(f);
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		f->position = m->offset;
		f->complete = true;
		return 0;
	}
	if (m->err)
		return error_set(err, ERROR_UNAVAILABLE, "%s: %s", topic_name(TOPIC_DIRECTORY),
				 rd_kafka_message_errstr(m));
	apply_record(f, m);
	f->position = m->offset + 1;
	return 0;
}

int follower_poll(struct follower *f, int wait_ms, struct error *err)
{
	int max = f->complete ? POLL_MAX : POLL_MAX_LOADING;
	rd_kafka_message_t *m = NULL;
	int rc = 0;

	/* Changes are written to Redis in one step, for which the other stages wait: so it is bounded. */
	for (int i = 0; !rc && i < max; i++) {
		if (i && projector_size(&f->projector) >= CHANGES_BYTES)
			break;
		m = rd_kafka_consumer_poll(f->consumer, i ? 0 : wait_ms);
		if (!m)
			break;
		rc = handle_message(f, m, err);
		rd_kafka_message_destroy(m);
	}
	f->has_more = m != NULL;
	return rc ? rc : skip_batch(f, err);
}

bool follower_has_more(const struct follower *f)
{
	return f->has_more || (f->complete && projector_lags(&f->projector, f->position));
}

bool follower_is_complete(const struct follower *f)
{
	return f->complete;
}

int64_t follower_position(const struct follower *f)
{
	return f->position;
}

/* The end is that of read_committed, beyond which no author can have seen anything. */
int follower_end(struct follower *f, int64_t *end, struct error *err)
{
	int64_t low;

	return bus_range(f->consumer, TOPIC_DIRECTORY, PARTITION, &low, end, err);
}

int64_t follower_high(const struct follower *f)
{
	return bus_high(f->consumer, TOPIC_DIRECTORY, PARTITION);
}

int follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + wait_ms;
	int64_t end = INT64_MAX;
	int rc = follower_poll(f, 0, err);

	if (!rc && f->position < offset)
		rc = follower_end(f, &end, err);
	while (!rc && f->position < offset && f->position < end) {
		if (clock_monotonic_ms() > deadline_ms)
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
	projector_own(&f->projector, own, epoch);
}

bool follower_owns(const struct follower *f)
{
	return f->projector.state != PROJECTING_NOT;
}

int follower_project(struct follower *f, struct error *err)
{
	if (f->stop.why.code)
		return f->stop.first > f->accepted ? projector_hold(&f->projector, err) : 0;
	return f->complete ? projector_write(&f->projector, f->directory, f->position, err) : 0;
}

int follower_watch(struct follower *f, struct error *err)
{
	return projector_check(&f->projector, err);
}
