/* Indexes by name: what is written and asked for, and what members say. */

#include "cache/bearers.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#define ALICE "alice-----------"

static struct pipeline pipeline;
static struct keys keys;

static int set_up(void **state)
{
	(void)state;
	pipeline_init(&pipeline);
	keys_init(&keys, "sb", KEYS_DIRECTORY);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pipeline_done(&pipeline);
	return 0;
}

static void bearers_come_and_go_each_for_itself(void **state)
{
	struct uuid alice = letters(ALICE);
	static struct commands commands;

	(void)state;
	bearers_add(&pipeline, &keys, "usernames", NULL, bytes_of("al"), &alice);
	bearers_drop(&pipeline, &keys, "groupnames:", &alice, bytes_of(""), &alice);
	commands_parse(&commands, &pipeline);
	assert_command(&commands, 0, "ZADD", "sb:{dir}:usernames", "0", "2:al" ALICE, NULL);
	assert_command(&commands, 1, "ZREM", "sb:{dir}:groupnames:" ALICE, "0:" ALICE, NULL);
}

static bool contains(const struct pipeline *p, const char *text, size_t len)
{
	for (size_t i = 0; i + len <= p->bytes.len; i++)
		if (memcmp(p->bytes.data + i, text, len) == 0)
			return true;
	return false;
}

/* From the lowest id to the highest, both included. */
static void question_spans_all_ids_of_the_name(void **state)
{
	char low[5 + 16] = "[2:al";
	char high[5 + 16] = "[2:al";

	(void)state;
	memset(low + 5, 0, 16);
	memset(high + 5, 0xff, 16);
	bearers_ask(&pipeline, &keys, "usernames", NULL, bytes_of("al"));
	assert_int_equal(pipeline.commands, 1);
	assert_true(contains(&pipeline, "*7\r\n$11\r\nZRANGEBYLEX\r\n", 21));
	assert_true(contains(&pipeline, low, sizeof(low)));
	assert_true(contains(&pipeline, high, sizeof(high)));
	assert_true(contains(&pipeline, "LIMIT\r\n$1\r\n0\r\n$1\r\n4\r\n", 21));
}

static void member_says_name_and_id(void **state)
{
	static const struct {
		const char *member;
		const char *name; /* NULL: it is none */
	} cases[] = {
		{ "5:alice" ALICE, "alice" },
		{ "0:" ALICE, "" },
		{ "12:a:b 16 bytes" ALICE, "a:b 16 bytes" },
		{ "13:a:b 16 bytes" ALICE, NULL },
		{ "5:alic" ALICE, NULL },
		{ "alice" ALICE, NULL },
		{ ":" ALICE, NULL },
		{ "-1:" ALICE, NULL },
		{ "5:alice", NULL },
		{ "0:", NULL },
		{ "", NULL },
		{ "99999999999999999999:" ALICE, NULL },
		{ "9223372036854775807:" ALICE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bytes name;
		struct uuid id;
		bool is = bearers_parse(bytes_of(cases[i].member), &name, &id);

		assert_int_equal(is, cases[i].name != NULL);
		if (is)
			assert_true(bytes_equal_text(name, cases[i].name));
		if (is)
			assert_memory_equal(id.bytes, ALICE, 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bearers_come_and_go_each_for_itself),
		TEST(question_spans_all_ids_of_the_name),
		TEST(member_says_name_and_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
