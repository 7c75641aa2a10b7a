/* Replies out of bytes: in whatever pieces these come, and whatever they are. */

#include "cache/parser.h"

#include "ops/support/buffer.h"
#include "tests/unit/unit.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

static struct redisReader *parser;
static struct replies replies;

static int set_up(void **state)
{
	(void)state;
	parser = parser_new();
	return parser && !replies_reserve(&replies, 4, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	parser_free(&parser);
	replies_done(&replies);
	return 0;
}

static bool read_text(const char *text, size_t count)
{
	return parser_read(parser, bytes_of(text), &replies, count);
}

static void each_kind_of_reply_is_read(void **state)
{
	static const char bytes[] =
		"+OK\r\n:-7\r\n-ERR no\r\n*4\r\n$3\r\na\0b\r\n$-1\r\n*0\r\n*-1\r\n";
	const redisReply *list;

	(void)state;
	assert_true(parser_read(parser, (struct bytes){ (const uint8_t *)bytes, sizeof(bytes) - 1 },
				&replies, 4));
	assert_int_equal(replies.count, 4);
	assert_true(parser_is_empty(parser));
	assert_int_equal(replies.list[0]->type, REDIS_REPLY_STATUS);
	assert_string_equal(replies.list[0]->str, "OK");
	assert_int_equal(replies.list[1]->type, REDIS_REPLY_INTEGER);
	assert_int_equal(replies.list[1]->integer, -7);
	assert_true(reply_is_error(replies.list[2], "ERR"));
	list = replies.list[3];
	assert_int_equal(list->type, REDIS_REPLY_ARRAY);
	assert_int_equal(list->elements, 4);
	assert_int_equal(list->element[0]->len, 3);
	assert_memory_equal(list->element[0]->str, "a\0b", 4);
	assert_int_equal(list->element[1]->type, REDIS_REPLY_NIL);
	assert_int_equal(list->element[2]->elements, 0);
	assert_int_equal(list->element[3]->type, REDIS_REPLY_NIL);
}

static void reply_that_comes_byte_by_byte_is_whole(void **state)
{
	static const char bytes[] = "*3\r\n$5\r\nhello\r\n*2\r\n:1\r\n$-1\r\n$0\r\n\r\n";
	const redisReply *list;
	const redisReply *inner;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(bytes); i++) {
		assert_int_equal(replies.count, 0);
		assert_true(parser_read(parser, (struct bytes){ (const uint8_t *)bytes + i, 1 },
					&replies, 4));
	}
	assert_int_equal(replies.count, 1);
	assert_true(parser_is_empty(parser));
	list = replies.list[0];
	assert_int_equal(list->elements, 3);
	assert_string_equal(list->element[0]->str, "hello");
	inner = list->element[1];
	assert_int_equal(inner->elements, 2);
	assert_int_equal(inner->element[0]->integer, 1);
	assert_int_equal(inner->element[1]->type, REDIS_REPLY_NIL);
	assert_int_equal(list->element[2]->len, 0);
	assert_string_equal(list->element[2]->str, "");
}

/* hiredis gets it in mouthfuls, some of which end within a reply. */
static void long_answer_is_read_as_a_whole(void **state)
{
	enum { COUNT = 1000, LONG = 5000 };
	struct buffer bytes;
	char head[32];

	(void)state;
	buffer_init(&bytes);
	for (int i = 0; i < COUNT; i++) {
		(void)snprintf(head, sizeof(head), "*2\r\n$3\r\nabc\r\n:%d\r\n", i);
		buffer_append_text(&bytes, head);
	}
	buffer_append_text(&bytes, "$5000\r\n");
	memset(buffer_reserve(&bytes, LONG), 'x', LONG);
	bytes.len += LONG;
	buffer_append_text(&bytes, "\r\n");
	assert_int_equal(replies_reserve(&replies, COUNT + 1, NULL), 0);
	assert_true(parser_read(parser, buffer_bytes(&bytes), &replies, COUNT + 1));
	assert_int_equal(replies.count, COUNT + 1);
	assert_true(parser_is_empty(parser));
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(replies.list[i]->element[1]->integer, i);
	assert_int_equal(replies.list[COUNT]->len, LONG);
	assert_int_equal(replies.list[COUNT]->str[LONG - 1], 'x');
	buffer_done(&bytes);
}

static void no_more_is_taken_than_is_asked_for(void **state)
{
	(void)state;
	assert_true(read_text(":1\r\n:2\r\n", 1));
	assert_int_equal(replies.count, 1);
	assert_false(parser_is_empty(parser));
}

static void what_is_no_reply_fails(void **state)
{
	(void)state;
	assert_false(read_text("HTTP/1.1 400 Bad Request\r\n", 4));
	assert_int_equal(replies.count, 0);
	assert_non_null(strstr(parser_trouble(parser), "Protocol error"));
	assert_false(read_text("+OK\r\n", 4));
}

static void array_that_is_larger_than_any_fails_before_it_has_memory(void **state)
{
	static const char *const heads[] = { "*4194305\r\n", "*2147483647\r\n", "*-2\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		parser_free(&parser);
		parser = parser_new();
		assert_false(read_text(heads[i], 4));
		assert_true(arena_size(&replies.arena) < 1000000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_of_reply_is_read),
		TEST(reply_that_comes_byte_by_byte_is_whole),
		TEST(long_answer_is_read_as_a_whole),
		TEST(no_more_is_taken_than_is_asked_for),
		TEST(what_is_no_reply_fails),
		TEST(array_that_is_larger_than_any_fails_before_it_has_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
