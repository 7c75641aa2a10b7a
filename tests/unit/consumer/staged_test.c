/*
 * The staged messages of a partition: how many make a run, and that each is given
 * back once. message_done() is defined here, so that no Kafka client is needed.
 */

#include "consumer/staged.h"

#include "tests/unit/unit.h"

enum { MESSAGES_MAX = 100, ROOM = 1000000 };

static struct staged staged;
static int64_t given_back[MESSAGES_MAX]; /* offsets */
static size_t given_back_count;

void message_done(struct message *m)
{
	assert_true(given_back_count < MESSAGES_MAX);
	given_back[given_back_count++] = m->offset;
}

static int set_up(void **state)
{
	(void)state;
	staged = (struct staged){ 0 };
	given_back_count = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	staged_done(&staged);
	return 0;
}

/* Adds messages with the offsets from 0 on, whose values have these lengths. */
static void add_messages(const size_t *lengths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		staged_add(&staged, &(struct message){ .offset = (int64_t)i,
						       .value = { NULL, lengths[i] } });
}

static void add_empty_messages(size_t count)
{
	static const size_t lengths[MESSAGES_MAX];

	add_messages(lengths, count);
}

static void no_messages_make_no_run(void **state)
{
	(void)state;
	assert_int_equal(staged_portion(&staged, 10, ROOM), 0);
}

static void run_has_at_most_so_many_messages(void **state)
{
	(void)state;
	add_empty_messages(10);
	assert_int_equal(staged_portion(&staged, 4, ROOM), 4);
	assert_int_equal(staged_portion(&staged, 10, ROOM), 10);
	assert_int_equal(staged_portion(&staged, 11, ROOM), 10);
}

static void run_ends_with_the_message_that_reaches_the_bytes(void **state)
{
	static const size_t lengths[] = { 30, 30, 40, 30 };

	(void)state;
	add_messages(lengths, 4);
	assert_int_equal(staged_portion(&staged, 10, 60), 2);
	assert_int_equal(staged_portion(&staged, 10, 61), 3);
	assert_int_equal(staged_portion(&staged, 10, 100), 3);
	assert_int_equal(staged_portion(&staged, 10, 101), 4);
}

static void message_larger_than_a_run_is_a_run(void **state)
{
	static const size_t lengths[] = { 500, 1 };

	(void)state;
	add_messages(lengths, 2);
	assert_int_equal(staged_portion(&staged, 10, 100), 1);
}

static void dropped_messages_are_given_back_from_the_front(void **state)
{
	(void)state;
	add_empty_messages(5);
	staged_drop(&staged, 2);
	assert_int_equal(given_back_count, 2);
	assert_int_equal(given_back[0], 0);
	assert_int_equal(given_back[1], 1);
	assert_int_equal(staged.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(staged.list[i].offset, i + 2);
}

static void dropping_none_changes_nothing(void **state)
{
	(void)state;
	add_empty_messages(2);
	staged_drop(&staged, 0);
	assert_int_equal(given_back_count, 0);
	assert_int_equal(staged.count, 2);
}

static void cleared_list_can_be_used_again(void **state)
{
	(void)state;
	add_empty_messages(MESSAGES_MAX);
	staged_clear(&staged);
	assert_int_equal(given_back_count, MESSAGES_MAX);
	assert_int_equal(staged.count, 0);
	given_back_count = 0;
	add_empty_messages(3); /* offsets may begin lower than before */
	assert_int_equal(staged.count, 3);
	assert_int_equal(given_back_count, 0);
}

static void end_gives_every_message_back_once(void **state)
{
	(void)state;
	add_empty_messages(7);
	staged_drop(&staged, 3);
	staged_done(&staged);
	assert_int_equal(given_back_count, 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(given_back[i], i);
	assert_null(staged.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_messages_make_no_run),
		TEST(run_has_at_most_so_many_messages),
		TEST(run_ends_with_the_message_that_reaches_the_bytes),
		TEST(message_larger_than_a_run_is_a_run),
		TEST(dropped_messages_are_given_back_from_the_front),
		TEST(dropping_none_changes_nothing),
		TEST(cleared_list_can_be_used_again),
		TEST(end_gives_every_message_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
