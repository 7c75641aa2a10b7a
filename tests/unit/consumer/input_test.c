/* What a run makes of a hole, which stands for a batch that the client cannot unpack. */

#include "consumer/input.h"

#include "schemas/bounds.h"
#include "tests/unit/unit.h"

#include <stdio.h>

enum { FIRST = 41, COUNT = 7, TIME = 1000 };

static struct message hole(void)
{
	struct message m = message_hole(3, FIRST, TIME, "it would take 150 MB");

	m.hole = COUNT;
	return m;
}

static void read_hole_of(struct input *in, const struct message *m, struct arena *arena)
{
	input_read(in, m, &(struct input_reader){ .partition = 3, .partitions = 12 }, arena);
}

static void hole_is_unreadable_and_has_a_reason(void **state)
{
	struct message m = hole();
	struct input in;

	read_hole_of(&in, &m, *state);
	assert_false(in.readable);
	assert_int_equal(in.source.offset, FIRST);
	assert_int_equal(in.source.time, TIME);
	assert_non_null(strstr((const char *)in.why_unreadable.data, "it would take 150 MB"));
	message_done(&m);
}

static void dead_letter_of_a_hole_has_a_count_and_no_time(void **state)
{
	static const struct {
		const char *name;
		const char *value;
	} wanted[] = { { "sharebus_reason", NULL },
		       { "sharebus_topic", "sharing.commands" },
		       { "sharebus_partition", "3" },
		       { "sharebus_offset", "41" },
		       { "sharebus_count", "7" } };
	struct message m = hole();
	struct input in;
	struct dead_record record;
	struct dead_letter letter;
	struct bytes rest;
	struct bytes name;
	struct bytes value;

	read_hole_of(&in, &m, *state);
	record = input_dead_record(&in, *state);
	dead_letter_write(&letter, &record, TOPIC_BYTES_DEAD, *state);
	rest = letter.headers;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_true(bytes_take_sized(&rest, &name));
		assert_true(bytes_take_optional(&rest, &value));
		assert_true(bytes_equal_text(name, wanted[i].name));
		if (wanted[i].value)
			assert_true(bytes_equal_text(value, wanted[i].value));
	}
	assert_int_equal(rest.len, 0);
	message_done(&m);
}

static void hole_ends_after_its_last_offset(void **state)
{
	struct message m = hole();

	(void)state;
	assert_int_equal(message_end(&m), FIRST + COUNT);
	message_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(hole_is_unreadable_and_has_a_reason),
		ARENA_TEST(dead_letter_of_a_hole_has_a_count_and_no_time),
		cmocka_unit_test(hole_ends_after_its_last_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
