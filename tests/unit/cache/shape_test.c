/* Which replies can be the one to a command. */

#include "cache/shape.h"

#include "tests/unit/unit.h"

#include <hiredis/hiredis.h>

enum { COMMANDS_MAX = 8 };

/* A pipeline of commands, each of words with blanks between, and the bytes of its replies. */
struct dialogue {
	const char *commands[COMMANDS_MAX];
	const char *replies;
};

static void append_command(struct pipeline *p, const char *text)
{
	char words[64];
	size_t count = 1;
	char *rest = NULL;

	(void)snprintf(words, sizeof(words), "%s", text);
	for (const char *c = words; *c; c++)
		count += *c == ' ';
	pipeline_command(p, count);
	for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		pipeline_text(p, w);
}

static int check_dialogue(const struct dialogue *d, struct error *err)
{
	redisReader *parser = redisReaderCreate();
	struct redisReply *list[COMMANDS_MAX];
	struct pipeline p;
	int rc;

	pipeline_init(&p);
	for (size_t i = 0; i < COMMANDS_MAX && d->commands[i]; i++)
		append_command(&p, d->commands[i]);
	assert_non_null(parser);
	(void)redisReaderFeed(parser, d->replies, strlen(d->replies));
	for (size_t i = 0; i < p.commands; i++) {
		void *reply = NULL;

		assert_int_equal(redisReaderGetReply(parser, &reply), REDIS_OK);
		assert_non_null(reply);
		list[i] = reply;
	}
	rc = shape_check(&p, list, "r:6379", err);
	for (size_t i = 0; i < p.commands; i++)
		freeReplyObject(list[i]);
	redisReaderFree(parser);
	pipeline_done(&p);
	return rc;
}

static void reply_that_its_command_gives_is_good(void **state)
{
	static const struct dialogue cases[] = {
		{ { "HMGET k a b" }, "*2\r\n$1\r\nx\r\n$-1\r\n" },
		{ { "HGETALL k" }, "*2\r\n$1\r\nx\r\n$0\r\n\r\n" },
		{ { "HGETALL k" }, "*0\r\n" },
		{ { "HGET k f" }, "$-1\r\n" },
		{ { "GET k" }, "$1\r\nx\r\n" },
		{ { "SMEMBERS k" }, "*1\r\n$1\r\nx\r\n" },
		{ { "SCARD k" }, ":0\r\n" },
		{ { "TIME" }, "*2\r\n$1\r\n1\r\n$1\r\n2\r\n" },
		{ { "SCAN 0" }, "*2\r\n$20\r\n18446744073709551615\r\n*1\r\n$1\r\nx\r\n" },
		{ { "XREAD STREAMS k 0-0" }, "*-1\r\n" },
		{ { "SMISMEMBER k a b" }, "*2\r\n:1\r\n:0\r\n" },
		{ { "WATCH k", "HMGET k a" }, "+OK\r\n*1\r\n$-1\r\n" },
		{ { "MULTI", "HSET k a b", "DEL k", "EXEC" },
		  "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n" },
		{ { "MULTI", "HSET k a b", "EXEC", "WATCH k" },
		  "+OK\r\n+QUEUED\r\n*-1\r\n+OK\r\n" },
		{ { "MULTI", "HSET k a b", "EXEC" },
		  "+OK\r\n-OOM no memory\r\n-EXECABORT discarded\r\n" },
		{ { "HGETALL k", "SCARD k" }, "-WRONGTYPE no hash\r\n-LOADING wait\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(check_dialogue(&cases[i], NULL), 0);
}

static void reply_that_its_command_cannot_give_is_unavailable(void **state)
{
	static const struct dialogue cases[] = {
		{ { "HMGET k a b" }, "*1\r\n$1\r\nx\r\n" },
		{ { "HMGET k a b" }, "*3\r\n$1\r\nx\r\n$-1\r\n$-1\r\n" },
		{ { "HMGET k a" }, "*1\r\n:1\r\n" },
		{ { "HMGET k a" }, "*1\r\n*1\r\n$1\r\nx\r\n" },
		{ { "HMGET k a" }, "*1\r\n-ERR inside\r\n" },
		{ { "HMGET k a" }, "*-1\r\n" },
		{ { "HMGET k a" }, "$1\r\nx\r\n" },
		{ { "HGETALL k" }, "*1\r\n$1\r\nx\r\n" },
		{ { "HGETALL k" }, "*2\r\n$1\r\nx\r\n$-1\r\n" },
		{ { "HGETALL k" }, "$-1\r\n" },
		{ { "HGET k f" }, ":1\r\n" },
		{ { "HGET k f" }, "+OK\r\n" },
		{ { "SMEMBERS k" }, "*1\r\n:1\r\n" },
		{ { "SCARD k" }, "$1\r\n1\r\n" },
		{ { "SCARD k" }, ":-1\r\n" },
		{ { "TIME" }, "*1\r\n$1\r\n1\r\n" },
		{ { "TIME" }, "*2\r\n$1\r\n1\r\n$-1\r\n" },
		{ { "SCAN 0" }, "*1\r\n$1\r\n0\r\n" },
		{ { "SCAN 0" }, "*2\r\n:0\r\n*0\r\n" },
		{ { "SCAN 0" }, "*2\r\n$2\r\n-1\r\n*0\r\n" },
		{ { "SCAN 0" }, "*2\r\n$0\r\n\r\n*0\r\n" },
		{ { "SCAN 0" }, "*2\r\n$21\r\n000000000000000000000\r\n*0\r\n" },
		{ { "SCAN 0" }, "*2\r\n$1\r\n0\r\n*1\r\n:1\r\n" },
		{ { "SCAN 0" }, "*2\r\n$1\r\n0\r\n$1\r\nx\r\n" },
		{ { "XREAD STREAMS k 0-0" }, "$1\r\nx\r\n" },
		{ { "SMISMEMBER k a b" }, "*1\r\n:1\r\n" },
		{ { "WATCH k" }, "$2\r\nOK\r\n" },
		{ { "WATCH k", "HMGET k a" }, "*1\r\n$-1\r\n+OK\r\n" },
		{ { "MULTI", "HSET k a b", "EXEC" }, "+OK\r\n:1\r\n*1\r\n:1\r\n" },
		{ { "MULTI", "HSET k a b", "EXEC" }, "+OK\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n" },
		{ { "MULTI", "HSET k a b", "EXEC" }, "+OK\r\n+QUEUED\r\n+OK\r\n" },
		{ { "MULTI", "HSET k a b", "EXEC", "HMGET k a" },
		  "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n+QUEUED\r\n" },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(check_dialogue(&cases[i], &err), ERROR_UNAVAILABLE);
	assert_string_equal(err.text,
			    "Redis at r:6379 gives an answer that cannot be one to HMGET; "
			    "connect to the Redis server itself");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_that_its_command_gives_is_good),
		cmocka_unit_test(reply_that_its_command_cannot_give_is_unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
