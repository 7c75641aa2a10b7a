/* What a notifier says of itself, as text in Redis and back. */

#include "cache/notifier_report.h"

#include "tests/unit/unit.h"

static const char TEXT[] = "1795512600007 61000 host.1\n"
			   "crew.notifier\n"
			   "1795512600000 no broker answers\n"
			   "10 7 3 1 \n"
			   "e 1 0 0 0 0 0 inbox \n"
			   "e 3 12 1 17 18 19 hook it says: 503 now\n"
			   "s 10 2500 900 follow\n";

static struct notifier_report sample(struct told_endpoint *endpoints)
{
	endpoints[0] = (struct told_endpoint){ .name = bytes_of("inbox"), .state = TOLD_OPEN };
	endpoints[1] = (struct told_endpoint){
		bytes_of("hook"), TOLD_LEFT_ALONE, 12, 1, 17, 18, 19, bytes_of("it says:\n503 now")
	};
	return (struct notifier_report){
		.instance = bytes_of("host.1"),
		.group = bytes_of("crew.notifier"),
		.written_ms = 1795512600007,
		.uptime_ms = 61000,
		.trouble_ms = 1795512600000,
		.trouble = bytes_of("no broker answers"),
		.records = 10,
		.delivered = 7,
		.failed = 3,
		.dead = 1,
		.endpoints = endpoints,
		.endpoint_count = 2,
		.stages = { .list = { { bytes_of("follow"), 10, 2500, 900 } }, .count = 1 },
	};
}

static void a_report_is_written_a_line_for_each_thing_it_says(void **state)
{
	struct told_endpoint endpoints[2];
	const struct notifier_report r = sample(endpoints);
	struct buffer text;

	(void)state;
	buffer_init(&text);
	notifier_report_format(&text, &r);
	assert_true(bytes_equal_text(buffer_bytes(&text), TEXT));
	buffer_done(&text);
}

static void a_report_is_read_as_it_was_written(void **state)
{
	struct notifier_report r;

	assert_true(notifier_report_parse(&r, bytes_of(TEXT), *state));
	assert_true(bytes_equal_text(r.instance, "host.1"));
	assert_true(bytes_equal_text(r.group, "crew.notifier"));
	assert_true(bytes_equal_text(r.trouble, "no broker answers"));
	assert_int_equal(r.uptime_ms, 61000);
	assert_int_equal(r.delivered, 7);
	assert_int_equal(r.dead, 1);
	assert_int_equal(r.endpoint_count, 2);
	assert_int_equal(r.endpoints[1].state, TOLD_LEFT_ALONE);
	assert_int_equal(r.endpoints[1].owed, 12);
	assert_int_equal(r.endpoints[1].oldest_ms, 17);
	assert_int_equal(r.endpoints[1].until_ms, 18);
	assert_int_equal(r.endpoints[1].failed_ms, 19);
	assert_true(bytes_equal_text(r.endpoints[1].problem, "it says: 503 now"));
	assert_int_equal(r.stages.count, 1);
	assert_int_equal(r.stages.uptime_ms, 61000);
	assert_true(bytes_equal_text(r.stages.instance, "host.1"));
}

static void other_text_is_refused_and_leaves_the_output_untouched(void **state)
{
	static const char *const bad[] = {
		"",
		"1 2 a\n",
		"1 2 a\ng\n",
		"1 2 a\n0 \n1 2 3 4 \n", /* without a group */
		"1 2 a\ng\n0 \n",
		"1 2 a\ng\n0 \n1 2 3 \n",
		"1 2 a\ng\n0 \n1 2 3 4\n",
		"1 -2 a\ng\n0 \n1 2 3 4 \n",
		"1 2 a\ng\n0 \n1 2 3 4 \nx 1\n",
		"1 2 a\ng\n0 \n1 2 3 4 \ne 0 0 0 0 0 0 hook \n",
		"1 2 a\ng\n0 \n1 2 3 4 \ne 5 0 0 0 0 0 hook \n",
		"1 2 a\ng\n0 \n1 2 3 4 \ne 1 0 0 0 0 0  \n",
		"1 2 a\ng\n0 \n1 2 3 4 \ne 1 0 0 0 0 0 hook\n",
		"1 2 a\ng\n0 \n1 2 3 4 \ns 1 2 follow\n",
		"1 2 a\ng\n0 \n1 2 3 4 \ns 1 2 3 \n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct notifier_report r = { .uptime_ms = 7 };

		assert_false(notifier_report_parse(&r, bytes_of(bad[i]), *state));
		assert_int_equal(r.uptime_ms, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(a_report_is_written_a_line_for_each_thing_it_says),
		ARENA_TEST(a_report_is_read_as_it_was_written),
		ARENA_TEST(other_text_is_refused_and_leaves_the_output_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
