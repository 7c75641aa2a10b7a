/*
 * The program that a team writes over a weekend: reads commands, writes what they say to
 * Redis, and sends one record for each, with the offsets, in a transaction of Kafka. It
 * asks nobody whether a command is allowed, remembers no command, keeps no changelog, and
 * what it has written to Redis when it dies is written again: exactly once in Kafka alone.
 * Ends after COUNT commands, whose offsets begin where GROUP has committed; prints the
 * seconds of the monotonic clock when the first was there and when the last was committed.
 * With RECORDS it sends each record so many times: what librdkafka and the brokers take for
 * as many as our consumer sends.
 *
 *	bench_weekend BROKERS PORT DATABASE GROUP OUTPUT COUNT [RECORDS]
 */

#include "ops/support/arena.h"
#include "schemas/codec.h"
#include "schemas/roles.h"
#include "schemas/topics.h"
#include "tests/bench/client.h"

#include <hiredis/hiredis.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	PIPELINE = 1000,         /* commands for Redis */
	TRANSACTION_MS = 100,    /* at least so long, unless TRANSACTION_MAX have come */
	TRANSACTION_MAX = 20000, /* commands */
	TEXT_SIZE = 512,
	WAIT_MS = 10000,
};

struct weekend {
	rd_kafka_t *consumer;
	rd_kafka_t *producer;
	rd_kafka_topic_t *output;
	redisContext *redis;
	struct codec *codec;
	struct arena *arena;
	int pending;  /* replies of Redis */
	long records; /* for each command */
};

static void fail_weekend(const char *what)
{
	(void)fprintf(stderr, "bench_weekend: %s\n", what);
	exit(1);
}

static void check_kafka(rd_kafka_error_t *e)
{
	if (e)
		fail_weekend(rd_kafka_error_string(e));
}

static double monotonic_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- Redis ---- */

static void append_redis(struct weekend *w, const char *text, int len)
{
	if (len < 0 || len >= TEXT_SIZE || redisAppendFormattedCommand(w->redis, text, (size_t)len))
		fail_weekend("a command for Redis does not fit");
	w->pending += 2;
}

static void set_role(struct weekend *w, const char *workspace, const char *subject,
		     const char *role)
{
	char text[TEXT_SIZE];

	append_redis(w, text,
		     snprintf(text, sizeof(text),
			      "*4\r\n$4\r\nHSET\r\n$39\r\nws:%s\r\n$37\r\nu%s\r\n$%zu\r\n%s\r\n"
			      "*4\r\n$4\r\nHSET\r\n$38\r\nu:%s\r\n$36\r\n%s\r\n$%zu\r\n%s\r\n",
			      workspace, subject, strlen(role), role, subject, workspace,
			      strlen(role), role));
}

static void clear_role(struct weekend *w, const char *workspace, const char *subject)
{
	char text[TEXT_SIZE];

	append_redis(w, text,
		     snprintf(text, sizeof(text),
			      "*3\r\n$4\r\nHDEL\r\n$39\r\nws:%s\r\n$37\r\nu%s\r\n"
			      "*3\r\n$4\r\nHDEL\r\n$38\r\nu:%s\r\n$36\r\n%s\r\n",
			      workspace, subject, subject, workspace));
}

static void settle_redis(struct weekend *w)
{
	redisReply *reply;

	for (; w->pending > 0; w->pending--) {
		if (redisGetReply(w->redis, (void **)&reply) || reply->type == REDIS_REPLY_ERROR)
			fail_weekend("Redis refused a command");
		freeReplyObject(reply);
	}
}

/* ---- one command ---- */

static void share_workspace(struct weekend *w, const struct share_workspace *share)
{
	char workspace[UUID_TEXT_SIZE];
	char subject[UUID_TEXT_SIZE];

	uuid_format(workspace, &share->command.workspace_id);
	for (size_t i = 0; i < share->grant_count; i++) {
		uuid_format(subject, &share->grants[i].subject.id);
		set_role(w, workspace, subject, role_name(share->grants[i].role));
	}
}

static void remove_sharing(struct weekend *w, const struct remove_sharing *removal)
{
	char workspace[UUID_TEXT_SIZE];
	char subject[UUID_TEXT_SIZE];

	uuid_format(workspace, &removal->command.workspace_id);
	for (size_t i = 0; i < removal->subject_count; i++) {
		uuid_format(subject, &removal->subjects[i].id);
		clear_role(w, workspace, subject);
	}
}

static void send_record(struct weekend *w, char *text, int len, const char *key)
{
	while (rd_kafka_produce(w->output, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, text,
				(size_t)len, key, UUID_TEXT_LEN, NULL)) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			fail_weekend("a record cannot be sent");
		(void)rd_kafka_poll(w->producer, 1);
	}
}

/* To the first whom the command is about. */
static void tell_subject(struct weekend *w, const struct command *c, const struct uuid *subject,
			 const char *what)
{
	char text[TEXT_SIZE];
	char ids[4][UUID_TEXT_SIZE];
	int len;

	uuid_format(ids[0], subject);
	uuid_format(ids[1], &c->workspace_id);
	uuid_format(ids[2], &c->actor.id);
	uuid_format(ids[3], &c->command_id);
	len = snprintf(text, sizeof(text),
		       "{\"recipient_id\":\"%s\",\"kind\":\"%s\",\"workspace_id\":\"%s\","
		       "\"actor_id\":\"%s\",\"command_id\":\"%s\"}",
		       ids[0], what, ids[1], ids[2], ids[3]);
	for (long i = 0; i < w->records; i++)
		send_record(w, text, len, ids[0]);
}

static void do_command(struct weekend *w, const rd_kafka_message_t *m)
{
	struct record r;
	struct error err;

	arena_reset(w->arena);
	if (m->err)
		fail_weekend(rd_kafka_message_errstr(m));
	if (codec_decode(w->codec, (struct bytes){ m->payload, m->len }, w->arena, &r, &err))
		fail_weekend(err.text);
	if (r.type == RECORD_SHARE_WORKSPACE && r.as.share_workspace.grant_count) {
		share_workspace(w, &r.as.share_workspace);
		tell_subject(w, &r.as.share_workspace.command,
			     &r.as.share_workspace.grants[0].subject.id, "workspace_shared");
	} else if (r.type == RECORD_REMOVE_SHARING && r.as.remove_sharing.subject_count) {
		remove_sharing(w, &r.as.remove_sharing);
		tell_subject(w, &r.as.remove_sharing.command, &r.as.remove_sharing.subjects[0].id,
			     "access_removed");
	}
}

/* ---- transactions ---- */

/* Does what comes until the transaction is large or old enough; returns how many commands that were. */
static long do_commands(struct weekend *w, long max, double *first)
{
	double end = monotonic_seconds() + TRANSACTION_MS / 1e3;
	double now;
	long done = 0;

	while (done < max && (now = monotonic_seconds()) < end) {
		rd_kafka_message_t *m =
			rd_kafka_consumer_poll(w->consumer, 1 + (int)((end - now) * 1e3));

		if (!m)
			continue;
		if (*first == 0)
			*first = monotonic_seconds();
		do_command(w, m);
		rd_kafka_message_destroy(m);
		done++;
		if (done % PIPELINE == 0)
			settle_redis(w);
	}
	settle_redis(w);
	return done;
}

static void commit_offsets(struct weekend *w)
{
	rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(w->consumer);
	rd_kafka_topic_partition_list_t *offsets = NULL;

	if (rd_kafka_assignment(w->consumer, &offsets) || rd_kafka_position(w->consumer, offsets))
		fail_weekend("no offsets");
	check_kafka(rd_kafka_send_offsets_to_transaction(w->producer, offsets, group, WAIT_MS));
	check_kafka(rd_kafka_commit_transaction(w->producer, -1));
	rd_kafka_topic_partition_list_destroy(offsets);
	rd_kafka_consumer_group_metadata_destroy(group);
}

static void do_all(struct weekend *w, long count)
{
	double first = 0;
	long left = count;

	while (left > 0) {
		check_kafka(rd_kafka_begin_transaction(w->producer));
		left -= do_commands(w, left < TRANSACTION_MAX ? left : TRANSACTION_MAX, &first);
		commit_offsets(w);
	}
	(void)printf("%.6f %.6f\n", first, monotonic_seconds());
}

/* ---- clients ---- */

static void take_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	(void)opaque;
	if (m->err)
		fail_weekend(rd_kafka_message_errstr(m));
}

static void open_consumer(struct weekend *w, const char *brokers, const char *group)
{
	const struct client_setting settings[] = {
		{ "group.id", group },
		{ "enable.auto.commit", "false" },
		{ "auto.offset.reset", "error" },
		{ "isolation.level", "read_committed" },
		{ NULL, NULL },
	};
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	char why[CLIENT_WHY_SIZE];

	w->consumer = client_open(brokers, settings, NULL, why);
	if (!w->consumer)
		fail_weekend(why);
	(void)rd_kafka_topic_partition_list_add(topics, topic_name(TOPIC_COMMANDS),
						RD_KAFKA_PARTITION_UA);
	if (rd_kafka_poll_set_consumer(w->consumer) || rd_kafka_subscribe(w->consumer, topics))
		fail_weekend("no subscription");
	rd_kafka_topic_partition_list_destroy(topics);
}

static void open_producer(struct weekend *w, const char *brokers, const char *group,
			  const char *output)
{
	const struct client_setting settings[] = {
		{ "transactional.id", group },
		{ "linger.ms", "5" },
		/* A transaction waits for the markers of the one before. */
		{ "retry.backoff.ms", "5" },
		{ "partitioner", "murmur2_random" },
		{ NULL, NULL },
	};
	char why[CLIENT_WHY_SIZE];

	w->producer = client_open(brokers, settings, take_report, why);
	if (!w->producer)
		fail_weekend(why);
	w->output = rd_kafka_topic_new(w->producer, output, NULL);
	check_kafka(rd_kafka_init_transactions(w->producer, WAIT_MS));
}

static void close_clients(struct weekend *w)
{
	(void)rd_kafka_consumer_close(w->consumer);
	rd_kafka_destroy(w->consumer);
	rd_kafka_topic_destroy(w->output);
	rd_kafka_destroy(w->producer);
	redisFree(w->redis);
	codec_free(&w->codec);
	arena_done(w->arena);
}

int main(int argc, char **argv)
{
	struct arena arena;
	struct weekend w = { .arena = &arena, .records = 1 };
	struct error err;

	if (argc != 7 && argc != 8)
		fail_weekend("usage: bench_weekend BROKERS PORT DATABASE GROUP OUTPUT COUNT "
			     "[RECORDS]");
	if (argc == 8)
		w.records = strtol(argv[7], NULL, 10);
	arena_init(&arena);
	if (codec_new(&w.codec, &err))
		fail_weekend(err.text);
	w.redis = redisConnect("127.0.0.1", (int)strtol(argv[2], NULL, 10));
	if (!w.redis || w.redis->err || redisAppendCommand(w.redis, "SELECT %s", argv[3]))
		fail_weekend("no connection");
	w.pending = 1;
	settle_redis(&w);
	open_producer(&w, argv[1], argv[4], argv[5]);
	open_consumer(&w, argv[1], argv[4]);
	do_all(&w, strtol(argv[6], NULL, 10));
	close_clients(&w);
	return 0;
}
