/*
 * A record of sharing.deliveries, as a notifier reads it. The first byte says whether
 * it is a Delivery, an EndpointChanged, any bytes at all, or a tombstone; then come the
 * length of its key, the key, and the value without its frame. What is believed stands
 * under its key and within its bounds; shortened it can be written, is no longer than it
 * was, and is believed again.
 */

#include "consumer/notifier/claim.h"
#include "consumer/notifier/shorten.h"
#include "schemas/bounds.h"

#include "tests/fuzz/target.h"

enum { A_DELIVERY, AN_ENDPOINT, ANYTHING, A_TOMBSTONE, FORMS };

static void append_frame(struct buffer *b, const struct codec *codec, enum record_type type)
{
	uint64_t fingerprint = codec_fingerprint(codec, type);

	buffer_append(b, "\xc3\x01", 2);
	for (int i = 0; i < 8; i++)
		buffer_append_u8(b, (uint8_t)(fingerprint >> 8 * i));
}

static void check_key(struct bytes key, const struct delivery *d)
{
	const uint8_t *slash = memchr(key.data, '/', key.len);

	assert(slash && key.len == d->endpoint.len + 1 + d->id.len);
	assert(memcmp(key.data, d->endpoint.data, d->endpoint.len) == 0);
	assert(memcmp(key.data + key.len - d->id.len, d->id.data, d->id.len) == 0);
	assert(bounds_delivery_id(d->id) && d->attempts >= 0 && d->attempts <= ATTEMPTS_MAX);
	assert(bounds_time(d->since) && (d->next_at == ABSENT || bounds_time(d->next_at)));
}

static size_t encode_delivery(struct codec *codec, const struct delivery *d, struct buffer *out)
{
	const struct record r = { .type = RECORD_DELIVERY, .as.delivery = *d };
	struct error err = { 0 };
	int rc = codec_encode(codec, &r, out, &err);

	assert(rc == 0);
	return out->len;
}

static void check_shortened(struct codec *codec, struct bytes key, const struct delivery *d,
			    struct arena *arena)
{
	struct buffer whole = { 0 };
	struct buffer less = { 0 };
	struct delivery shortened;
	struct claim again;
	struct error err = { 0 };
	int rc;

	shorten_delivery(&shortened, d, arena);
	assert(shortened.last_error.len <= SHORTEN_TEXT_MAX);
	assert(!d->notification || shortened.notification->body.len <= SHORTEN_TEXT_MAX);
	(void)encode_delivery(codec, d, &whole);
	(void)encode_delivery(codec, &shortened, &less);
	rc = claim_read(&again, codec, key, buffer_bytes(&less), arena, &err);
	assert(rc == 0 && again.kind == CLAIM_DELIVERY);
	assert(bytes_equal(again.record.as.delivery.id, d->id));
	buffer_done(&whole);
	buffer_done(&less);
}

static void check_claim(struct codec *codec, struct bytes key, struct bytes value,
			struct arena *arena)
{
	struct claim c = { .kind = CLAIM_NOTHING };
	struct error err = { 0 };
	int rc = claim_read(&c, codec, key, value, arena, &err);

	if (rc) {
		assert(rc == ERROR_INPUT && err.text[0] && c.kind == CLAIM_NOTHING);
		return;
	}
	assert(value.data || c.kind == CLAIM_SETTLED || c.kind == CLAIM_NOTHING);
	assert(!value.data || c.kind == CLAIM_DELIVERY || c.kind == CLAIM_ENDPOINT);
	if (c.kind == CLAIM_ENDPOINT)
		assert(c.record.type == RECORD_ENDPOINT_CHANGED);
	if (c.kind != CLAIM_DELIVERY)
		return;
	check_key(key, &c.record.as.delivery);
	check_shortened(codec, key, &c.record.as.delivery, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct codec *codec;
	static struct arena arena;
	struct error err = { 0 };
	struct bytes rest = { data, len };
	struct buffer value = { 0 };
	struct bytes key;
	uint8_t form;
	uint8_t key_len;
	uint8_t *exact;
	int rc = codec ? 0 : codec_new(&codec, &err);

	assert(rc == 0);
	if (!bytes_take_u8(&rest, &form) || !bytes_take_u8(&rest, &key_len) || key_len > rest.len)
		return 0;
	key = (struct bytes){ exact_copy((struct bytes){ rest.data, key_len }), key_len };
	form %= FORMS;
	if (form == A_DELIVERY || form == AN_ENDPOINT)
		append_frame(&value, codec,
			     form == A_DELIVERY ? RECORD_DELIVERY : RECORD_ENDPOINT_CHANGED);
	buffer_append(&value, rest.data + key_len, rest.len - key_len);
	exact = exact_copy(buffer_bytes(&value));
	check_claim(codec, key,
		    (struct bytes){ form == A_TOMBSTONE ? NULL : exact,
				    form == A_TOMBSTONE ? 0 : value.len },
		    &arena);
	free(exact);
	free((void *)(uintptr_t)key.data);
	buffer_done(&value);
	arena_reset(&arena);
	return 0;
}
