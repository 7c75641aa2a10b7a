/*
 * How fast the library answers checks, compared with the bare HMGETs that the
 * answers rest on: each on one connection, in pipelines of 100, in turns of a few
 * milliseconds, so that both run under the same conditions. Reads lines "<user id> <workspace id> <key in hex>
 * <field in hex>,…" from standard input; all answers must be yes. Prints a line for
 * each round: answers a second, and the seconds of CPU that 100,000 cost this program
 * and Redis, which must be on this machine; then the same of the HMGETs.
 *
 *	check_bench HOST PORT ROUNDS < pairs
 */

#include "producer/sharebus.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIPELINE = 100, TURN = 1000, FIELDS_MAX = 16, LINE_SIZE = 1024, PAIRS_MAX = 100000 };

/* A question, and the command that its answer rests on. */
struct pair {
	struct sharebus_question question;
	int argc;
	const char *argv[FIELDS_MAX];
	size_t lengths[FIELDS_MAX];
};

static void fail_bench(const char *what)
{
	(void)fprintf(stderr, "check_bench: %s\n", what);
	exit(1);
}

/* ---- the questions ---- */

static const char *take_hex(const char *hex, size_t *len)
{
	char *bytes = malloc(strlen(hex) / 2 + 1);
	unsigned value;

	if (!bytes)
		fail_bench("out of memory");
	*len = strlen(hex) / 2;
	for (size_t i = 0; i < *len; i++) {
		char digits[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		value = (unsigned)strtoul(digits, NULL, 16);
		bytes[i] = (char)(unsigned char)value;
	}
	return bytes;
}

static void add_argument(struct pair *p, const char *bytes, size_t len)
{
	if (p->argc == FIELDS_MAX)
		fail_bench("too many fields");
	p->argv[p->argc] = bytes;
	p->lengths[p->argc++] = len;
}

static void read_pair(struct pair *p, char *line)
{
	char *rest = NULL;
	const char *user = strtok_r(line, " \n", &rest);
	const char *workspace = strtok_r(NULL, " \n", &rest);
	size_t len;

	if (!user || !workspace || sharebus_parse_id(&p->question.user, user) ||
	    sharebus_parse_id(&p->question.workspace, workspace))
		fail_bench("a line is broken");
	p->question.action = SHAREBUS_SSH;
	p->argc = 0;
	add_argument(p, "HMGET", 5);
	for (const char *hex = strtok_r(NULL, " ,\n", &rest); hex;
	     hex = strtok_r(NULL, " ,\n", &rest)) {
		const char *bytes = take_hex(hex, &len);

		add_argument(p, bytes, len);
	}
}

static struct pair *read_pairs(size_t *count)
{
	struct pair *pairs = calloc(PAIRS_MAX, sizeof(*pairs));
	char line[LINE_SIZE];

	if (!pairs)
		fail_bench("out of memory");
	for (*count = 0; *count < PAIRS_MAX && fgets(line, sizeof(line), stdin); (*count)++)
		read_pair(&pairs[*count], line);
	*count -= *count % PIPELINE;
	if (!*count)
		fail_bench("no questions");
	return pairs;
}

/* ---- the two ways ---- */

static void ask_bare(redisContext *redis, struct pair *pairs)
{
	redisReply *reply;

	for (size_t i = 0; i < PIPELINE; i++)
		(void)redisAppendCommandArgv(redis, pairs[i].argc, pairs[i].argv, pairs[i].lengths);
	for (size_t i = 0; i < PIPELINE; i++) {
		if (redisGetReply(redis, (void **)&reply) || reply->type != REDIS_REPLY_ARRAY)
			fail_bench("Redis gave no answer");
		freeReplyObject(reply);
	}
}

static void ask_library(struct sharebus *sb, const struct pair *pairs)
{
	struct sharebus_question questions[PIPELINE];
	struct sharebus_answer answers[PIPELINE];

	for (size_t i = 0; i < PIPELINE; i++)
		questions[i] = pairs[i].question;
	if (sharebus_check_many(sb, questions, PIPELINE, answers))
		fail_bench(sharebus_error(sb));
	for (size_t i = 0; i < PIPELINE; i++)
		if (!answers[i].allowed)
			fail_bench("an answer is no");
}

/* ---- what they cost ---- */

/* Seconds, of three kinds. */
struct cost {
	double clock;
	double client; /* of CPU, ours */
	double redis;  /* of CPU, that of the Redis server, which is on this machine */
};

/* The server's own processor clock: it tells nanoseconds, where INFO tells what ticks have seen. */
static clockid_t redis_clock(redisContext *redis)
{
	static const char name[] = "process_id:";
	redisReply *info = redisCommand(redis, "INFO server");
	const char *at = info && info->str ? strstr(info->str, name) : NULL;
	clockid_t clock = CLOCK_MONOTONIC;

	if (!at || clock_getcpuclockid((pid_t)strtol(at + strlen(name), NULL, 10), &clock))
		fail_bench("the clock of Redis cannot be read");
	freeReplyObject(info);
	return clock;
}

static double seconds_of(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		fail_bench("a clock cannot be read");
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct cost cost_until_now(clockid_t redis)
{
	return (struct cost){ seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID),
			      seconds_of(redis) };
}

static void add_cost(struct cost *sum, const struct cost *begin, const struct cost *end)
{
	sum->clock += end->clock - begin->clock;
	sum->client += end->client - begin->client;
	sum->redis += end->redis - begin->redis;
}

/* The two ways, and what a round of each has cost so far. */
struct turn {
	struct sharebus *sb;
	redisContext *redis;
	clockid_t clock;
	struct cost ours;
	struct cost bare;
};

static void take_bare(struct turn *t, struct pair *pairs, size_t count)
{
	struct cost begin = cost_until_now(t->clock);
	struct cost end;

	for (size_t i = 0; i < count; i += PIPELINE)
		ask_bare(t->redis, pairs + i);
	end = cost_until_now(t->clock);
	add_cost(&t->bare, &begin, &end);
}

static void take_library(struct turn *t, const struct pair *pairs, size_t count)
{
	struct cost begin = cost_until_now(t->clock);
	struct cost end;

	for (size_t i = 0; i < count; i += PIPELINE)
		ask_library(t->sb, pairs + i);
	end = cost_until_now(t->clock);
	add_cost(&t->ours, &begin, &end);
}

static void print_cost(const struct cost *c, size_t count)
{
	double each = 100000 / (double)count;

	(void)printf("%.0f %.6f %.6f ", (double)count / c->clock, c->client * each,
		     c->redis * each);
}

/* Each way goes first in every other turn. */
static void run_round(struct turn *t, struct pair *pairs, size_t count)
{
	t->ours = t->bare = (struct cost){ 0 };
	for (size_t at = 0; at < count; at += TURN) {
		size_t some = count - at < TURN ? count - at : TURN;

		if (at / TURN % 2)
			take_library(t, pairs + at, some);
		take_bare(t, pairs + at, some);
		if (at / TURN % 2 == 0)
			take_library(t, pairs + at, some);
	}
	print_cost(&t->ours, count);
	print_cost(&t->bare, count);
	(void)printf("\n");
}

int main(int argc, char **argv)
{
	struct sharebus *sb = NULL;
	redisContext *redis;
	struct pair *pairs;
	struct turn turns;
	char address[128];
	size_t count;
	int rounds;

	if (argc != 4)
		fail_bench("usage: check_bench HOST PORT ROUNDS < pairs");
	rounds = (int)strtol(argv[3], NULL, 10);
	(void)snprintf(address, sizeof(address), "%s:%s", argv[1], argv[2]);
	redis = redisConnect(argv[1], (int)strtol(argv[2], NULL, 10));
	if (!redis || redis->err ||
	    sharebus_open(&sb, &(struct sharebus_options){ .redis = address }))
		fail_bench("no connection");
	pairs = read_pairs(&count);
	turns = (struct turn){ .sb = sb, .redis = redis, .clock = redis_clock(redis) };
	for (int round = 0; round < rounds; round++)
		run_round(&turns, pairs, count);
	sharebus_close(&sb);
	redisFree(redis);
	return 0;
}
