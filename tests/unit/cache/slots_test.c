/* Slots of keys, and what a node may say of who serves them. */

#include "cache/slots.h"

#include "tests/unit/unit.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

static void keys_have_the_slots_that_the_specification_gives_them(void **state)
{
	static const struct {
		const char *key;
		unsigned slot;
	} cases[] = {
		{ "123456789", 0x31c3 }, /* the check value of CRC16/XMODEM, below 16384 */
		{ "", 0 },
		{ "foo", 12182 }, /* as CLUSTER KEYSLOT says, as are the others */
		{ "sb:{0}:mark", 13907 },
		{ "sb:{11}:due", 4310 },
		{ "sb:{dir}:mark", 10444 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(slot_of(bytes_of(cases[i].key)), cases[i].slot);
}

static void only_the_first_tag_that_is_not_empty_counts(void **state)
{
	static const char *const same[][2] = {
		{ "{user1000}.following", "user1000" },
		{ "foo{bar}{zap}", "bar" },
		{ "foo{{bar}}zap", "{bar" },
	};
	static const char *const whole[] = { "foo{}{bar}", "foo{bar", "foo}bar{", "{}" };

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		assert_int_equal(slot_of(bytes_of(same[i][0])), slot_of(bytes_of(same[i][1])));
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		assert_int_not_equal(slot_of(bytes_of(whole[i])), slot_of(bytes_of("bar")));
}

/* ---- what nodes say ---- */

#define RANGE(first, last) "*3\r\n:" #first "\r\n:" #last "\r\n"
#define NODE(host, port)   "*2\r\n" host ":" #port "\r\n"
#define NAME(len, text)    "$" #len "\r\n" text "\r\n"
#define NIL                "$-1\r\n"

static int parse(struct slot_map *out, const char *text, const char *asked, struct error *err)
{
	redisReader *parser = redisReaderCreate();
	void *reply = NULL;
	int rc;

	assert_non_null(parser);
	assert_int_equal(redisReaderFeed(parser, text, strlen(text)), REDIS_OK);
	assert_int_equal(redisReaderGetReply(parser, &reply), REDIS_OK);
	assert_non_null(reply);
	rc = slot_map_parse(out, reply, asked, "n:1", err);
	freeReplyObject(reply);
	redisReaderFree(parser);
	return rc;
}

static void map_says_who_serves_each_slot(void **state)
{
	static const char text[] = "*3\r\n" RANGE(0, 100) NODE(NAME(1, "a"), 1) RANGE(101, 16382)
		NODE(NAME(1, "b"), 2) RANGE(16383, 16383) NODE(NAME(1, "a"), 1);
	struct slot_map m;

	(void)state;
	assert_int_equal(parse(&m, text, "a", NULL), 0);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.owner[0], m.owner[100]);
	assert_int_equal(m.owner[0], m.owner[16383]);
	assert_int_equal(m.owner[101], m.owner[16382]);
	assert_string_equal(m.nodes[m.owner[0]].host, "a");
	assert_string_equal(m.nodes[m.owner[101]].host, "b");
	assert_int_equal(m.nodes[m.owner[101]].port, 2);
	slot_map_done(&m);
}

static void node_without_a_host_is_the_one_that_was_asked(void **state)
{
	static const char *const texts[] = {
		"*1\r\n" RANGE(5, 6) NODE(NIL, 7),
		"*1\r\n" RANGE(5, 6) NODE(NAME(0, ""), 7),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct slot_map m;

		assert_int_equal(parse(&m, texts[i], "asked", NULL), 0);
		assert_string_equal(m.nodes[m.owner[5]].host, "asked");
		assert_int_equal(m.owner[4], SLOT_UNSERVED);
		slot_map_done(&m);
		assert_int_equal(parse(&m, texts[i], NULL, NULL), 0); /* over a socket */
		assert_int_equal(m.owner[5], SLOT_UNSERVED);
		slot_map_done(&m);
	}
}

static void slots_of_an_unknown_host_are_nobodys(void **state)
{
	struct slot_map m;

	(void)state;
	assert_int_equal(parse(&m, "*1\r\n" RANGE(0, 1) NODE(NAME(1, "?"), 7), "a", NULL), 0);
	assert_int_equal(m.count, 0);
	assert_int_equal(m.owner[0], SLOT_UNSERVED);
	slot_map_done(&m);
	assert_int_equal(parse(&m, "*0\r\n", "a", NULL), 0); /* a cluster that is not made yet */
	assert_int_equal(m.count, 0);
	slot_map_done(&m);
}

static void what_cannot_be_slots_is_refused(void **state)
{
	static const char *const texts[] = {
		"+OK\r\n",
		":1\r\n",
		"$-1\r\n",
		"*1\r\n:1\r\n",
		"*1\r\n*0\r\n",
		"*1\r\n*2\r\n:0\r\n:1\r\n",
		"*1\r\n" RANGE(1, 0) NODE(NAME(1, "a"), 1),
		"*1\r\n" RANGE(-1, 0) NODE(NAME(1, "a"), 1),
		"*1\r\n" RANGE(0, 16384) NODE(NAME(1, "a"), 1),
		"*1\r\n" RANGE(0, 9223372036854775807) NODE(NAME(1, "a"), 1),
		"*1\r\n*3\r\n$1\r\n0\r\n:1\r\n" NODE(NAME(1, "a"), 1),
		"*1\r\n" RANGE(0, 1) ":1\r\n",
		"*1\r\n" RANGE(0, 1) "*1\r\n" NAME(1, "a"),
		"*1\r\n" RANGE(0, 1) NODE(NAME(1, "a"), 0),
		"*1\r\n" RANGE(0, 1) NODE(NAME(1, "a"), 65536),
		"*1\r\n" RANGE(0, 1) NODE(NAME(1, "a"), -1),
		"*1\r\n" RANGE(0, 1) "*2\r\n" NAME(1, "a") NAME(1, "1"),
		"*1\r\n" RANGE(0, 1) "*2\r\n:5\r\n:1\r\n",
		"*1\r\n" RANGE(0, 1) NODE(NAME(3, "a b"), 1),
		"*1\r\n" RANGE(0, 1) NODE(NAME(3, "a@b"), 1),
		"*2\r\n" RANGE(0, 5) NODE(NAME(1, "a"), 1) RANGE(5, 6) NODE(NAME(1, "b"), 1),
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct slot_map m;

		if (parse(&m, texts[i], "a", &err) != ERROR_UNAVAILABLE)
			fail_msg("case %zu", i);
		assert_non_null(strstr(err.text, "n:1"));
	}
}

static void host_has_a_bound(void **state)
{
	char text[SLOT_HOST_SIZE + 100];
	char host[SLOT_HOST_SIZE + 1];
	struct slot_map m;

	(void)state;
	memset(host, 'h', sizeof(host));
	for (int len = SLOT_HOST_SIZE - 1; len <= SLOT_HOST_SIZE; len++) {
		(void)snprintf(text, sizeof(text),
			       "*1\r\n" RANGE(0, 1) "*2\r\n$%d\r\n%.*s\r\n:1\r\n", len, len, host);
		if (len < SLOT_HOST_SIZE) {
			assert_int_equal(parse(&m, text, "a", NULL), 0);
			assert_int_equal(strlen(m.nodes[0].host), len);
			slot_map_done(&m);
		} else {
			assert_int_equal(parse(&m, text, "a", NULL), ERROR_UNAVAILABLE);
		}
	}
}

static void maps_are_equal_when_nodes_serve_the_same_slots(void **state)
{
	static const char one[] =
		"*2\r\n" RANGE(0, 9) NODE(NAME(1, "a"), 1) RANGE(10, 19) NODE(NAME(1, "b"), 1);
	static const char other_order[] =
		"*2\r\n" RANGE(10, 19) NODE(NAME(1, "b"), 1) RANGE(0, 9) NODE(NAME(1, "a"), 1);
	static const char moved[] =
		"*2\r\n" RANGE(0, 8) NODE(NAME(1, "a"), 1) RANGE(9, 19) NODE(NAME(1, "b"), 1);
	static const char lost[] = "*1\r\n" RANGE(0, 9) NODE(NAME(1, "a"), 1);
	struct slot_map a;
	struct slot_map b;

	(void)state;
	assert_int_equal(parse(&a, one, "a", NULL), 0);
	assert_int_equal(parse(&b, other_order, "a", NULL), 0);
	assert_true(slot_map_equal(&a, &b));
	slot_map_done(&b);
	assert_int_equal(parse(&b, moved, "a", NULL), 0);
	assert_false(slot_map_equal(&a, &b));
	slot_map_done(&b);
	assert_int_equal(parse(&b, lost, "a", NULL), 0);
	assert_false(slot_map_equal(&a, &b));
	assert_false(slot_map_equal(&b, &a));
	slot_map_done(&b);
	slot_map_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_the_slots_that_the_specification_gives_them),
		cmocka_unit_test(only_the_first_tag_that_is_not_empty_counts),
		cmocka_unit_test(map_says_who_serves_each_slot),
		cmocka_unit_test(node_without_a_host_is_the_one_that_was_asked),
		cmocka_unit_test(slots_of_an_unknown_host_are_nobodys),
		cmocka_unit_test(what_cannot_be_slots_is_refused),
		cmocka_unit_test(host_has_a_bound),
		cmocka_unit_test(maps_are_equal_when_nodes_serve_the_same_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
