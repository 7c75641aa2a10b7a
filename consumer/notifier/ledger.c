#include "consumer/notifier/ledger.h"

#include "consumer/arrivals.h"
#include "consumer/notifier/claim.h"
#include "consumer/notifier/scribe.h"
#include "consumer/notifier/shorten.h"
#include "ops/support/buffer.h"
#include "ops/support/clock.h"
#include "ops/support/hash.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"
#include "producer/topic_settings.h"
#include "schemas/cloudevent.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	POLL_MAX = 1000,
	POLL_MAX_LOADING = 20000,
	TOPIC_WAIT_MS = 5000,
	/* Keys that are dead or have arrived; 150 bytes each. Beyond that the oldest is forgotten. */
	ENDED_MAX = 50000,
	FIRST_PARTITION = 0,
};

/* The last record of a key. */
struct entry {
	int partition;
	size_t len;
	uint8_t *value; /* what is owed; NULL if it has ended */
	UT_hash_handle hh;
	char key[];
};

struct ledger {
	const struct config *config;
	struct codec *codec;
	struct ledger_owner owner;
	rd_kafka_t *reader;
	struct scribe *scribe;
	struct arena arena;
	struct buffer value;
	struct entry *owed;    /* while it is read */
	struct entry *changes; /* the same: of endpoints */
	struct entry *ended;   /* dead, or arrived; the oldest first */
	bool ours[PARTITIONS_MAX];
	bool reading[PARTITIONS_MAX]; /* has not come to its end yet */
	int left;                     /* how many of those */
	bool loaded;
};

/* ---- opening ---- */

/* What the topic takes. Brokers that do not say are believed to have what we ask. */
static size_t ask_topic_bytes(struct ledger *l)
{
	struct topic_fault faults[TOPIC_FAULTS_MAX];
	struct topics_found found;
	char text[ERROR_TEXT_SIZE];
	size_t count;
	int64_t bytes;

	topics_find(l->reader, TOPIC_WAIT_MS, &found);
	count = topics_judge(&found, faults);
	for (size_t i = 0; i < count; i++) {
		if (faults[i].topic != TOPIC_DELIVERIES)
			continue;
		topic_fault_describe(&faults[i], text);
		log_warn("%s", text);
	}
	bytes = found.list[TOPIC_DELIVERIES].max_message_bytes;
	return bytes > 0 ? (size_t)bytes : topic_max_bytes(TOPIC_DELIVERIES);
}

int ledger_open(struct ledger **out, const struct config *config, struct codec *codec,
		const struct ledger_owner *owner, const struct waker *waker, struct error *err)
{
	struct ledger *l = memory_zalloc(1, sizeof(*l));
	int rc;

	l->config = config;
	l->codec = codec;
	l->owner = *owner;
	l->left = 1;
	arena_init(&l->arena);
	buffer_init(&l->value);
	rc = bus_open_reader(&l->reader, config, false, err);
	if (!rc)
		rc = scribe_open(&l->scribe, config, ask_topic_bytes(l), waker, err);
	if (rc) {
		ledger_close(&l);
		return rc;
	}
	arrivals_wake(l->reader, waker);
	*out = l;
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop_entry(struct entry **all, struct entry *e)
{
	HASH_DEL(*all, e);
	free(e->value);
	free(e);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop_entries(struct entry **all)
{
	struct entry *next;
	struct entry *e = *all;

	HASH_CLEAR(hh, *all); /* which leaves the entries as they are */
	for (; e; e = next) {
		next = e->hh.next;
		free(e->value);
		free(e);
	}
}

void ledger_close(struct ledger **lp)
{
	struct ledger *l = *lp;

	if (!l)
		return;
	if (l->reader)
		(void)rd_kafka_consumer_close(l->reader);
	bus_close(&l->reader);
	scribe_close(&l->scribe);
	drop_entries(&l->owed);
	drop_entries(&l->changes);
	drop_entries(&l->ended);
	arena_done(&l->arena);
	buffer_done(&l->value);
	free(l);
	*lp = NULL;
}

/* ---- reading ---- */

static int assign_all(struct ledger *l, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	int rc = 0;

	for (int i = 0; !rc && i < PARTITIONS_MAX; i++) {
		int64_t begin = 0;
		int64_t end = 0;

		if (!l->reading[i])
			continue;
		rc = bus_range(l->reader, TOPIC_DELIVERIES, i, &begin, &end, err);
		rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_DELIVERIES), i)->offset =
			begin;
	}
	if (!rc)
		code = rd_kafka_assign(l->reader, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code)
		rc = error_set(err, ERROR_UNAVAILABLE, "%s cannot be read: %s",
			       topic_name(TOPIC_DELIVERIES), rd_kafka_err2str(code));
	return rc;
}

void ledger_forget(struct ledger *l)
{
	drop_entries(&l->owed);
	drop_entries(&l->changes);
	drop_entries(&l->ended);
	scribe_forget(l->scribe);
	l->loaded = false;
	l->left = 1; /* nothing is loaded before something is followed */
	memset(l->ours, 0, sizeof(l->ours));
	memset(l->reading, 0, sizeof(l->reading));
}

int ledger_follow(struct ledger *l, const int *partitions, size_t count, struct error *err)
{
	ledger_forget(l);
	l->reading[FIRST_PARTITION] = true;
	for (size_t i = 0; i < count; i++)
		l->ours[partitions[i]] = l->reading[partitions[i]] = true;
	l->left = 0;
	for (int i = 0; i < PARTITIONS_MAX; i++)
		l->left += l->reading[i];
	return assign_all(l, err);
}

bool ledger_is_loaded(const struct ledger *l)
{
	return l->loaded;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct entry *find_entry(struct entry *all, const void *key, size_t len)
{
	struct entry *e;

	HASH_FIND(hh, all, key, len, e);
	return e;
}

static void forget_entry(struct entry **all, const void *key, size_t len)
{
	struct entry *e = find_entry(*all, key, len);

	if (e)
		drop_entry(all, e);
}

bool ledger_has_ended(const struct ledger *l, const char *key)
{
	return find_entry(l->ended, key, strlen(key)) != NULL;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct entry *add_entry(struct entry **all, const rd_kafka_message_t *m)
{
	struct entry *e = memory_zalloc(1, sizeof(*e) + m->key_len + 1);

	memcpy(e->key, m->key, m->key_len);
	e->partition = m->partition;
	HASH_ADD_KEYPTR(hh, *all, e->key, m->key_len, e);
	return e;
}

static void keep_value(struct entry **all, const rd_kafka_message_t *m)
{
	struct entry *e = add_entry(all, m);

	e->value = memory_zalloc(1, m->len);
	memcpy(e->value, m->payload, m->len);
	e->len = m->len;
}

/* Keeps the record in the place of the one before. d: what it says; NULL for a tombstone. */
static void keep_entry(struct ledger *l, const rd_kafka_message_t *m, const struct delivery *d)
{
	forget_entry(&l->owed, m->key, m->key_len);
	forget_entry(&l->ended, m->key, m->key_len);
	if (!d || d->state == DELIVERY_DEAD) {
		(void)add_entry(&l->ended, m);
		if (HASH_COUNT(l->ended) > ENDED_MAX)
			drop_entry(&l->ended, l->ended);
		return;
	}
	keep_value(&l->owed, m);
}

static bool is_own(const struct ledger *l, const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers = NULL;
	const void *value = NULL;
	size_t size = 0;

	return !rd_kafka_message_headers(m, &headers) &&
	       !rd_kafka_header_get_last(headers, SCRIBE_HEADER, &value, &size) &&
	       bytes_equal_text((struct bytes){ value, size }, scribe_name(l->scribe));
}

/* A delivery, or a tombstone, that is ours to know. */
static void take_delivery(struct ledger *l, const rd_kafka_message_t *m, const struct delivery *d)
{
	if (!l->ours[m->partition])
		return;
	if (!l->loaded) {
		keep_entry(l, m, d);
		return;
	}
	if (is_own(l, m) || (d && d->state == DELIVERY_DEAD))
		return;
	/* Whoever wrote it knows that it had ended. */
	forget_entry(&l->ended, m->key, m->key_len);
	l->owner.owed(l->owner.context, m->partition, (struct bytes){ m->key, m->key_len }, d);
}

/*
 * What is said of an endpoint; NULL: it is taken back. While the ledger is read only the
 * last word counts: what was disabled once and is open since was never found so by us.
 */
static void take_change(struct ledger *l, const rd_kafka_message_t *m,
			const struct endpoint_changed *c)
{
	if (m->partition != FIRST_PARTITION || !m->key)
		return;
	if (l->loaded) {
		if (c)
			l->owner.changed(l->owner.context, c);
		return;
	}
	forget_entry(&l->changes, m->key, m->key_len);
	if (c)
		keep_value(&l->changes, m);
}

static void take_record(struct ledger *l, const rd_kafka_message_t *m)
{
	const struct bytes key = { m->key, m->key_len };
	const struct bytes value = { m->payload, m->len };
	struct claim c = { .kind = CLAIM_NOTHING };
	struct error err = { 0 };

	if (claim_read(&c, l->codec, key, value, &l->arena, &err))
		log_warn("%s partition %d offset %lld is passed over: %s",
			 topic_name(TOPIC_DELIVERIES), (int)m->partition, (long long)m->offset,
			 err.text);
	switch (c.kind) {
	case CLAIM_NOTHING:
		if (!err.code)
			take_change(l, m, NULL);
		break;
	case CLAIM_SETTLED:
		take_delivery(l, m, NULL);
		break;
	case CLAIM_DELIVERY:
		take_delivery(l, m, &c.record.as.delivery);
		break;
	case CLAIM_ENDPOINT:
		take_change(l, m, &c.record.as.endpoint_changed);
		break;
	}
	arena_reset(&l->arena);
}

static void tell_entry(struct ledger *l, const struct entry *e)
{
	const struct bytes value = { e->value, e->len };
	struct error err = { 0 };
	struct record r;

	if (codec_decode(l->codec, value, &l->arena, &r, &err)) /* it could be, when it was kept */
		log_warn("%s: %s is passed over: %s", topic_name(TOPIC_DELIVERIES), e->key,
			 err.text);
	else if (r.type == RECORD_ENDPOINT_CHANGED)
		l->owner.changed(l->owner.context, &r.as.endpoint_changed);
	else
		l->owner.owed(l->owner.context, e->partition, bytes_of(e->key), &r.as.delivery);
	arena_reset(&l->arena);
}

/* Tells what is owed; what has ended stays to be asked for. */
static void finish_loading(struct ledger *l)
{
	l->loaded = true;
	if (l->owed || l->ended)
		log_info("%s: %u deliveries are owed, %u have ended", topic_name(TOPIC_DELIVERIES),
			 HASH_COUNT(l->owed), HASH_COUNT(l->ended));
	for (const struct entry *e = l->changes; e; e = e->hh.next)
		tell_entry(l, e);
	for (const struct entry *e = l->owed; e; e = e->hh.next)
		tell_entry(l, e);
	drop_entries(&l->changes);
	drop_entries(&l->owed);
}

static int take_message(struct ledger *l, const rd_kafka_message_t *m, struct error *err)
{
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if (l->reading[m->partition]) {
			l->reading[m->partition] = false;
			l->left--;
		}
		return 0;
	}
	if (bus_is_unreadable(m)) /* what it owed is told again only if it is not settled */
		log_warn_seldom(topic_name(TOPIC_DELIVERIES),
				"%s partition %d: the batch at offset %lld cannot be unpacked: %s",
				topic_name(TOPIC_DELIVERIES), (int)m->partition,
				(long long)m->offset, rd_kafka_message_errstr(m));
	if (m->err)
		return error_set(err, ERROR_UNAVAILABLE, "%s: %s", topic_name(TOPIC_DELIVERIES),
				 rd_kafka_message_errstr(m));
	take_record(l, m);
	return 0;
}

int ledger_step(struct ledger *l, struct error *err)
{
	int max = l->loaded ? POLL_MAX : POLL_MAX_LOADING;
	rd_kafka_message_t *m;
	int rc = scribe_step(l->scribe, err);

	for (int i = 0; !rc && i < max; i++) {
		m = rd_kafka_consumer_poll(l->reader, 0);
		if (!m)
			break;
		rc = take_message(l, m, err);
		rd_kafka_message_destroy(m);
	}
	if (!rc && !l->loaded && !l->left)
		finish_loading(l);
	return rc;
}

/* ---- writing ---- */

static int write_value(struct ledger *l, int partition, const char *key, const struct record *r,
		       struct debt *debt, struct error *err)
{
	int rc;

	buffer_clear(&l->value);
	rc = codec_encode(l->codec, r, &l->value, err);
	if (rc)
		return rc;
	if (!scribe_fits(l->scribe, strlen(key), l->value.len))
		return error_set(err, ERROR_INPUT, "%s takes no record of %zu bytes",
				 topic_name(TOPIC_DELIVERIES), l->value.len);
	return scribe_write(l->scribe, partition, key, buffer_bytes(&l->value), debt, err);
}

int ledger_put(struct ledger *l, int partition, const char *key, const struct delivery *d,
	       struct debt *debt, struct error *err)
{
	struct record r = { .type = RECORD_DELIVERY, .as.delivery = *d };
	int rc = write_value(l, partition, key, &r, debt, err);

	if (rc != ERROR_INPUT)
		return rc;
	shorten_delivery(&r.as.delivery, d, &l->arena);
	rc = write_value(l, partition, key, &r, debt, err);
	if (!rc)
		log_warn_seldom("a delivery that is shortened",
				"%s is kept shortened: %s takes no more; an attempt after a "
				"restart tells less",
				key, topic_name(TOPIC_DELIVERIES));
	return rc;
}

int ledger_take_off(struct ledger *l, int partition, const char *key, struct error *err)
{
	return scribe_write(l->scribe, partition, key, (struct bytes){ 0 }, NULL, err);
}

int ledger_change(struct ledger *l, const struct endpoint_changed *c, struct error *err)
{
	const struct record r = { .type = RECORD_ENDPOINT_CHANGED, .as.endpoint_changed = *c };
	const struct bytes name = arena_copy(&l->arena, c->endpoint);

	return write_value(l, FIRST_PARTITION, text_of(name), &r, NULL, err);
}

bool ledger_is_full(const struct ledger *l)
{
	return scribe_is_full(l->scribe);
}

size_t ledger_pending(const struct ledger *l)
{
	return scribe_pending(l->scribe);
}

void ledger_flush(struct ledger *l, int64_t deadline_ms)
{
	scribe_flush(l->scribe, deadline_ms);
}
