/*
 * What Redis alone can do: sends prepared commands from memory, two batches under way
 * at any time, so that Redis never waits for us. Standard input has batches: the number
 * of replies and of bytes, each as 32 bits in the machine's order, and the bytes. Any
 * reply that is an error, also within EXEC, ends it. Prints seconds from the first byte
 * sent to the last reply.
 *
 *	bench_pipeline PORT DATABASE < batches
 */

#include <hiredis/hiredis.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { UNDER_WAY = 2, BATCHES_MAX = 1 << 16 };

struct batch {
	uint32_t replies;
	uint32_t len;
	char *bytes;
};

static void fail_pipeline(const char *what)
{
	(void)fprintf(stderr, "bench_pipeline: %s\n", what);
	exit(1);
}

static double monotonic_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Returns whether there was one more. */
static int read_batch(struct batch *b)
{
	uint32_t head[2];

	if (!fread(head, sizeof(head), 1, stdin))
		return 0;
	*b = (struct batch){ .replies = head[0], .len = head[1], .bytes = malloc(head[1]) };
	if (!b->bytes || fread(b->bytes, 1, b->len, stdin) != b->len)
		fail_pipeline("a batch is not whole");
	return 1;
}

static void check_reply(const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR || reply->type == REDIS_REPLY_NIL)
		fail_pipeline(reply->str ? reply->str : "Redis refused a batch");
	for (size_t i = 0; i < reply->elements; i++)
		check_reply(reply->element[i]);
}

static void read_replies(redisContext *redis, uint32_t count)
{
	redisReply *reply;

	for (; count > 0; count--) {
		if (redisGetReply(redis, (void **)&reply))
			fail_pipeline(redis->errstr);
		check_reply(reply);
		freeReplyObject(reply);
	}
}

static void send_batch(redisContext *redis, const struct batch *b)
{
	int done = 0;

	if (redisAppendFormattedCommand(redis, b->bytes, b->len))
		fail_pipeline("out of memory");
	while (!done)
		if (redisBufferWrite(redis, &done))
			fail_pipeline(redis->errstr);
}

static double send_all(redisContext *redis, const struct batch *batches, size_t count)
{
	double begin = monotonic_seconds();
	size_t sent = 0;

	for (size_t taken = 0; taken < count; taken++) {
		for (; sent < count && sent < taken + UNDER_WAY; sent++)
			send_batch(redis, &batches[sent]);
		read_replies(redis, batches[taken].replies);
	}
	return monotonic_seconds() - begin;
}

int main(int argc, char **argv)
{
	static struct batch batches[BATCHES_MAX];
	redisContext *redis;
	size_t count = 0;

	if (argc != 3)
		fail_pipeline("usage: bench_pipeline PORT DATABASE < batches");
	while (count < BATCHES_MAX && read_batch(&batches[count]))
		count++;
	if (!count || count == BATCHES_MAX)
		fail_pipeline("no batches, or too many");
	redis = redisConnect("127.0.0.1", (int)strtol(argv[1], NULL, 10));
	if (!redis || redis->err)
		fail_pipeline("no connection");
	if (redisAppendCommand(redis, "SELECT %s", argv[2]))
		fail_pipeline("out of memory");
	read_replies(redis, 1);
	(void)printf("%.6f\n", send_all(redis, batches, count));
	redisFree(redis);
	return 0;
}
