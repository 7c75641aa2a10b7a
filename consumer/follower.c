#include "consumer/follower.h"

#include "consumer/arrivals.h"
#include "consumer/judge.h"
#include "consumer/message.h"
#include "consumer/omissions.h"
#include "consumer/prober.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"
#include "schemas/preferences.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	POLL_MAX = 1000,             /* records of one poll: the loop has other stages */
	POLL_MAX_LOADING = 20000,    /* while loading, when they have nothing to decide */
	CHANGES_BYTES = 1024 * 1024, /* gathered in one poll; a single entity may be larger */
	REACH_STEP_MS = 5,
	GONE_IDS_MAX = 2 * POLL_MAX, /* the reaper takes them every turn */
	PARTITION = 0,               /* the topic has only one */
	NONE_ACCEPTED = -1,
	OMISSIONS_TOLD = 10,
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
	struct signing *signing;     /* NULL: no keys are configured */
	struct directory *directory; /* the view */
	struct omissions *omissions; /* NULL once the view is complete */
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
	const struct bus_setting settings[] = {
		{ "group.id", config_get(config, "consumer-group") }, /* it does not join it */
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
	f->omissions = omissions_new();
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
	omissions_free(&f->omissions);
	projector_done(&f->projector);
	arena_done(&f->arena);
	free(f);
	*fp = NULL;
}

void follower_trust(struct follower *f, struct signing *s)
{
	f->signing = s;
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

/* ---- what is passed over ---- */

static void name_key(char out[UUID_TEXT_SIZE], const struct uuid *id)
{
	if (uuid_is_nil(id))
		(void)snprintf(out, UUID_TEXT_SIZE, "deployment");
	else
		uuid_format(out, id);
}

static const char *remedy_of(bool known)
{
	return known ? "; what was known stays, but announce it again (sharebus directory apply): "
		       "after compaction only this record is left"
		     : "";
}

/*
 * A record is passed over, which is told loudly; while the topic is read from its
 * beginning, only at its end, if no later record has made up for it. id is that of its
 * key; NULL: it has none, so compaction will not keep it in the place of another.
 */
static void pass_over(struct follower *f, const struct uuid *id, int64_t offset,
		      const struct error *why)
{
	bool shadows = id && directory_shadow(f->directory, id, projector_changes(&f->projector));
	char key[UUID_TEXT_SIZE] = "";

	if (id)
		name_key(key, id);
	if (f->omissions)
		omissions_add(f->omissions, id, offset, why->text, shadows);
	(f->omissions ? log_debug : log_warn)(
		"%s offset %lld%s%s is passed over: %s%s", topic_name(TOPIC_DIRECTORY),
		(long long)offset, id ? ", key " : "", key, why->text, remedy_of(shadows));
}

/* A record under this id was taken. */
static void make_up(struct follower *f, const struct uuid *id)
{
	if (f->omissions)
		omissions_drop(f->omissions, id);
}

static void tell_omission(const struct omission *one)
{
	char key[UUID_TEXT_SIZE];

	name_key(key, &one->id);
	log_warn("%s offset %lld, key %s, the last of its key, is passed over: %s%s",
		 topic_name(TOPIC_DIRECTORY), (long long)one->offset, key,
		 one->reason ? one->reason : "see the log at level debug", remedy_of(one->known));
}

/* The topic has been read to its end: what was passed over and still matters. */
static void tell_omissions(struct follower *f)
{
	struct omission told[OMISSIONS_TOLD];
	size_t records = omissions_records(f->omissions);
	size_t missed = omissions_missed(f->omissions);
	size_t keys = omissions_list(f->omissions, told, OMISSIONS_TOLD);

	for (size_t i = 0; i < keys && i < OMISSIONS_TOLD; i++)
		tell_omission(&told[i]);
	if (keys > OMISSIONS_TOLD)
		log_warn("%s: and %zu more keys whose last record is passed over; the log at level "
			 "debug has each",
			 topic_name(TOPIC_DIRECTORY), keys - OMISSIONS_TOLD);
	if (missed)
		log_warn("%s: %zu more records are passed over than can be followed",
			 topic_name(TOPIC_DIRECTORY), missed);
	if (records)
		log_info("%s: %zu records were passed over while it was read from its beginning; "
			 "%zu of its keys have no later record that was taken",
			 topic_name(TOPIC_DIRECTORY), records, keys);
	omissions_free(&f->omissions);
}

/* ---- what is taken ---- */

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
		make_up(f, key);
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
	make_up(f, key);
	note_gone(f, key);
}

/* Preferences stand under a key of their own. r is NULL for a tombstone. */
static void apply_preferences(struct follower *f, const struct uuid *user_id,
			      const struct record *r, int64_t offset)
{
	struct error why = { 0 };

	if (!r)
		directory_forget_preferences(f->directory, user_id,
					     projector_changes(&f->projector));
	else if (judge_preferences(user_id, r, &why) == VERDICT_TAKE)
		(void)directory_put(f->directory, r, projector_changes(&f->projector));
	else
		pass_over(f, NULL, offset, &why);
}

/*
 * A record that counts if it is signed as it must be; r is NULL for a tombstone, and
 * key for preferences.
 */
static void apply_signed(struct follower *f, const struct message *m, const struct uuid *key,
			 const struct record *r)
{
	struct uuid user_id;

	const struct author author = message_author(m, topic_name(TOPIC_DIRECTORY), f->signing);
	struct error why = { 0 };

	if (author_refuse(&author, r, &why))
		pass_over(f, key, m->offset, &why);
	else if (preferences_parse_key(m->key, &user_id))
		apply_preferences(f, &user_id, r, m->offset);
	else if (r)
		apply_fact(f, key, r, m->offset);
	else
		apply_tombstone(f, key, m->offset);
}

static void apply_record(struct follower *f, const struct message *m)
{
	struct error err = { 0 };
	struct uuid id;
	const struct uuid *key = preferences_parse_key(m->key, &id) ? NULL : &id;
	struct record r;

	if (key && judge_key(m->key, &id, &err))
		pass_over(f, NULL, m->offset, &err);
	else if (!m->value.data)
		apply_signed(f, m, key, NULL);
	else if (codec_decode(f->codec, m->value, &f->arena, &r, &err))
		pass_over(f, key, m->offset, &err);
	else
		apply_signed(f, m, key, &r);
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
static int handle_message(struct follower *f, rd_kafka_message_t *m, struct error *err)
{
	struct message record;

	if (bus_is_unreadable(m)) {
		stop_at(f, m);
		return 0;
	}
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || !m->err)
		end_stop(f);
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		f->position = m->offset;
		f->complete = true;
		if (f->omissions)
			tell_omissions(f);
		return 0;
	}
	if (m->err)
		return error_set(err, ERROR_UNAVAILABLE, "%s: %s", topic_name(TOPIC_DIRECTORY),
				 rd_kafka_message_errstr(m));
	record = message_of(m); /* the caller keeps it, and gives it back */
	apply_record(f, &record);
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
	return bus_end(f->consumer, TOPIC_DIRECTORY, PARTITION, end, err);
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

void follower_distrust(struct follower *f, const struct error *why)
{
	projector_distrust(&f->projector, why);
}

int follower_compare(struct follower *f, bool *more, struct error *err)
{
	return projector_compare(&f->projector, f->directory, f->position, more, err);
}
