/* Commands in the protocol RESP2, byte for byte. */

#include "cache/resp.h"

#include "tests/unit/unit.h"

#include <stdio.h>

static struct pipeline pipeline;

static int set_up(void **state)
{
	(void)state;
	pipeline_init(&pipeline);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pipeline_done(&pipeline);
	return 0;
}

static void assert_written(const char *wanted, size_t len)
{
	assert_int_equal(pipeline.bytes.len, len);
	assert_memory_equal(pipeline.bytes.data, wanted, len);
}

#define ASSERT_WRITTEN(text) assert_written((text), sizeof(text) - 1)

static void command_is_an_array_of_bulk_strings(void **state)
{
	const struct bytes parts[] = { bytes_of("sb:{0}:"), bytes_of("mark") };

	(void)state;
	pipeline_command(&pipeline, 3);
	pipeline_text(&pipeline, "HSET");
	pipeline_bytes(&pipeline, (struct bytes){ (const uint8_t *)"a\0\r\n", 4 });
	pipeline_parts(&pipeline, parts, 2);
	ASSERT_WRITTEN("*3\r\n$4\r\nHSET\r\n$4\r\na\0\r\n\r\n$11\r\nsb:{0}:mark\r\n");
	assert_int_equal(pipeline.commands, 1);
}

static void empty_and_absent_arguments_are_empty_strings(void **state)
{
	const struct bytes parts[] = { bytes_of(""), bytes_of(NULL) };

	(void)state;
	pipeline_text(&pipeline, "");
	pipeline_bytes(&pipeline, (struct bytes){ 0 });
	pipeline_parts(&pipeline, parts, 2);
	pipeline_parts(&pipeline, NULL, 0);
	ASSERT_WRITTEN("$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n");
}

static void numbers_are_decimal_text(void **state)
{
	static const struct {
		const char *form;
		int64_t number;
	} cases[] = {
		{ "$1\r\n0\r\n", 0 },
		{ "$1\r\n9\r\n", 9 },
		{ "$2\r\n10\r\n", 10 },
		{ "$2\r\n-1\r\n", -1 },
		{ "$5\r\n-4096\r\n", -4096 },
		{ "$19\r\n9223372036854775807\r\n", INT64_MAX },
		{ "$20\r\n-9223372036854775808\r\n", INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pipeline_clear(&pipeline);
		pipeline_number(&pipeline, cases[i].number);
		assert_written(cases[i].form, strlen(cases[i].form));
	}
}

static void lengths_may_have_many_digits(void **state)
{
	static uint8_t argument[100000];
	struct bytes head = bytes_of("*1000000\r\n$100000\r\n");

	(void)state;
	pipeline_command(&pipeline, 1000000);
	pipeline_bytes(&pipeline, (struct bytes){ argument, sizeof(argument) });
	assert_int_equal(pipeline.bytes.len, head.len + sizeof(argument) + 2);
	assert_memory_equal(pipeline.bytes.data, head.data, head.len);
	assert_memory_equal(pipeline.bytes.data + pipeline.bytes.len - 2, "\r\n", 2);
}

/* At each end of one, two and three digits. */
static void lengths_are_written_as_they_are(void **state)
{
	static const size_t lengths[] = { 1, 9, 10, 42, 99, 100, 999 };
	static const uint8_t argument[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		char head[32];
		size_t len = (size_t)snprintf(head, sizeof(head), "*%zu\r\n$%zu\r\n", lengths[i],
					      lengths[i]);

		pipeline_clear(&pipeline);
		pipeline_command(&pipeline, lengths[i]);
		pipeline_bytes(&pipeline, (struct bytes){ argument, lengths[i] });
		assert_int_equal(pipeline.bytes.len, len + lengths[i] + 2);
		assert_memory_equal(pipeline.bytes.data, head, len);
	}
}

static void commands_of_another_pipeline_follow(void **state)
{
	struct pipeline more;

	(void)state;
	pipeline_init(&more);
	pipeline_append(&pipeline, &more);
	assert_int_equal(pipeline.commands, 0);
	pipeline_texts(&more, (const char *const[]){ "PING", NULL });
	pipeline_barrier(&more);
	pipeline_texts(&more, (const char *const[]){ "TIME", NULL });
	pipeline_texts(&pipeline, (const char *const[]){ "INFO", NULL });
	pipeline_append(&pipeline, &more);
	ASSERT_WRITTEN("*1\r\n$4\r\nINFO\r\n*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nTIME\r\n");
	assert_int_equal(pipeline.commands, 3);
	assert_int_equal(pipeline.barrier_count, 0);
	pipeline_done(&more);
}

static void list_of_texts_is_one_command(void **state)
{
	static const char *const words[] = { "CONFIG", "GET", "maxmemory-policy", NULL };

	(void)state;
	pipeline_texts(&pipeline, words);
	ASSERT_WRITTEN("*3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$16\r\nmaxmemory-policy\r\n");
	assert_int_equal(pipeline.commands, 1);
}

static void commands_are_counted_until_cleared(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		pipeline_command(&pipeline, 1);
		pipeline_text(&pipeline, "PING");
	}
	assert_int_equal(pipeline.commands, 3);
	pipeline_clear(&pipeline);
	assert_int_equal(pipeline.commands, 0);
	assert_int_equal(pipeline.bytes.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(command_is_an_array_of_bulk_strings),
		TEST(empty_and_absent_arguments_are_empty_strings),
		TEST(numbers_are_decimal_text),
		TEST(lengths_may_have_many_digits),
		TEST(lengths_are_written_as_they_are),
		TEST(commands_of_another_pipeline_follow),
		TEST(list_of_texts_is_one_command),
		TEST(commands_are_counted_until_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
