#include "producer/operator/ledger.h"

#include "ops/support/clock.h"
#include "ops/support/hash.h"
#include "producer/bus.h"
#include "producer/cli/text.h"
#include "producer/operator/inside.h"
#include "producer/operator/topic_reader.h"
#include "producer/send.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

enum { WRITE_WAIT_MS = 5000 }; /* with --no-wait */

/* The newest record under a key. */
struct slot {
	UT_hash_handle hh;
	struct position at;
	void *value; /* NULL: a tombstone */
	size_t len;
	char key[]; /* NUL-terminated */
};

/* ---- reading ---- */

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct slot *need_slot(struct slot **all, const void *key, size_t len)
{
	struct slot *found;

	HASH_FIND(hh, *all, key, len, found);
	if (found)
		return found;
	found = memory_zalloc(1, sizeof(*found) + len + 1);
	memcpy(found->key, key, len);
	HASH_ADD_KEYPTR(hh, *all, found->key, len, found);
	return found;
}

static void take_record(struct slot **all, const struct rd_kafka_message_s *m)
{
	struct slot *slot = need_slot(all, m->key, m->key_len);

	free(slot->value);
	slot->at = (struct position){ m->partition, m->offset };
	slot->len = m->len;
	slot->value = m->payload ? memory_must(malloc(m->len + 1)) : NULL;
	if (m->payload)
		memcpy(slot->value, m->payload, m->len);
}

static bool is_wanted(const struct rd_kafka_message_s *m, const char *only)
{
	const struct bytes key = { m->key, m->key_len };

	return m->key && (!only || bytes_equal_text(key, only));
}

static int read_slots(struct slot **all, struct topic_reader *r, const char *only,
		      struct error *err)
{
	const struct rd_kafka_message_s *m = NULL;
	bool whole;
	int rc = topic_reader_begin(r, 0, &whole, err);

	if (!rc)
		rc = topic_reader_next(r, &m, err);
	while (!rc && m) {
		if (is_wanted(m, only))
			take_record(all, m);
		rc = topic_reader_next(r, &m, err);
	}
	return rc;
}

static int by_key(const void *a, const void *b)
{
	const struct ledger_entry *x = a;
	const struct ledger_entry *y = b;

	return strcmp(x->key, y->key);
}

static void free_slots(struct slot **all)
{
	struct slot *slot = *all;

	HASH_CLEAR(hh, *all);
	while (slot) {
		struct slot *next = slot->hh.next;

		free(slot->value);
		free(slot);
		slot = next;
	}
}

static void copy_entries(struct ledger *out, struct arena *arena, struct slot *all)
{
	struct slot *slot;
	struct slot *next;

	out->count = 0;
	out->list = arena_alloc(arena, (HASH_COUNT(all) + 1) * sizeof(*out->list));
	HASH_ITER(hh, all, slot, next)
	{
		const struct bytes value = { slot->value, slot->len };

		if (slot->value)
			out->list[out->count++] = (struct ledger_entry){
				text_of(arena_copy(arena, bytes_of(slot->key))),
				slot->at,
				arena_copy(arena, value),
			};
	}
	qsort(out->list, out->count, sizeof(*out->list), by_key);
}

int ledger_read(struct ledger *out, struct session *s, const char *only, struct error *err)
{
	struct topic_reader *r = NULL;
	struct slot *all = NULL;
	int rc = topic_reader_open(&r, s, TOPIC_DELIVERIES, "deliveries", err);

	if (!rc)
		rc = read_slots(&all, r, only, err);
	if (!rc)
		copy_entries(out, &s->arena, all);
	free_slots(&all);
	topic_reader_close(&r);
	return rc;
}

int ledger_decode(const struct session *s, const struct ledger_entry *e, struct arena *arena,
		  struct record *out, struct error *err)
{
	int rc = codec_decode(inside_codec(s), e->value, arena, out, err);

	if (!rc && out->type != RECORD_DELIVERY && out->type != RECORD_ENDPOINT_CHANGED)
		rc = error_set(err, ERROR_INPUT, "it is a %s", record_name(out->type));
	if (!rc)
		return 0;
	err->code = ERROR_INPUT;
	return error_prefix(err, "%s at %d:%lld cannot be read", topic_name(TOPIC_DELIVERIES),
			    e->at.partition, (long long)e->at.offset);
}

bool ledger_decode_listed(const struct session *s, const struct ledger_entry *e,
			  struct arena *arena, struct record *out)
{
	struct error why = { 0 };

	if (!ledger_decode(s, e, arena, out, &why))
		return true;
	(void)fprintf(stderr, "sharebus: %s\n", text_of(printable(bytes_of(why.text), arena)));
	return false;
}

/* ---- writing ---- */

static int deliver_record(struct session *s, const struct bus_record *record, struct receipt *d,
			  struct error *err)
{
	int64_t wait_ms = s->wait_ms ? s->wait_ms : WRITE_WAIT_MS;
	int rc = send_raw(s->client, record, err);

	if (!rc)
		rc = send_drain(s->client, 0, clock_monotonic_ms() + wait_ms, err);
	if (!rc && d->failed)
		rc = error_set(err, ERROR_UNAVAILABLE,
			       "the brokers at %s did not take the record: %s",
			       config_get(s->config, "brokers"), d->why);
	return rc;
}

int ledger_write(struct session *s, const char *key, const struct record *r, int partition,
		 struct position *at, struct error *err)
{
	/* In the arena: after a failure its report may still come. */
	struct receipt *d = arena_zalloc(&s->arena, 1, sizeof(*d));
	struct bus_record record = {
		.topic = topic_name(TOPIC_DELIVERIES),
		.key = bytes_of(key),
		.placed = true,
		.partition = partition,
		.opaque = d,
	};
	struct buffer value;
	int rc;

	buffer_init(&value);
	rc = r ? codec_encode(inside_codec(s), r, &value, err) : 0;
	record.value = r ? buffer_bytes(&value) : (struct bytes){ 0 };
	if (!rc)
		rc = deliver_record(s, &record, d, err);
	buffer_done(&value);
	if (!rc)
		*at = (struct position){ d->partition, d->offset };
	return rc;
}
