/* What is believed of sharing.deliveries, and what of it is kept where there is little room. */

#include "consumer/notifier/claim.h"
#include "consumer/notifier/shorten.h"

#include "tests/unit/schemas/record_cases.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct bytes encode(const struct record *r, struct buffer *out)
{
	struct codec *codec = NULL;
	struct error err = { 0 };

	assert_int_equal(codec_new(&codec, &err), 0);
	assert_int_equal(codec_encode(codec, r, out, &err), 0);
	codec_free(&codec);
	return buffer_bytes(out);
}

static int read_claim(struct claim *out, const char *key, struct bytes value, struct arena *arena,
		      struct error *err)
{
	struct codec *codec = NULL;
	int rc;

	assert_int_equal(codec_new(&codec, err), 0);
	rc = claim_read(out, codec, bytes_of(key), value, arena, err);
	codec_free(&codec);
	return rc;
}

static void what_stands_under_its_key_is_believed(void **state)
{
	const struct record *r = &FULL_RECORDS[RECORD_DELIVERY];
	struct buffer value = { 0 };
	struct bytes encoded = encode(r, &value);
	struct claim c = { .kind = CLAIM_NOTHING };
	struct error err = { 0 };
	char key[256];

	(void)snprintf(key, sizeof(key), "%.*s/%.*s", BYTES_ARG(r->as.delivery.endpoint),
		       BYTES_ARG(r->as.delivery.id));
	assert_int_equal(read_claim(&c, key, encoded, *state, &err), 0);
	assert_int_equal(c.kind, CLAIM_DELIVERY);
	assert_int_equal(c.record.as.delivery.attempts, r->as.delivery.attempts);
	c.kind = CLAIM_NOTHING;
	assert_int_equal(read_claim(&c, "other/key", encoded, *state, &err), ERROR_INPUT);
	assert_int_equal(c.kind, CLAIM_NOTHING);
	buffer_done(&value);
}

static void tombstones_and_endpoints_are_told_apart(void **state)
{
	struct buffer value = { 0 };
	struct claim c;
	struct error err = { 0 };

	assert_int_equal(read_claim(&c, "hook/0-1-0", (struct bytes){ 0 }, *state, &err), 0);
	assert_int_equal(c.kind, CLAIM_SETTLED);
	assert_int_equal(read_claim(&c, "hook", (struct bytes){ 0 }, *state, &err), 0);
	assert_int_equal(c.kind, CLAIM_NOTHING);
	assert_int_equal(read_claim(&c, NULL, bytes_of("x"), *state, &err), 0);
	assert_int_equal(c.kind, CLAIM_NOTHING);
	assert_int_equal(read_claim(&c, "mail",
				    encode(&FULL_RECORDS[RECORD_ENDPOINT_CHANGED], &value), *state,
				    &err),
			 0);
	assert_int_equal(c.kind, CLAIM_ENDPOINT);
	assert_int_equal(read_claim(&c, "hook", buffer_bytes(&value), *state, &err), ERROR_INPUT);
	assert_string_equal(err.text, "its key is not its endpoint");
	buffer_clear(&value);
	assert_int_equal(read_claim(&c, "hook", encode(&FULL_RECORDS[RECORD_NOTIFICATION], &value),
				    *state, &err),
			 ERROR_INPUT);
	assert_string_equal(err.text, "it is a Notification");
	buffer_done(&value);
}

static void long_texts_are_cut_between_characters(void **state)
{
	char text[400];
	struct notification n = FULL_RECORDS[RECORD_NOTIFICATION].as.notification;
	struct delivery d = { .notification = &n };
	struct delivery out;
	struct bytes body;

	for (size_t i = 0; i < sizeof(text) - 1; i += 2)
		memcpy(text + i, "é", 2);
	text[398] = 0;
	n.body = bytes_of(text);
	d.last_error = bytes_of("short");
	shorten_delivery(&out, &d, *state);
	body = out.notification->body;
	assert_true(body.len <= SHORTEN_TEXT_MAX && body.len > SHORTEN_TEXT_MAX - 6);
	assert_memory_equal(body.data + body.len - 3, "…", 3);
	assert_memory_equal(body.data + body.len - 5, "é", 2);
	assert_true(bytes_equal(out.last_error, d.last_error));
	assert_int_equal(out.notification->action_count, 0);
	assert_true(bytes_equal(n.body, bytes_of(text)));
	assert_true(bytes_equal(out.notification->event_id, n.event_id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(what_stands_under_its_key_is_believed),
		ARENA_TEST(tombstones_and_endpoints_are_told_apart),
		ARENA_TEST(long_texts_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
