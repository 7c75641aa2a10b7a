/* Which node each command goes to, and how parts and replies are put together. */

#include "cache/route.h"

#include "tests/unit/unit.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

enum { COMMANDS_MAX = 12, NODES = 3 };

/* Partition 0 is on node 0, partition 1 on node 1, the directory on node 2; nobody serves 2. */
static struct slot_map three_nodes(void)
{
	static struct slot_node nodes[NODES] = { { "a", 1 }, { "b", 2 }, { "c", 3 } };
	struct slot_map m = { .nodes = nodes, .count = NODES };

	memset(m.owner, 0xff, sizeof(m.owner));
	m.owner[slot_of(bytes_of("{0}"))] = 0;
	m.owner[slot_of(bytes_of("{1}"))] = 1;
	m.owner[slot_of(bytes_of("{dir}"))] = 2;
	return m;
}

/* Commands as words with blanks between. */
static void append_all(struct pipeline *p, const char *const commands[static COMMANDS_MAX])
{
	for (size_t i = 0; i < COMMANDS_MAX && commands[i]; i++) {
		char words[80];
		size_t count = 1;
		char *rest = NULL;

		(void)snprintf(words, sizeof(words), "%s", commands[i]);
		for (const char *c = words; *c; c++)
			count += *c == ' ';
		pipeline_command(p, count);
		for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
			pipeline_text(p, w);
	}
}

struct routed {
	const char *commands[COMMANDS_MAX];
	int nodes[COMMANDS_MAX];
	bool single;
	bool reading;
	bool transaction;
};

static void command_goes_where_its_key_is(void **state)
{
	static const struct routed cases[] = {
		{ { "HMGET sb:{0}:mark a", "HGETALL sb:{0}:ws:x" }, { 0, 0 }, true, true, false },
		{ { "HMGET sb:{dir}:mark a", "HMGET sb:{1}:mark a", "HMGET sb:{0}:mark a" },
		  { 2, 1, 0 },
		  false,
		  true,
		  false },
		/* A transaction, and a look at the mark of the next partition. */
		{ { "MULTI", "HSET sb:{1}:ws:x f v", "HSET sb:{1}:mark f v", "EXEC",
		    "WATCH sb:{0}:mark", "HMGET sb:{0}:mark a" },
		  { 1, 1, 1, 1, 0, 0 },
		  false,
		  false,
		  true },
		/* Each node is asked for its own time. */
		{ { "HMGET sb:{0}:mark a", "TIME", "HMGET sb:{1}:mark a", "TIME" },
		  { 0, 0, 1, 1 },
		  false,
		  true,
		  false },
		/* Each node forgets what it watches before its mark is stamped. */
		{ { "UNWATCH", "EVAL script 1 sb:{0}:mark x", "UNWATCH",
		    "EVAL script 1 sb:{1}:mark x" },
		  { 0, 0, 1, 1 },
		  false,
		  false,
		  false },
		{ { "XREAD COUNT 1 BLOCK 5 STREAMS sb:{1}:outcomes 0-0" },
		  { 1 },
		  true,
		  true,
		  false },
		{ { "TYPE sb:{1}:mark", "SCAN 0", "TYPE sb:{0}:none" },
		  { 1, 1, 0 },
		  false,
		  true,
		  false },
		{ { "TIME", "INFO", "HGET sb:{1}:x y", "INFO" },
		  { 1, 1, 1, 1 },
		  true,
		  true,
		  false },
		{ { "INFO", "TIME" }, { 0, 0 }, true, true, false },
		{ { "FROB sb:{1}:x" }, { 1 }, true, false, false }, /* may do anything */
	};
	const struct slot_map map = three_nodes();
	struct route r = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct routed *c = &cases[i];
		struct pipeline p;

		pipeline_init(&p);
		append_all(&p, c->commands);
		assert_int_equal(route_pipeline(&r, &p, &map, "r", NULL), 0);
		for (size_t n = 0; n < p.commands; n++)
			if (r.nodes[n] != c->nodes[n])
				fail_msg("case %zu: command %zu goes to %d", i, n, r.nodes[n]);
		assert_int_equal(r.is_single, c->single);
		assert_int_equal(r.is_reading, c->reading);
		assert_int_equal(r.has_transaction, c->transaction);
		pipeline_done(&p);
	}
	route_done(&r);
}

static void slot_that_nobody_serves_is_unavailable(void **state)
{
	static const char *const commands[COMMANDS_MAX] = { "HGET sb:{0}:x y", "HGET sb:{2}:x y" };
	const struct slot_map map = three_nodes();
	const struct slot_map none = { 0 };
	struct route r = { 0 };
	struct pipeline p;
	struct error err;

	(void)state;
	pipeline_init(&p);
	append_all(&p, commands);
	assert_int_equal(route_pipeline(&r, &p, &map, "r:1", &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text,
			    "Redis at r:1 is a cluster in which no node serves slot 5649 now");
	assert_int_equal(route_pipeline(&r, &p, &none, "r:1", &err), ERROR_UNAVAILABLE);
	pipeline_done(&p);
	route_done(&r);
}

static redisReply *integer_reply(struct arena *arena, long long value)
{
	redisReply *r = arena_zalloc(arena, 1, sizeof(*r));

	r->type = REDIS_REPLY_INTEGER;
	r->integer = value;
	return r;
}

/* Answers each command with its first byte after the key's tag, as a node would in its order. */
static void answer_part(struct part *part, long long base)
{
	assert_int_equal(replies_reserve(&part->replies, part->pipeline.commands, NULL), 0);
	for (size_t i = 0; i < part->pipeline.commands; i++)
		part->replies.list[part->replies.count++] =
			integer_reply(&part->replies.arena, base + (long long)i);
}

static void replies_come_in_the_order_of_the_commands(void **state)
{
	static const char *const commands[COMMANDS_MAX] = { "HGET sb:{0}:a x", "HGET sb:{1}:a x",
							    "HGET sb:{0}:b x", "HGET sb:{dir}:a x",
							    "HGET sb:{1}:b x" };
	static const long long wanted[] = { 0, 100, 1, 200, 101 };
	const struct slot_map map = three_nodes();
	struct part parts[NODES] = { 0 };
	struct replies out = { 0 };
	struct route r = { 0 };
	struct pipeline p;
	struct bytes rest;

	(void)state;
	pipeline_init(&p);
	append_all(&p, commands);
	rest = buffer_bytes(&p.bytes);
	assert_int_equal(route_pipeline(&r, &p, &map, "r", NULL), 0);
	route_split(&r, 0, p.commands, &rest, parts);
	assert_int_equal(rest.len, 0);
	assert_int_equal(parts[0].pipeline.commands, 2);
	assert_int_equal(parts[1].pipeline.commands, 2);
	assert_int_equal(parts[2].pipeline.commands, 1);
	assert_true(bytes_equal_text(buffer_bytes(&parts[2].pipeline.bytes),
				     "*3\r\n$4\r\nHGET\r\n$10\r\nsb:{dir}:a\r\n$1\r\nx\r\n"));
	for (int i = 0; i < NODES; i++)
		answer_part(&parts[i], 100LL * i);
	assert_int_equal(replies_reserve(&out, p.commands, NULL), 0);
	route_merge(&r, 0, p.commands, parts, &out);
	assert_int_equal(out.count, p.commands);
	for (int i = 0; i < NODES; i++)
		replies_done(&parts[i].replies); /* what was merged lives on */
	for (size_t i = 0; i < p.commands; i++)
		assert_int_equal(out.list[i]->integer, wanted[i]);
	replies_done(&out);
	for (int i = 0; i < NODES; i++)
		pipeline_done(&parts[i].pipeline);
	pipeline_done(&p);
	route_done(&r);
}

/* One letter for each reply: M moved, a an answer. */
static bool is_repeatable(const char *const commands[static COMMANDS_MAX], const char *replies)
{
	static char words[] = "MOVED 5 h:1";
	redisReply moved = { .type = REDIS_REPLY_ERROR, .str = words, .len = sizeof(words) - 1 };
	redisReply answer = { .type = REDIS_REPLY_INTEGER };
	redisReply *list[COMMANDS_MAX];
	const struct slot_map map = three_nodes();
	struct route r = { 0 };
	struct pipeline p;
	bool is;

	pipeline_init(&p);
	append_all(&p, commands);
	assert_int_equal(strlen(replies), p.commands);
	for (size_t i = 0; i < p.commands; i++)
		list[i] = replies[i] == 'M' ? &moved : &answer;
	assert_int_equal(route_pipeline(&r, &p, &map, "r", NULL), 0);
	is = route_is_repeatable(&r, &p, &(struct replies){ .list = list, .count = p.commands });
	pipeline_done(&p);
	route_done(&r);
	return is;
}

static void what_may_have_been_done_is_not_sent_again(void **state)
{
	static const char *const reads[COMMANDS_MAX] = { "WATCH sb:{0}:mark", "HGET sb:{1}:a x" };
	static const char *const writes[COMMANDS_MAX] = { "UNWATCH", "EVAL s 1 sb:{0}:mark",
							  "HSET sb:{1}:a x y" };
	static const char *const transaction[COMMANDS_MAX] = { "MULTI", "HSET sb:{0}:a x y",
							       "EXEC" };

	(void)state;
	assert_true(is_repeatable(reads, "aM"));
	assert_true(is_repeatable(writes, "aMM"));
	assert_false(is_repeatable(writes, "aMa"));
	assert_false(is_repeatable(transaction, "aMa"));
	assert_false(is_repeatable(transaction, "aMM")); /* its watch was on the old node */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_goes_where_its_key_is),
		cmocka_unit_test(slot_that_nobody_serves_is_unavailable),
		cmocka_unit_test(replies_come_in_the_order_of_the_commands),
		cmocka_unit_test(what_may_have_been_done_is_not_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
