#include "consumer/notifier/scribe.h"

#include "consumer/arrivals.h"
#include "ops/support/clock.h"
#include "ops/support/memory.h"
#include "producer/bus.h"
#include "schemas/topics.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	FLUSH_STEP_MS = 50,
	NAME_SIZE = 17,
	NUMBER_SIZE = 24,
	/* The batch around a record (61 bytes), its own numbers (30), and our header with its name. */
	FRAME_BYTES = 61 + 30 + 40,
	BATCH_BYTES_MAX = 1000000, /* the client's default */
	BATCH_BYTES_MIN = 512,
};

/* A write that is not confirmed; it comes back as the opaque of its report. */
struct writing {
	struct debt *debt;
	unsigned generation; /* only that of now pays a debt */
	size_t size;
	struct writing *next; /* of those that librdkafka has no room for */
	int partition;
	size_t value_len;
	bool tombstone;
	char *key;
	uint8_t *value;
};

struct scribe {
	rd_kafka_t *writer;
	rd_kafka_topic_t *topic; /* held, so that the client knows its partitions */
	char name[NAME_SIZE];
	unsigned generation;
	size_t topic_bytes;
	size_t pending;
	size_t bytes;          /* of those */
	struct writing *first; /* that wait for room, in order */
	struct writing *last;
	struct error broken; /* why nothing can be written any more; code 0: it can */
};

/* ---- reports ---- */

static void free_writing(struct writing *w)
{
	free(w->key);
	free(w->value);
	free(w);
}

static void refuse_record(struct scribe *s, const rd_kafka_message_t *m)
{
	if (m->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		(void)error_set(&s->broken, ERROR_REFUSED,
				"%s partition %d takes no record of %zu bytes: its "
				"max.message.bytes has been lowered; a notifier that starts anew "
				"keeps to it",
				topic_name(TOPIC_DELIVERIES), (int)m->partition, m->len);
	else
		(void)error_set(&s->broken, ERROR_REFUSED, "%s partition %d takes no record: %s",
				topic_name(TOPIC_DELIVERIES), (int)m->partition,
				rd_kafka_err2str(m->err));
}

static void on_written(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct scribe *s = opaque;
	struct writing *w = m->_private;

	(void)rk;
	s->pending--;
	s->bytes -= w->size;
	if (m->err)
		refuse_record(s, m);
	else if (w->debt && w->generation == s->generation)
		debt_pay(w->debt);
	free_writing(w);
}

/* ---- opening ---- */

/* A topic takes a batch as it takes a record, so small records must not fill a larger one. */
static size_t batch_bytes(size_t topic_bytes)
{
	size_t bytes = topic_bytes - topic_bytes / 10;

	if (bytes > BATCH_BYTES_MAX)
		return BATCH_BYTES_MAX;
	return bytes > BATCH_BYTES_MIN ? bytes : BATCH_BYTES_MIN;
}

static int open_writer(struct scribe *s, const struct config *config, struct error *err)
{
	char batch[NUMBER_SIZE];
	const struct bus_setting settings[] = {
		{ "enable.idempotence", "true" },
		{ "linger.ms", "2" },
		/* Tries for ever: the offsets wait for it. */
		{ "message.timeout.ms", "0" },
		{ "queue.buffering.max.messages", "200000" },
		{ "batch.size", batch },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc;

	(void)snprintf(batch, sizeof(batch), "%zu", batch_bytes(s->topic_bytes));
	rc = bus_conf(&conf, config, settings, err);
	if (rc)
		return rc;
	rd_kafka_conf_set_dr_msg_cb(conf, on_written);
	rd_kafka_conf_set_opaque(conf, s);
	rc = bus_open_producer(&s->writer, conf, err);
	if (rc)
		return rc;
	s->topic = rd_kafka_topic_new(s->writer, topic_name(TOPIC_DELIVERIES), NULL);
	return s->topic ? 0
			: error_set(err, ERROR_UNAVAILABLE, "topic %s cannot be opened",
				    topic_name(TOPIC_DELIVERIES));
}

int scribe_open(struct scribe **out, const struct config *config, size_t topic_bytes,
		const struct waker *waker, struct error *err)
{
	struct scribe *s = memory_zalloc(1, sizeof(*s));
	uint64_t id = 0;
	int rc;

	s->topic_bytes = topic_bytes;
	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		id = (uint64_t)clock_monotonic_us();
	(void)snprintf(s->name, sizeof(s->name), "%016llx", (unsigned long long)id);
	rc = open_writer(s, config, err);
	if (rc) {
		scribe_close(&s);
		return rc;
	}
	arrivals_wake(s->writer, waker);
	*out = s;
	return 0;
}

void scribe_close(struct scribe **sp)
{
	struct scribe *s = *sp;

	if (!s)
		return;
	s->generation++;
	if (s->writer) {
		(void)rd_kafka_purge(s->writer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		(void)rd_kafka_flush(s->writer, FLUSH_STEP_MS);
	}
	while (s->first) {
		struct writing *w = s->first;

		s->first = w->next;
		free_writing(w);
	}
	if (s->topic)
		rd_kafka_topic_destroy(s->topic);
	bus_close(&s->writer);
	free(s);
	*sp = NULL;
}

const char *scribe_name(const struct scribe *s)
{
	return s->name;
}

/* ---- writing ---- */

bool scribe_fits(const struct scribe *s, size_t key_len, size_t value_len)
{
	return FRAME_BYTES + key_len + value_len <= s->topic_bytes;
}

static int send_record(struct scribe *s, struct writing *w, const char *key, struct bytes value,
		       struct error *err)
{
	const struct header header = { SCRIBE_HEADER, bytes_of(s->name) };
	const struct bus_record r = { .topic = topic_name(TOPIC_DELIVERIES),
				      .key = bytes_of(key),
				      .value = value,
				      .headers = &header,
				      .header_count = 1,
				      .placed = true,
				      .partition = w->partition,
				      .opaque = w };

	return bus_send(s->writer, &r, err);
}

/* It waits for room, after those that wait already. */
static void put_off(struct scribe *s, struct writing *w, const char *key, struct bytes value)
{
	w->key = memory_must(strdup(key));
	w->tombstone = !value.data;
	w->value_len = value.len;
	w->value = memory_zalloc(1, value.len + 1);
	if (value.data)
		memcpy(w->value, value.data, value.len);
	if (s->last)
		s->last->next = w;
	else
		s->first = w;
	s->last = w;
}

int scribe_write(struct scribe *s, int partition, const char *key, struct bytes value,
		 struct debt *debt, struct error *err)
{
	struct writing *w = memory_zalloc(1, sizeof(*w));
	int rc = ERROR_UNAVAILABLE;

	w->debt = debt;
	w->generation = s->generation;
	w->size = strlen(key) + value.len;
	w->partition = partition;
	if (!s->first)
		rc = send_record(s, w, key, value, err);
	if (rc == ERROR_UNAVAILABLE) {
		put_off(s, w, key, value);
		rc = 0;
	}
	if (rc) {
		free_writing(w);
		return rc;
	}
	s->pending++;
	s->bytes += w->size;
	return 0;
}

/* Goes on with what waits for room, as far as there is some. */
static void go_on(struct scribe *s)
{
	while (s->first && !s->broken.code) {
		struct writing *w = s->first;
		struct error err = { 0 };
		const struct bytes value = { w->tombstone ? NULL : w->value, w->value_len };
		int rc = send_record(s, w, w->key, value, &err);

		if (rc == ERROR_UNAVAILABLE)
			return;
		if (rc) { /* it would be lost: whoever starts anew has what it settled */
			(void)error_set(&s->broken, ERROR_REFUSED, "%s", err.text);
			return;
		}
		s->first = w->next;
		if (!s->first)
			s->last = NULL;
	}
}

void scribe_forget(struct scribe *s)
{
	s->generation++;
}

bool scribe_is_full(const struct scribe *s)
{
	return s->pending >= SCRIBE_RECORDS_MAX || s->bytes >= SCRIBE_BYTES_MAX;
}

int scribe_step(struct scribe *s, struct error *err)
{
	(void)rd_kafka_poll(s->writer, 0);
	go_on(s);
	*err = s->broken;
	return err->code;
}

size_t scribe_pending(const struct scribe *s)
{
	return s->pending;
}

void scribe_flush(struct scribe *s, int64_t deadline_ms)
{
	while (s->pending && !s->broken.code && clock_monotonic_ms() < deadline_ms) {
		(void)rd_kafka_flush(s->writer, FLUSH_STEP_MS);
		go_on(s);
	}
}
