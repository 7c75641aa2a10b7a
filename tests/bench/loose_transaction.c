/*
 * consumer/transaction.h without transactions, to see what they cost: outputs are sent
 * by an idempotent producer, then the group's offsets are committed. With it the outputs
 * of applied runs are not kept in Redis either. So what a consumer was doing when it
 * died is told twice, or never. It is linked into bench_loose_consumer and nothing that
 * we ship; the library's own functions are then left out.
 */

#include "cache/apply.h"
#include "consumer/group_offsets.h"
#include "consumer/kafka_error.h"
#include "consumer/sender.h"
#include "consumer/transaction.h"
#include "ops/support/memory.h"
#include "producer/bus.h"
#include "schemas/topics.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

struct transactor {
	struct intake *intake;
	rd_kafka_t *producer;
	struct sender sender;
	struct error refusal;
};

/* ---- what Redis is spared: in this program, runs call these in place of cache/apply.h's ---- */

void loose_unsent(struct apply *a, int64_t last, struct bytes seal, struct bytes outputs);
void loose_sent(struct apply *a, int64_t last);

void loose_unsent(struct apply *a, int64_t last, struct bytes seal, struct bytes outputs)
{
	(void)a;
	(void)last;
	(void)seal;
	(void)outputs;
}

void loose_sent(struct apply *a, int64_t last)
{
	(void)a;
	(void)last;
}

/* ---- nothing is ever left open ---- */

int transactor_clear(struct transactor *t, enum orphans_state *state, struct error *err)
{
	(void)t;
	(void)err;
	*state = ORPHANS_NONE;
	return 0;
}

int transactor_wait(struct transactor *t, struct error *err)
{
	(void)t;
	(void)err;
	return 0;
}

void transactor_explain(const struct transactor *t, struct error *out)
{
	(void)t;
	(void)error_set(out, ERROR_UNAVAILABLE, "there are no transactions");
}

bool transactor_is_clear(const struct transactor *t)
{
	(void)t;
	return true;
}

bool transactor_is_due(const struct transactor *t)
{
	(void)t;
	return false;
}

bool transactor_is_hidden(const struct transactor *t)
{
	(void)t;
	return false;
}

bool transactor_should_look(const struct transactor *t)
{
	(void)t;
	return false;
}

void transactor_look(struct transactor *t)
{
	(void)t;
}

/* ---- sending ---- */

/* The group's offsets, without waiting for the answer. */
static int commit_offsets(const struct transactor *t, const struct batch *batches,
			  struct error *err)
{
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t failed;

	for (const struct batch *b = batches; b; b = b->next) {
		rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(
			offsets, topic_name(TOPIC_COMMANDS), b->partition);

		if (!p) {
			p = rd_kafka_topic_partition_list_add(offsets, topic_name(TOPIC_COMMANDS),
							      b->partition);
			group_offset_sign(p);
		}
		p->offset = b->applied;
	}
	failed = rd_kafka_commit(intake_client(t->intake), offsets, 1);
	rd_kafka_topic_partition_list_destroy(offsets);
	return failed ? error_set(err, ERROR_UNAVAILABLE, "committing offsets: %s",
				  rd_kafka_err2str(failed))
		      : 0;
}

static bool is_last_of_partition(const struct batch *b)
{
	for (const struct batch *later = b->next; later; later = later->next)
		if (later->partition == b->partition)
			return false;
	return true;
}

int transactor_send(struct transactor *t, struct batch *batches, struct error *err)
{
	int rc = 0;

	for (struct batch *b = batches; !rc && b; b = b->next)
		rc = sender_send(&t->sender, b, is_last_of_partition(b), err);
	if (!rc)
		rc = sender_flush(&t->sender, &t->refusal, err);
	return rc ? rc : commit_offsets(t, batches, err);
}

int transactor_commit(struct transactor *t, struct error *err)
{
	(void)t;
	(void)err;
	return 0;
}

void transactor_take_figures(struct transactor *t, struct stage_figures *figures)
{
	(void)t;
	(void)figures;
}

void transactor_serve(struct transactor *t)
{
	(void)rd_kafka_poll(t->producer, 0);
}

/* ---- lifecycle ---- */

static void take_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct transactor *t = opaque;

	(void)rk;
	if (m->err)
		(void)error_set(&t->refusal, ERROR_UNAVAILABLE, "%s", rd_kafka_message_errstr(m));
}

/* The settings of consumer/transaction.c, but for those of transactions. */
static int open_producer(struct transactor *t, const struct transactor_options *o,
			 struct error *err)
{
	char batch[24];
	char largest[16];
	const struct bus_setting settings[] = {
		{ "enable.idempotence", "true" },
		{ "message.max.bytes", largest },
		{ "batch.size", batch },
		{ "batch.num.messages", "10000" },
		{ "linger.ms", "1000" },
		{ "compression.type", "lz4" },
		{ "queue.buffering.max.messages", "1000000" },
		{ "queue.buffering.max.kbytes", "65536" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc;

	(void)snprintf(batch, sizeof(batch), "%zu", o->batch_bytes);
	(void)snprintf(largest, sizeof(largest), "%d", BUS_MESSAGE_MAX_BYTES);
	rc = bus_conf(&conf, o->config, settings, err);
	if (rc)
		return rc;
	rd_kafka_conf_set_dr_msg_cb(conf, take_report);
	rd_kafka_conf_set_opaque(conf, t);
	return bus_open_producer(&t->producer, conf, err);
}

int transactor_open(struct transactor **out, const struct transactor_options *o, struct error *err)
{
	struct transactor *t = memory_zalloc(1, sizeof(*t));
	int rc;

	t->intake = o->intake;
	rc = open_producer(t, o, err);
	if (!rc)
		rc = sender_open(&t->sender, t->producer, o->deployment, err);
	if (rc)
		transactor_close(&t);
	else
		*out = t;
	return rc;
}

void transactor_close(struct transactor **tp)
{
	struct transactor *t = *tp;

	if (!t)
		return;
	sender_close(&t->sender);
	bus_close(&t->producer);
	free(t);
	*tp = NULL;
}

void transactor_discard(struct transactor **tp)
{
	(void)rd_kafka_purge((*tp)->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	transactor_close(tp);
}
