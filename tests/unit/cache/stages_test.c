/* The figures of a consumer's stages, as text in Redis and back. */

#include "cache/stages.h"

#include "tests/unit/unit.h"

static struct stages sample(void)
{
	return (struct stages){
		.instance = bytes_of("host-1"),
		.uptime_ms = 61000,
		.list = { { bytes_of("fetch"), 10, 2500, 900 }, { bytes_of("apply"), 0, 0, 0 } },
		.count = 2,
	};
}

static void figures_are_read_as_they_were_written(void **state)
{
	const struct stages s = sample();
	struct stages read;
	struct buffer text;

	(void)state;
	buffer_init(&text);
	stages_format(&text, &s);
	assert_true(bytes_equal_text(buffer_bytes(&text),
				     "61000 host-1\n10 2500 900 fetch\n0 0 0 apply\n"));
	assert_true(stages_parse(&read, buffer_bytes(&text)));
	assert_true(bytes_equal_text(read.instance, "host-1"));
	assert_int_equal(read.uptime_ms, 61000);
	assert_int_equal(read.count, 2);
	assert_true(bytes_equal_text(read.list[0].name, "fetch"));
	assert_int_equal(read.list[0].turns, 10);
	assert_int_equal(read.list[0].us, 2500);
	assert_int_equal(read.list[0].max_us, 900);
	buffer_done(&text);
}

static void other_text_is_refused_and_leaves_the_output_untouched(void **state)
{
	static const char *const bad[] = {
		"",
		"61000 host-1",
		"x host-1\n",
		"-1 host-1\n",
		"1 a\n1 2 3 fetch",
		"1 a\n1 2 fetch\n",
		"1 a\n1 2 3 \n",
		"1 a\n1 2 -3 fetch\n",
		"1 a\n1 2 99999999999999999999 fetch\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct stages s = { .uptime_ms = 7 };

		assert_false(stages_parse(&s, bytes_of(bad[i])));
		assert_int_equal(s.uptime_ms, 7);
	}
}

static void more_stages_than_there_is_room_for_are_refused(void **state)
{
	struct stages s;
	struct buffer text;

	(void)state;
	buffer_init(&text);
	buffer_append(&text, "1 a\n", 4);
	for (int i = 0; i < STAGES_MAX; i++)
		buffer_append(&text, "1 2 3 s\n", 8);
	assert_true(stages_parse(&s, buffer_bytes(&text)));
	buffer_append(&text, "1 2 3 s\n", 8);
	assert_false(stages_parse(&s, buffer_bytes(&text)));
	buffer_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_read_as_they_were_written),
		cmocka_unit_test(other_text_is_refused_and_leaves_the_output_untouched),
		cmocka_unit_test(more_stages_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
