/*
 * How soon after its acknowledgement a command can be seen in Redis, and what it causes
 * can be read from Kafka: sends commands at a steady rate and watches three places, each
 * on a thread of its own. A command counts as visible when the stream of outcomes has
 * come to its offset. For comparison a plain reader of sharing.commands says how soon
 * the command itself can be read. Standard input has the commands: lengths of key and
 * value, each as 32 bits in the machine's order, then both. Prints a line for each
 * command: when it was acknowledged, and microseconds from there until it is visible,
 * until its notification can be read, and until it can be read itself; 0 if that was
 * before, and -1 if it never was.
 *
 *	bench_latency BROKERS PORT RATE < commands
 */

#include "schemas/topics.h"
#include "tests/bench/client.h"

#include <hiredis/hiredis.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	PARTITIONS = 4,
	COMMANDS_MAX = 1 << 20,
	TEXT_SIZE = 512,
	POLL_MS = 100,
	ASK_MS = 10000,
	PATIENCE_S = 60, /* after the last command was sent */
};

/* What the machine's clock said, in microseconds; 0: not yet. Each has one thread that sets it. */
struct sample {
	_Atomic int64_t acked;
	_Atomic int64_t visible;
	_Atomic int64_t told;
	_Atomic int64_t read;
};

struct command {
	uint32_t key_len;
	uint32_t value_len;
	char *bytes;
};

static struct {
	struct command *commands;
	size_t count;
	struct sample *samples[PARTITIONS]; /* by offset, from `base` on */
	int64_t base[PARTITIONS];
	const char *brokers;
	int port;
	_Atomic size_t acked;
	_Atomic size_t visible;
	_Atomic size_t told;
	_Atomic int over;
} bench;

static void fail_latency(const char *what)
{
	(void)fprintf(stderr, "bench_latency: %s\n", what);
	exit(1);
}

static int64_t monotonic_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Of the command at that offset; NULL if it is not ours. */
static struct sample *find_sample(int partition, int64_t offset)
{
	int64_t at;

	if (partition < 0 || partition >= PARTITIONS)
		return NULL;
	at = offset - bench.base[partition];
	return at >= 0 && at < (int64_t)bench.count ? &bench.samples[partition][at] : NULL;
}

/* Returns whether this was the first time. */
static int note_time(_Atomic int64_t *when)
{
	if (*when)
		return 0;
	*when = monotonic_us();
	return 1;
}

/* ---- the commands ---- */

static int read_command(struct command *c)
{
	uint32_t head[2];

	if (!fread(head, sizeof(head), 1, stdin))
		return 0;
	*c = (struct command){ head[0], head[1], malloc((size_t)head[0] + head[1]) };
	if (!c->bytes || fread(c->bytes, (size_t)head[0] + head[1], 1, stdin) != 1)
		fail_latency("a command is not whole");
	return 1;
}

static void read_commands(void)
{
	bench.commands = calloc(COMMANDS_MAX, sizeof(*bench.commands));
	if (!bench.commands)
		fail_latency("out of memory");
	while (bench.count < COMMANDS_MAX && read_command(&bench.commands[bench.count]))
		bench.count++;
	for (int p = 0; p < PARTITIONS; p++) {
		bench.samples[p] = calloc(bench.count + 1, sizeof(struct sample));
		if (!bench.samples[p])
			fail_latency("out of memory");
	}
}

/* ---- clients of Kafka ---- */

static void take_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct sample *s;

	(void)rk;
	(void)opaque;
	if (m->err)
		fail_latency(rd_kafka_message_errstr(m));
	s = find_sample(m->partition, m->offset);
	if (!s)
		fail_latency("somebody else writes commands");
	bench.acked += (size_t)note_time(&s->acked);
}

static rd_kafka_t *open_client(const struct client_setting *settings, client_report_fn *report)
{
	char why[CLIENT_WHY_SIZE];
	rd_kafka_t *client = client_open(bench.brokers, settings, report, why);

	if (!client)
		fail_latency(why);
	return client;
}

static rd_kafka_t *open_producer(void)
{
	const struct client_setting settings[] = {
		{ "linger.ms", "0" },
		{ "acks", "all" },
		{ "socket.nagle.disable", "true" },
		{ "partitioner", "murmur2_random" },
		{ NULL, NULL },
	};

	return open_client(settings, take_report);
}

static rd_kafka_t *open_reader(void)
{
	const struct client_setting settings[] = {
		{ "group.id", "bench-latency" },
		{ "isolation.level", "read_committed" },
		{ "enable.auto.commit", "false" },
		{ NULL, NULL },
	};
	rd_kafka_t *reader = open_client(settings, NULL);

	if (rd_kafka_poll_set_consumer(reader))
		fail_latency("no queue");
	return reader;
}

/* Assigns the partitions of a topic from their ends on; notes the ends in `ends`, if there are to be any. */
static void follow_topic(rd_kafka_t *reader, const char *topic, int64_t *ends)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
	int64_t low;
	int64_t end;

	for (int p = 0; p < PARTITIONS; p++) {
		if (rd_kafka_query_watermark_offsets(reader, topic, p, &low, &end, ASK_MS))
			fail_latency("no ends of a topic");
		rd_kafka_topic_partition_list_add(list, topic, p)->offset = end;
		if (ends)
			ends[p] = end;
	}
	if (rd_kafka_assign(reader, list))
		fail_latency("no assignment");
	rd_kafka_topic_partition_list_destroy(list);
}

/* ---- the watchers ---- */

static void *poll_reports(void *producer)
{
	while (!bench.over)
		(void)rd_kafka_poll(producer, POLL_MS);
	return NULL;
}

static void *watch_commands(void *reader)
{
	while (!bench.over) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(reader, POLL_MS);
		struct sample *s = m && !m->err ? find_sample(m->partition, m->offset) : NULL;

		if (s)
			(void)note_time(&s->read);
		if (m)
			rd_kafka_message_destroy(m);
	}
	return NULL;
}

/* The header ce_id says which command it is about: partition-offset-n. */
static struct sample *told_of(const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers;
	const void *value;
	char text[TEXT_SIZE] = "";
	size_t len;
	char *rest;
	long partition;

	if (m->err || rd_kafka_message_headers(m, &headers) ||
	    rd_kafka_header_get_last(headers, "ce_id", &value, &len) || len >= sizeof(text))
		return NULL;
	memcpy(text, value, len);
	partition = strtol(text, &rest, 10);
	return *rest == '-' ? find_sample((int)partition, strtoll(rest + 1, NULL, 10)) : NULL;
}

static void *watch_notifications(void *reader)
{
	while (!bench.over) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(reader, POLL_MS);
		struct sample *s = m ? told_of(m) : NULL;

		if (s)
			bench.told += (size_t)note_time(&s->told);
		if (m)
			rd_kafka_message_destroy(m);
	}
	return NULL;
}

/* One stream of the answer: its key, and entries, whose ids are "<last offset>-1". */
static void take_stream(const redisReply *stream, int64_t next[static PARTITIONS])
{
	const redisReply *entries = stream->element[1];
	const char *id = entries->element[entries->elements - 1]->element[0]->str;
	long p = strtol(strchr(stream->element[0]->str, '{') + 1, NULL, 10);
	struct sample *s;

	for (; p >= 0 && p < PARTITIONS && next[p] <= strtoll(id, NULL, 10); next[p]++) {
		s = find_sample((int)p, next[p]);
		if (s)
			bench.visible += (size_t)note_time(&s->visible);
	}
}

static redisReply *ask_streams(redisContext *redis, const int64_t next[static PARTITIONS])
{
	redisReply *reply = redisCommand(
		redis,
		"XREAD BLOCK %d STREAMS sb:{0}:outcomes sb:{1}:outcomes sb:{2}:outcomes "
		"sb:{3}:outcomes %lld-1 %lld-1 %lld-1 %lld-1",
		POLL_MS, (long long)next[0] - 1, (long long)next[1] - 1, (long long)next[2] - 1,
		(long long)next[3] - 1);

	if (!reply || reply->type == REDIS_REPLY_ERROR)
		fail_latency(reply ? reply->str : redis->errstr);
	return reply;
}

static void *watch_outcomes(void *context)
{
	int64_t next[PARTITIONS];

	memcpy(next, bench.base, sizeof(next));
	while (!bench.over) {
		redisReply *reply = ask_streams(context, next);

		for (size_t i = 0; i < reply->elements; i++)
			take_stream(reply->element[i], next);
		freeReplyObject(reply);
	}
	return NULL;
}

/* ---- the whole ---- */

static void send_commands(rd_kafka_t *producer, double rate)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, topic_name(TOPIC_COMMANDS), NULL);
	const struct rd_kafka_metadata *known;
	int64_t begin;

	/* Else the first commands wait for it, and come all at once. */
	if (rd_kafka_metadata(producer, 0, topic, &known, ASK_MS))
		fail_latency("no metadata");
	rd_kafka_metadata_destroy(known);
	begin = monotonic_us();
	for (size_t i = 0; i < bench.count; i++) {
		const struct command *c = &bench.commands[i];
		int64_t left = begin + (int64_t)((double)i * 1e6 / rate) - monotonic_us();
		struct timespec pause = { left / 1000000, left % 1000000 * 1000 };

		if (left > 0)
			(void)nanosleep(&pause, NULL);
		if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, 0, c->bytes + c->key_len,
				     c->value_len, c->bytes, c->key_len, NULL))
			fail_latency("a command was not taken");
	}
	if (rd_kafka_flush(producer, PATIENCE_S * 1000))
		fail_latency("not all was acknowledged");
	rd_kafka_topic_destroy(topic);
}

/* Until everything has been seen; what is never told of is not waited for longer than PATIENCE_S. */
static void await_all(void)
{
	struct timespec pause = { 0, 10000000 };
	int64_t end = monotonic_us() + (int64_t)PATIENCE_S * 1000000;

	while (monotonic_us() < end && (bench.acked < bench.count || bench.visible < bench.count ||
					bench.told < bench.count))
		(void)nanosleep(&pause, NULL);
	bench.over = 1;
}

static long long since_acked(const struct sample *s, int64_t when)
{
	if (!when)
		return -1;
	return when > s->acked ? (long long)(when - s->acked) : 0;
}

static void print_samples(void)
{
	for (int p = 0; p < PARTITIONS; p++)
		for (size_t i = 0; i < bench.count; i++) {
			const struct sample *s = &bench.samples[p][i];

			if (s->acked)
				(void)printf("%lld %lld %lld %lld\n", (long long)s->acked,
					     since_acked(s, s->visible), since_acked(s, s->told),
					     since_acked(s, s->read));
		}
}

static void run_watched(double rate)
{
	rd_kafka_t *producer = open_producer();
	rd_kafka_t *commands = open_reader();
	rd_kafka_t *notifications = open_reader();
	redisContext *redis = redisConnect("127.0.0.1", bench.port);
	pthread_t threads[4];

	if (!redis || redis->err)
		fail_latency("no connection");
	follow_topic(notifications, topic_name(TOPIC_NOTIFICATIONS), NULL);
	follow_topic(commands, topic_name(TOPIC_COMMANDS), bench.base);
	if (pthread_create(&threads[0], NULL, poll_reports, producer) ||
	    pthread_create(&threads[1], NULL, watch_commands, commands) ||
	    pthread_create(&threads[2], NULL, watch_notifications, notifications) ||
	    pthread_create(&threads[3], NULL, watch_outcomes, redis))
		fail_latency("no thread");
	send_commands(producer, rate);
	await_all();
	for (int i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	(void)rd_kafka_consumer_close(notifications);
	(void)rd_kafka_consumer_close(commands);
	rd_kafka_destroy(notifications);
	rd_kafka_destroy(commands);
	rd_kafka_destroy(producer);
	redisFree(redis);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		fail_latency("usage: bench_latency BROKERS PORT RATE < commands");
	bench.brokers = argv[1];
	bench.port = (int)strtol(argv[2], NULL, 10);
	read_commands();
	if (!bench.count)
		fail_latency("no commands");
	run_watched(strtod(argv[3], NULL));
	print_samples();
	return 0;
}
