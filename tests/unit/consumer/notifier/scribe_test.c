/*
 * What the ledger's writer does when librdkafka has no room. The client is a real one,
 * whose brokers are nowhere; what it is handed is looked at, and can be refused.
 */

#include "consumer/notifier/scribe.h"
#include "ops/support/settings.h"
#include "producer/bus.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { CLIENT_ROOM = 200000, TOPIC_BYTES = 1048588, NAMES_SIZE = 64 };

static const struct config_setting *const TABLES[] = { settings_shared, NULL };

static struct waker waker;
static struct config *config;
static struct scribe *scribe;
static size_t room;             /* how many records the client takes before it refuses them */
static size_t refused;          /* by the client or for want of that room */
static char handed[NAMES_SIZE]; /* the keys of what the client has taken, while they fit */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker wants these names */
int __real_bus_send(struct rd_kafka_s *rk, const struct bus_record *r, struct error *err);
int __wrap_bus_send(struct rd_kafka_s *rk, const struct bus_record *r, struct error *err);

int __wrap_bus_send(struct rd_kafka_s *rk, const struct bus_record *r, struct error *err)
{
	int rc;

	if (!room) {
		refused++;
		return error_set(err, ERROR_UNAVAILABLE, "the queue is full");
	}
	rc = __real_bus_send(rk, r, err);
	if (rc) {
		refused++;
		return rc;
	}
	room--;
	if (strlen(handed) + r->key.len < NAMES_SIZE)
		strncat(handed, (const char *)r->key.data, r->key.len);
	return 0;
}

/* NOLINTEND(bugprone-reserved-identifier) */

static int set_up_scribe(void **state)
{
	struct error err = { 0 };

	(void)state;
	room = SIZE_MAX;
	refused = 0;
	handed[0] = 0;
	config = config_new(TABLES);
	assert_non_null(config);
	assert_int_equal(config_load_defaults(config, &err), 0);
	assert_int_equal(config_set(config, "brokers", "127.0.0.1:1", &err), 0);
	assert_int_equal(waker_open(&waker, &err), 0);
	assert_int_equal(scribe_open(&scribe, config, TOPIC_BYTES, &waker, &err), 0);
	return 0;
}

static int tear_down_scribe(void **state)
{
	(void)state;
	scribe_close(&scribe);
	waker_close(&waker);
	config_free(&config);
	return 0;
}

static void write_key(const char *key)
{
	struct error err = { 0 };

	assert_int_equal(scribe_write(scribe, 0, key, bytes_of("value"), NULL, &err), 0);
}

static void what_finds_no_room_is_handed_in_later_in_its_order(void **state)
{
	struct error err = { 0 };

	(void)state;
	room = 2;
	write_key("a");
	write_key("b");
	write_key("c");
	write_key("d");
	assert_string_equal(handed, "ab");
	assert_int_equal(scribe_pending(scribe), 4);
	assert_int_equal(scribe_step(scribe, &err), 0);
	assert_string_equal(handed, "ab");
	room = 1;
	assert_int_equal(scribe_step(scribe, &err), 0);
	room = 10;
	write_key("e"); /* there is room, but not before its turn */
	assert_string_equal(handed, "abc");
	assert_int_equal(scribe_step(scribe, &err), 0);
	write_key("f");
	assert_string_equal(handed, "abcdef");
	assert_int_equal(scribe_pending(scribe), 6);
}

static void more_than_the_client_has_room_for_is_taken_and_said_long_before(void **state)
{
	size_t full_at = 0;
	char key[32];

	(void)state;
	for (size_t i = 0; i < CLIENT_ROOM + 10; i++) {
		if (!full_at && scribe_is_full(scribe))
			full_at = i;
		(void)snprintf(key, sizeof(key), "hook/0-%zu-0", i);
		write_key(key);
	}
	assert_int_equal(full_at, SCRIBE_RECORDS_MAX);
	assert_true(refused > 0);
	assert_int_equal(scribe_pending(scribe), CLIENT_ROOM + 10);
}

static void large_records_make_it_full_by_their_bytes(void **state)
{
	static uint8_t value[1024 * 1024 - 1024];
	struct error err = { 0 };
	size_t count = 0;

	(void)state;
	while (!scribe_is_full(scribe) && count < 1000) {
		assert_int_equal(scribe_write(scribe, 0, "hook/0-1-0",
					      (struct bytes){ value, 900000 }, NULL, &err),
				 0);
		count++;
	}
	assert_int_equal(count, SCRIBE_BYTES_MAX / 900000 + 1);
}

static void what_the_topic_does_not_take_is_known_before(void **state)
{
	(void)state;
	assert_true(scribe_fits(scribe, 30, TOPIC_BYTES - 200));
	assert_false(scribe_fits(scribe, 30, TOPIC_BYTES - 100));
}

#define SCRIBE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_scribe, tear_down_scribe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRIBE_TEST(what_finds_no_room_is_handed_in_later_in_its_order),
		SCRIBE_TEST(more_than_the_client_has_room_for_is_taken_and_said_long_before),
		SCRIBE_TEST(large_records_make_it_full_by_their_bytes),
		SCRIBE_TEST(what_the_topic_does_not_take_is_known_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
