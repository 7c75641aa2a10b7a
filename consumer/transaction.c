#include "consumer/transaction.h"

#include "consumer/group_offsets.h"
#include "consumer/kafka_error.h"
#include "consumer/markers.h"
#include "consumer/note.h"
#include "consumer/sender.h"
#include "consumer/settle.h"
#include "consumer/undeliverable.h"
#include "ops/support/clock.h"
#include "ops/support/crash.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	INIT_WAIT_MS = 30000,
	ABORT_WAIT_MS = 3000,
	TRANSACTION_TIMEOUT_MS = 10000,
	LOOK_EVERY_MS = 100,
	NAME_SIZE = 256,
};

struct transactor {
	struct intake *intake; /* whose group's offsets are committed */
	struct group_asker *asker;
	const struct config *config;
	rd_kafka_t *producer;
	struct sender sender;
	char name[NAME_SIZE];      /* the transactional.id */
	struct footprint last;     /* of the last transaction, or the one in hand */
	struct footprint clearing; /* of one that only ends orphans */
	struct footprint *noted;   /* of these, the one that delivery reports are for */
	struct orphans orphans;
	int64_t due_ms;       /* when they are to be looked for again; monotonic, like the next */
	int64_t look_ms;      /* when transactor_look() should ask again */
	struct error refusal; /* of the transaction in hand; code 0: none */
	size_t refused_bytes; /* of the largest record refused */
	struct stage_figures figures[TRANSACTION_STEPS];
};

/* ---- how long the steps take ---- */

/* A step has ended, and the next one begins. */
static void count_step(struct transactor *t, enum transaction_step step, int64_t *since_us)
{
	int64_t now_us = clock_monotonic_us();

	stages_count(&t->figures[step], now_us - *since_us);
	*since_us = now_us;
}

void transactor_take_figures(struct transactor *t, struct stage_figures *figures)
{
	for (int i = 0; i < TRANSACTION_STEPS; i++)
		stages_add(&figures[i], &t->figures[i]);
	memset(t->figures, 0, sizeof(t->figures));
}

/* ---- sending ---- */

/* Is b the last batch of its partition in this transaction? */
static bool is_last_of_partition(const struct batch *b)
{
	for (const struct batch *later = b->next; later; later = later->next)
		if (later->partition == b->partition)
			return false;
	return true;
}

/*
 * When the metadata lacks a generation or a member, the broker takes the offsets
 * without checking who sends them. So we check.
 */
static int check_group(const struct transactor *t, const rd_kafka_consumer_group_metadata_t *m,
		       struct error *err)
{
	if (!m || intake_is_lost(t->intake) || group_generation(m) < 0)
		return error_set(err, ERROR_FENCED, "the consumer group has moved on without us");
	return 0;
}

static int send_offsets(const struct transactor *t, const struct batch *batches, struct error *err)
{
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
	rd_kafka_consumer_group_metadata_t *group =
		rd_kafka_consumer_group_metadata(intake_client(t->intake));
	int rc = check_group(t, group, err);

	for (const struct batch *b = batches; b; b = b->next) {
		rd_kafka_topic_partition_t *p;

		if (!is_last_of_partition(b))
			continue;
		p = rd_kafka_topic_partition_list_add(offsets, topic_name(TOPIC_COMMANDS),
						      b->partition);
		p->offset = b->applied;
		group_offset_sign(p);
	}
	if (!rc)
		rc = sender_add_offsets(&t->sender, offsets, group, "sending offsets", err);
	if (group)
		rd_kafka_consumer_group_metadata_destroy(group);
	rd_kafka_topic_partition_list_destroy(offsets);
	return rc;
}

/* Refusals that have been reported so far outweigh whatever else went wrong because of them. */
static int settle_refusal(const struct transactor *t, int rc, struct error *err)
{
	if (!t->refusal.code)
		return rc;
	*err = t->refusal;
	return ERROR_REFUSED;
}

static void blame_all(struct batch *batches)
{
	for (struct batch *b = batches; b; b = b->next)
		b->refused = true;
}

static const char *group_of(const struct transactor *t)
{
	return config_get(t->config, "consumer-group");
}

int transactor_clear(struct transactor *t, enum orphans_state *state, struct error *err)
{
	const struct settlement s = { &t->sender, t->asker, t->config, &t->orphans, &t->clearing };
	int rc;

	t->due_ms = clock_monotonic_ms() + ORPHANS_LOOK_EVERY_MS;
	t->noted = &t->clearing;
	rc = settle_orphans(&s, err);
	*state = t->orphans.state;
	return rc;
}

int transactor_wait(struct transactor *t, struct error *err)
{
	int rc = markers_wait(t->producer, t->asker, group_of(t), &t->clearing, err);

	if (!rc)
		orphans_note_unseen(&t->orphans, t->clearing.owed);
	footprint_clear(&t->clearing);
	return rc;
}

void transactor_explain(const struct transactor *t, struct error *out)
{
	bool unclear = t->orphans.state == ORPHANS_UNCLEAR;
	int i = unclear ? orphans_blind_log(&t->orphans) : orphans_hidden_log(&t->orphans);
	struct output_log log = footprint_log(&t->last, i < 0 ? 0 : (size_t)i);

	if (!unclear || (i >= 0 && t->orphans.remains[i] == REMAINS_HIDDEN))
		(void)error_set(out, ERROR_UNAVAILABLE,
				"a transaction that another program has open in %s partition %d "
				"hides how our last one has ended; if that program never comes "
				"back, end its transaction with kafka-transactions.sh",
				topic_name(log.topic), log.partition);
	else
		(void)error_set(out, ERROR_UNAVAILABLE,
				"%s partition %d has no leader, and so does not show what became "
				"of our last transaction",
				topic_name(log.topic), log.partition);
}

bool transactor_is_clear(const struct transactor *t)
{
	return t->orphans.state == ORPHANS_NONE;
}

bool transactor_is_due(const struct transactor *t)
{
	return !transactor_is_clear(t) && clock_monotonic_ms() >= t->due_ms;
}

bool transactor_is_hidden(const struct transactor *t)
{
	return orphans_are_hidden(&t->orphans);
}

bool transactor_should_look(const struct transactor *t)
{
	return transactor_is_hidden(t) && clock_monotonic_ms() >= t->look_ms;
}

void transactor_look(struct transactor *t)
{
	bool missing = markers_look(t->producer, &t->last);

	if (markers_look(t->producer, &t->orphans.unseen) || missing)
		t->due_ms = clock_monotonic_ms();
	t->look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
}

/* Numbers rise also from one process to the next, and they differ if two run at once. */
static int64_t next_number(const struct footprint *last)
{
	int64_t now = clock_unix_ms();

	return now > last->number ? now : last->number + 1;
}

static void begin_footprint(struct transactor *t, const struct batch *batches)
{
	t->noted = &t->last;
	footprint_begin(&t->last, next_number(&t->last));
	for (const struct batch *b = batches; b; b = b->next)
		t->last.applied[b->partition] = b->applied;
}

/* Whoever starts anew looks again, and by now the log may answer. */
static int check_logs(const struct transactor *t, struct error *err)
{
	if (orphans_let_commit(&t->orphans))
		return 0;
	return error_set(err, ERROR_UNAVAILABLE,
			 "a partition of the outputs had no leader when it was looked at");
}

/* Returns when the brokers have all records. */
static int write_outputs(struct transactor *t, struct batch *batches, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_begin_transaction(t->producer);
	int rc;

	rc = e ? kafka_error(e, "beginning a transaction", err) : 0;
	for (struct batch *b = batches; !rc && b; b = b->next)
		rc = sender_send(&t->sender, b, is_last_of_partition(b), err);
	if (!rc)
		rc = sender_flush(&t->sender, &t->refusal, err);
	rc = settle_refusal(t, rc, err);
	return rc ? rc : check_logs(t, err);
}

int transactor_send(struct transactor *t, struct batch *batches, struct error *err)
{
	int64_t since_us = clock_monotonic_us();
	int rc;

	t->refusal = (struct error){ 0 };
	t->refused_bytes = 0;
	begin_footprint(t, batches);
	crash_point("before-begin");
	rc = write_outputs(t, batches, err);
	count_step(t, TRANSACTION_WRITE, &since_us);
	crash_point("after-produce");
	if (rc)
		return rc;
	rc = send_offsets(t, batches, err);
	count_step(t, TRANSACTION_OFFSETS, &since_us);
	if (rc == ERROR_REFUSED)
		blame_all(batches); /* a topic was gone before a record reached it */
	if (rc)
		return rc;
	rc = note_save(t->producer, t->name, &t->last, err);
	count_step(t, TRANSACTION_NOTE, &since_us);
	return rc;
}

/* ---- committing ---- */

int transactor_commit(struct transactor *t, struct error *err)
{
	int64_t since_us = clock_monotonic_us();
	int rc;

	crash_point("before-commit");
	crash_point_soon("during-commit");
	rc = sender_commit(&t->sender, "committing", err);
	count_step(t, TRANSACTION_COMMIT, &since_us);
	crash_point("after-commit");
	if (rc)
		return rc;
	rc = markers_wait(t->producer, t->asker, group_of(t), &t->last, err);
	count_step(t, TRANSACTION_SEE, &since_us);
	if (footprint_owes(&t->last) && t->orphans.state == ORPHANS_NONE)
		t->orphans.state = ORPHANS_LEFT;
	return rc;
}

void transactor_serve(struct transactor *t)
{
	(void)rd_kafka_poll(t->producer, 0);
}

/* ---- lifecycle ---- */

static size_t headers_size(const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers = NULL;
	const char *name;
	const void *value;
	size_t size;
	size_t sum = 0;

	if (rd_kafka_message_headers(m, &headers))
		return 0;
	for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); i++)
		sum += strlen(name) + size;
	return sum;
}

static void note_refused(struct transactor *t, struct batch *b, const rd_kafka_message_t *m)
{
	size_t size = m->key_len + m->len + headers_size(m);

	b->refused = true;
	if (t->refusal.code && size <= t->refused_bytes)
		return;
	t->refused_bytes = size;
	undeliverable_describe(&t->refusal, rd_kafka_topic_name(m->rkt), size, m->err);
}

static void note_delivered(const struct transactor *t, const rd_kafka_message_t *m)
{
	for (int i = 0; i < TOPIC_COUNT; i++)
		if (m->rkt == t->sender.topics[i])
			footprint_note(t->noted, (enum topic)i, m->partition, m->offset);
}

/*
 * Notes what was written, and whose record was refused. There must be a callback
 * anyway: without one librdkafka polls in steps of 10 ms.
 */
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct transactor *t = opaque;
	struct batch *b = m->_private;

	(void)rk;
	if (!m->err)
		note_delivered(t, m);
	if (m->err && b && undeliverable_is(m->err))
		note_refused(t, b, m);
}

static int open_producer(struct transactor *t, const struct transactor_options *o,
			 struct error *err)
{
	const struct config *config = o->config;
	rd_kafka_conf_t *conf = NULL;
	char timeout[16];
	char largest[16];
	char batch[24];
	const struct bus_setting settings[] = {
		{ "transactional.id", t->name },
		{ "transaction.timeout.ms", timeout },
		{ "message.max.bytes", largest },
		{ "batch.size", batch },
		{ "batch.num.messages", o->singly ? "1" : "10000" },
		/* Records are sent when the transaction is complete: transactor_send() flushes. */
		{ "linger.ms", "1000" },
		/* Headers repeat: a quarter of the bytes, half of the broker's work. */
		{ "compression.type", "lz4" },
		/* CONCURRENT_TRANSACTIONS passes within milliseconds. */
		{ "retry.backoff.ms", "5" },
		{ "queue.buffering.max.messages", "1000000" },
		{ "queue.buffering.max.kbytes", "65536" },
		{ NULL, NULL },
	};
	int rc;

	/* Cut short, the two producers would have one id and fence each other for ever. */
	rc = snprintf(t->name, sizeof(t->name), "%s.%s.%c", config_get(config, "consumer-group"),
		      config_get(config, "instance"), o->letter);
	if (rc < 0 || (size_t)rc >= sizeof(t->name))
		return error_set(err, ERROR_USAGE,
				 "consumer-group and instance have more than %zu bytes together",
				 sizeof(t->name) - 4);
	(void)snprintf(timeout, sizeof(timeout), "%d", TRANSACTION_TIMEOUT_MS);
	(void)snprintf(largest, sizeof(largest), "%d", BUS_MESSAGE_MAX_BYTES);
	(void)snprintf(batch, sizeof(batch), "%zu", o->batch_bytes);
	rc = bus_conf(&conf, config, settings, err);
	if (rc)
		return rc;
	if (o->singly) /* whatever section [kafka] says */
		(void)rd_kafka_conf_set(conf, "batch.num.messages", "1", NULL, 0);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_opaque(conf, t);
	return bus_open_producer(&t->producer, conf, err);
}

static int settle_predecessor(struct transactor *t, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_init_transactions(t->producer, INIT_WAIT_MS);

	return e ? kafka_error(e, "settling the transactions of a predecessor", err) : 0;
}

int transactor_open(struct transactor **out, const struct transactor_options *o, struct error *err)
{
	struct transactor *t = memory_zalloc(1, sizeof(*t));
	int rc;

	t->intake = o->intake;
	t->asker = o->asker;
	t->config = o->config;
	footprint_init(&t->last, o->deployment->partitions);
	footprint_init(&t->clearing, o->deployment->partitions);
	t->noted = &t->clearing;
	orphans_init(&t->orphans, &t->last);
	rc = open_producer(t, o, err);
	if (!rc)
		rc = sender_open(&t->sender, t->producer, o->deployment, err);
	if (!rc)
		rc = settle_predecessor(t, err);
	if (!rc)
		rc = note_load(t->asker, t->name, &t->last, err);
	if (rc)
		transactor_close(&t);
	else
		*out = t;
	return rc;
}

void transactor_discard(struct transactor **tp)
{
	rd_kafka_error_t *e = rd_kafka_abort_transaction((*tp)->producer, ABORT_WAIT_MS);

	if (e)
		rd_kafka_error_destroy(e);
	(void)rd_kafka_purge((*tp)->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	transactor_close(tp);
}

void transactor_close(struct transactor **tp)
{
	struct transactor *t = *tp;

	if (!t)
		return;
	sender_close(&t->sender);
	bus_close(&t->producer);
	orphans_done(&t->orphans);
	footprint_done(&t->last);
	footprint_done(&t->clearing);
	free(t);
	*tp = NULL;
}
