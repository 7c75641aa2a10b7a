/* What decisions and batches are held to, by what the brokers say that the topics take. */

#include "consumer/topic_sizes.h"

#include "producer/topic_settings.h"
#include "tests/unit/unit.h"

enum { MEGABYTES_3 = 3 * 1024 * 1024 };

static struct topic_sizes sizes_when(enum topic topic, int64_t bytes)
{
	struct topics_found found = { 0 };
	struct topic_sizes s;

	topic_sizes_init(&s);
	found.list[topic].max_message_bytes = bytes;
	topic_sizes_take(&s, &found);
	return s;
}

static void decisions_are_held_to_what_the_topic_takes(void **state)
{
	(void)state;
	assert_int_equal(sizes_when(TOPIC_EVENTS, MEGABYTES_3).limits.event_bytes, MEGABYTES_3);
	assert_int_equal(sizes_when(TOPIC_GRANTS, MEGABYTES_3).limits.state_bytes, MEGABYTES_3);
}

static void brokers_that_tell_nothing_count_as_set_up_rightly(void **state)
{
	(void)state;
	assert_int_equal(sizes_when(TOPIC_EVENTS, 0).limits.event_bytes,
			 topic_max_bytes(TOPIC_EVENTS));
}

static void nothing_is_rejected_for_a_topic_that_takes_too_little_by_mistake(void **state)
{
	(void)state;
	assert_int_equal(sizes_when(TOPIC_NOTIFICATIONS, 200).limits.notification_bytes,
			 TOPIC_BYTES_LEAST);
	assert_int_equal(sizes_when(TOPIC_DEADLETTER, 200).limits.dead_letter_bytes,
			 TOPIC_BYTES_LEAST);
}

static void batches_are_held_to_what_each_topic_takes_now(void **state)
{
	size_t usual = sizes_when(TOPIC_EVENTS, 0).batch_bytes;

	(void)state;
	assert_int_equal(sizes_when(TOPIC_NOTIFICATIONS, 100000).batch_bytes, 90000);
	assert_int_equal(sizes_when(TOPIC_NOTIFICATIONS, MEGABYTES_3).batch_bytes, usual);
	assert_true(sizes_when(TOPIC_GRANTS, 1).batch_bytes > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_are_held_to_what_the_topic_takes),
		cmocka_unit_test(brokers_that_tell_nothing_count_as_set_up_rightly),
		cmocka_unit_test(nothing_is_rejected_for_a_topic_that_takes_too_little_by_mistake),
		cmocka_unit_test(batches_are_held_to_what_each_topic_takes_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
