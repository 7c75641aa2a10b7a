#include "consumer/publisher.h"

#include "consumer/output.h"
#include "producer/bus.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	PRODUCERS = 2,
	IDLE_POLL_MS = 100,
	INIT_WAIT_MS = 30000,
	ABORT_WAIT_MS = 3000,
	/* One transaction: large enough that its fixed cost (a few ms) is small beside it. */
	TRANSACTION_BYTES = 8 * 1024 * 1024,
	TRANSACTION_TIMEOUT_MS = 10000,
	SOURCE_SIZE = CLUSTER_ID_SIZE + 48,
	ID_SIZE = 64,
};

enum publisher_state {
	PUBLISHER_WORKING,  /* batches are taken, sent and committed */
	PUBLISHER_BROKEN,   /* something failed; open transactions are being aborted */
	PUBLISHER_STOPPING, /* the loop wants the threads to end */
};

struct worker {
	struct publisher *publisher;
	int number; /* 0 or 1: whose turn it is */
	rd_kafka_t *producer;
	rd_kafka_topic_t *topics[TOPIC_COUNT];
	pthread_t thread;
	bool running;
};

struct publisher {
	struct publisher_options options;
	char source[SOURCE_SIZE]; /* ce_source of everything we send */
	char topic[32];
	pthread_mutex_t lock;
	pthread_cond_t moved; /* anything below changed */
	enum publisher_state state;
	struct error why;
	struct batch *queue;
	struct batch **queue_end;
	size_t backlog;
	int turn;           /* the worker that takes the next batches */
	uint64_t taken;     /* transactions begun */
	uint64_t committed; /* transactions committed, in order */
	struct batch *done;
	struct batch **done_end;
	struct publisher_counts counts;
	struct worker workers[PRODUCERS];
};

/* ---- batches ---- */

struct batch *batch_new(int partition, int64_t last, int64_t applied, struct bytes packed)
{
	struct batch *b = malloc(sizeof(*b) + packed.len);

	assert(b);
	*b = (struct batch){ NULL, partition, last, applied, packed.len };
	memcpy(b->packed, packed.data, packed.len);
	return b;
}

static void free_list(struct batch *b)
{
	while (b) {
		struct batch *next = b->next;

		free(b);
		b = next;
	}
}

/* Is b the last batch of its partition in this transaction? */
static bool is_last_of_partition(const struct batch *b)
{
	for (const struct batch *later = b->next; later; later = later->next)
		if (later->partition == b->partition)
			return false;
	return true;
}

static void close_producer(struct worker *w)
{
	for (int t = 0; t < TOPIC_COUNT; t++) {
		if (w->topics[t])
			rd_kafka_topic_destroy(w->topics[t]);
		w->topics[t] = NULL;
	}
	bus_close(&w->producer);
}

/* ---- sending one transaction ---- */

static int kafka_error(rd_kafka_error_t *e, const char *step, struct error *err)
{
	bool fenced = rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__FENCED;

	(void)error_set(err, fenced ? ERROR_FENCED : ERROR_UNAVAILABLE, "%s: %s", step,
			rd_kafka_error_string(e));
	rd_kafka_error_destroy(e);
	return err->code;
}

/* Calls again what librdkafka calls retriable; its calls block, so this does not spin. */
static int settle(rd_kafka_error_t *e, const char *step, bool *again, struct error *err)
{
	*again = e && rd_kafka_error_is_retriable(e);
	if (!e)
		return 0;
	if (!*again)
		return kafka_error(e, step, err);
	rd_kafka_error_destroy(e);
	return 0;
}

static rd_kafka_headers_t *event_headers(const struct worker *w, const struct batch *b,
					 const struct output *o)
{
	struct cloudevent_headers headers;
	char id[ID_SIZE];

	(void)snprintf(id, sizeof(id), "%d-%lld-%u", b->partition, (long long)o->offset, o->n);
	cloudevent_headers(&headers, &(struct cloudevent){
					     .type = record_event_type(o->type),
					     .id = bytes_of(id),
					     .source = bytes_of(w->publisher->source),
					     .subject = o->key,
					     .time = o->time,
					     .correlation = o->correlation,
					     .causation = o->causation,
					     .traceparent = o->traceparent,
				     });
	return bus_headers(headers.list, headers.count);
}

static rd_kafka_headers_t *dead_letter_headers(struct bytes packed)
{
	rd_kafka_headers_t *h = rd_kafka_headers_new(16);
	struct bytes name;
	struct bytes value;

	while (bytes_take_sized(&packed, &name) && bytes_take_sized(&packed, &value))
		(void)rd_kafka_header_add(h, (const char *)name.data, (ssize_t)name.len, value.data,
					  (ssize_t)value.len);
	return h;
}

static void *unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

/* Grants stay in the partition of their command, whatever their key; the rest goes by key. */
static int32_t partition_for(const struct batch *b, const struct output *o)
{
	return o->topic == TOPIC_GRANTS ? b->partition : RD_KAFKA_PARTITION_UA;
}

/* The payload stays in the batch, which outlives the transaction. */
static rd_kafka_error_t *produce(const struct worker *w, const struct batch *b,
				 const struct output *o)
{
	rd_kafka_headers_t *headers =
		o->headers.data ? dead_letter_headers(o->headers) : event_headers(w, b, o);
	const rd_kafka_vu_t message[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = w->topics[o->topic] },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition_for(b, o) },
		{ .vtype = RD_KAFKA_VTYPE_KEY,
		  .u.mem = { .ptr = unconst(o->key.data), .size = o->key.len } },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { .ptr = unconst(o->value.data), .size = o->value.len } },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = o->time },
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
	};
	rd_kafka_error_t *e =
		rd_kafka_produceva(w->producer, message, sizeof(message) / sizeof(message[0]));

	if (e)
		rd_kafka_headers_destroy(headers);
	return e;
}

static bool is_working(struct publisher *p)
{
	bool working;

	pthread_mutex_lock(&p->lock);
	working = p->state == PUBLISHER_WORKING;
	pthread_mutex_unlock(&p->lock);
	return working;
}

/* Waits for room while the client's own queue is full; that queue is its bound. */
static int produce_patiently(const struct worker *w, const struct batch *b, const struct output *o,
			     struct error *err)
{
	rd_kafka_error_t *e = produce(w, b, o);

	while (e && rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
	       is_working(w->publisher)) {
		rd_kafka_error_destroy(e);
		(void)rd_kafka_poll(w->producer, IDLE_POLL_MS);
		e = produce(w, b, o);
	}
	return e ? kafka_error(e, topic_name(o->topic), err) : 0;
}

static int send_batch(const struct worker *w, const struct batch *b, uint64_t *records,
		      struct error *err)
{
	struct bytes rest = { b->packed, b->len };
	bool last = is_last_of_partition(b);
	struct run_range range;
	struct output o;
	int rc = 0;

	if (!outputs_open(&rest, &range))
		return error_set(err, ERROR_REFUSED,
				 "partition %d keeps unsent outputs that this version cannot read",
				 b->partition);
	while (!rc && output_take(&rest, &o)) {
		if (o.type == RECORD_PROGRESS && !last)
			continue; /* one per partition and transaction says it all */
		rc = produce_patiently(w, b, &o, err);
		++*records;
	}
	if (!rc && rest.len)
		return error_set(err, ERROR_REFUSED, "partition %d keeps broken unsent outputs",
				 b->partition);
	return rc;
}

/*
 * The broker takes offsets of a group without checking the sender when the
 * metadata lacks a generation or a member, so we look. librdkafka shows them
 * only in its serialised form: "CGMDv2:", generation (int32), group and member,
 * each ending with a NUL.
 */
static bool has_member(const rd_kafka_consumer_group_metadata_t *m)
{
	enum { MAGIC_LEN = 7, HEAD_LEN = MAGIC_LEN + 4 };
	void *text = NULL;
	size_t len = 0;
	int32_t generation = -1;
	bool found = false;
	rd_kafka_error_t *e = rd_kafka_consumer_group_metadata_write(m, &text, &len);

	if (!e && len > HEAD_LEN) {
		const char *group = (const char *)text + HEAD_LEN;
		size_t member = HEAD_LEN + strnlen(group, len - HEAD_LEN) + 1;

		memcpy(&generation, (const char *)text + MAGIC_LEN, sizeof(generation));
		found = generation >= 0 && member < len && ((const char *)text)[member];
	}
	if (e)
		rd_kafka_error_destroy(e);
	else
		rd_kafka_mem_free(NULL, text);
	return found;
}

static int check_group(const struct worker *w, const rd_kafka_consumer_group_metadata_t *m,
		       struct error *err)
{
	if (!m || rd_kafka_assignment_lost(w->publisher->options.consumer) || !has_member(m))
		return error_set(err, ERROR_FENCED, "the consumer group has moved on without us");
	return 0;
}

static int send_offsets(const struct worker *w, const struct batch *batches, struct error *err)
{
	rd_kafka_t *consumer = w->publisher->options.consumer;
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(PRODUCERS);
	rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(consumer);
	bool again = true;
	int rc = check_group(w, group, err);

	for (const struct batch *b = batches; b; b = b->next)
		if (is_last_of_partition(b))
			rd_kafka_topic_partition_list_add(offsets, w->publisher->topic,
							  b->partition)
				->offset = b->applied;
	while (!rc && again)
		rc = settle(rd_kafka_send_offsets_to_transaction(w->producer, offsets, group, -1),
			    "sending offsets", &again, err);
	if (group)
		rd_kafka_consumer_group_metadata_destroy(group);
	rd_kafka_topic_partition_list_destroy(offsets);
	return rc;
}

static int begin(const struct worker *w, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_begin_transaction(w->producer);

	return e ? kafka_error(e, "beginning a transaction", err) : 0;
}

static int commit(const struct worker *w, struct error *err)
{
	bool again = true;
	int rc = 0;

	while (!rc && again)
		rc = settle(rd_kafka_commit_transaction(w->producer, -1), "committing", &again,
			    err);
	return rc;
}

static int send_all(const struct worker *w, const struct batch *batches, uint64_t *records,
		    struct error *err)
{
	int rc = begin(w, err);

	for (const struct batch *b = batches; !rc && b; b = b->next)
		rc = send_batch(w, b, records, err);
	return rc ? rc : send_offsets(w, batches, err);
}

/* ---- the workers' loop ---- */

static void wait_a_little(struct publisher *p)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += IDLE_POLL_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	(void)pthread_cond_timedwait(&p->moved, &p->lock, &until);
}

/* Called with the lock. Takes batches from the queue's front, at least one, up to the bound. */
static struct batch *take_some(struct publisher *p)
{
	struct batch *first = p->queue;
	struct batch *last = first;
	size_t bytes = first->len;

	while (last->next && bytes + last->next->len <= TRANSACTION_BYTES) {
		last = last->next;
		bytes += last->len;
	}
	p->queue = last->next;
	if (!p->queue)
		p->queue_end = &p->queue;
	last->next = NULL;
	return first;
}

/* Waits for this worker's turn and for work; NULL: the publisher no longer works. */
static struct batch *take_turn(struct worker *w, uint64_t *ticket)
{
	struct publisher *p = w->publisher;
	struct batch *batches = NULL;

	pthread_mutex_lock(&p->lock);
	while (p->state == PUBLISHER_WORKING && (p->turn != w->number || !p->queue)) {
		wait_a_little(p);
		(void)rd_kafka_poll(w->producer, 0); /* an idle client wants to be served, too */
	}
	if (p->state == PUBLISHER_WORKING) {
		batches = take_some(p);
		*ticket = p->taken++;
		p->turn = (w->number + 1) % PRODUCERS;
		pthread_cond_broadcast(&p->moved);
	}
	pthread_mutex_unlock(&p->lock);
	return batches;
}

/* Waits until all transactions before this one have committed; false: they will not. */
static bool wait_for_turn_to_commit(struct publisher *p, uint64_t ticket)
{
	bool mine;

	pthread_mutex_lock(&p->lock);
	while (p->state == PUBLISHER_WORKING && p->committed != ticket)
		wait_a_little(p);
	mine = p->state == PUBLISHER_WORKING;
	pthread_mutex_unlock(&p->lock);
	return mine;
}

static void note_committed(struct publisher *p, struct batch *batches, uint64_t records)
{
	pthread_mutex_lock(&p->lock);
	p->committed++;
	p->counts.transactions++;
	p->counts.records += records;
	*p->done_end = batches;
	for (struct batch *b = batches; b; b = b->next) {
		p->backlog -= b->len;
		p->done_end = &b->next;
	}
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
}

static void note_broken(struct publisher *p, const struct error *why)
{
	pthread_mutex_lock(&p->lock);
	if (p->state == PUBLISHER_WORKING) {
		p->state = PUBLISHER_BROKEN;
		p->why = *why;
	}
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
}

/*
 * Ends a producer whose transaction failed. Whether the abort succeeds does
 * not matter: the next producer of this name settles it. What the client still
 * holds points into the batches, so it goes before they do.
 */
static void discard_producer(struct worker *w)
{
	rd_kafka_error_t *e = rd_kafka_abort_transaction(w->producer, ABORT_WAIT_MS);

	if (e)
		rd_kafka_error_destroy(e);
	(void)rd_kafka_purge(w->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	close_producer(w);
}

/* One transaction. The batches are kept, or freed once nothing refers to them. */
static void run_transaction(struct worker *w, struct batch *batches, uint64_t ticket)
{
	struct error err = { 0 };
	uint64_t records = 0;
	int rc = send_all(w, batches, &records, &err);

	if (!rc && !wait_for_turn_to_commit(w->publisher, ticket))
		rc = error_set(&err, ERROR_UNAVAILABLE, "the transaction before did not commit");
	if (!rc)
		rc = commit(w, &err);
	if (!rc) {
		note_committed(w->publisher, batches, records);
		return;
	}
	note_broken(w->publisher, &err);
	discard_producer(w);
	free_list(batches);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct batch *batches;
	uint64_t ticket = 0;

	while (w->producer && (batches = take_turn(w, &ticket)))
		run_transaction(w, batches, ticket);
	return NULL;
}

/* ---- lifecycle ---- */

/* librdkafka polls in steps of 10 ms when a producer has no delivery callback. */
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	(void)m;
	(void)opaque;
}

static int open_producer(struct worker *w, struct error *err)
{
	const struct config *config = w->publisher->options.config;
	rd_kafka_conf_t *conf = NULL;
	char id[256];
	char timeout[16];
	char largest[16];
	const struct bus_setting settings[] = {
		{ "transactional.id", id },
		{ "transaction.timeout.ms", timeout },
		{ "message.max.bytes", largest },
		{ "linger.ms", "0" },
		{ "retry.backoff.ms",
		  "5" }, /* CONCURRENT_TRANSACTIONS passes within milliseconds */
		{ "queue.buffering.max.messages", "1000000" },
		{ "queue.buffering.max.kbytes", "65536" },
		{ NULL, NULL },
	};
	int rc;

	(void)snprintf(id, sizeof(id), "%s.%s.%c", config_get(config, "group"),
		       config_get(config, "instance"), "ab"[w->number]);
	(void)snprintf(timeout, sizeof(timeout), "%d", TRANSACTION_TIMEOUT_MS);
	(void)snprintf(largest, sizeof(largest), "%d", BUS_MESSAGE_MAX_BYTES);
	rc = bus_conf(&conf, config, settings, err);
	if (rc)
		return rc;
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	return bus_open(&w->producer, RD_KAFKA_PRODUCER, conf, err);
}

static int open_topics(struct worker *w, struct error *err)
{
	for (int t = 0; t < TOPIC_COUNT; t++) {
		w->topics[t] = rd_kafka_topic_new(w->producer, topic_name((enum topic)t), NULL);
		if (!w->topics[t])
			return error_set(err, ERROR_UNAVAILABLE, "topic %s cannot be opened",
					 topic_name((enum topic)t));
	}
	return 0;
}

static int settle_predecessor(struct worker *w, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_init_transactions(w->producer, INIT_WAIT_MS);

	return e ? kafka_error(e, "settling the transactions of a predecessor", err) : 0;
}

static int worker_start(struct worker *w, struct error *err)
{
	int rc = open_producer(w, err);

	if (!rc)
		rc = open_topics(w, err);
	if (!rc)
		rc = settle_predecessor(w, err);
	if (rc)
		return rc;
	if (pthread_create(&w->thread, NULL, worker_main, w))
		return error_set(err, ERROR_NOMEM, "no thread for the publisher");
	w->running = true;
	return 0;
}

static void worker_stop(struct worker *w)
{
	if (w->running)
		(void)pthread_join(w->thread, NULL);
	w->running = false;
	close_producer(w);
}

static void init_lock(struct publisher *p)
{
	pthread_condattr_t attributes;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->moved, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	(void)pthread_mutex_init(&p->lock, NULL);
}

int publisher_start(struct publisher **out, const struct publisher_options *o, struct error *err)
{
	struct publisher *p = calloc(1, sizeof(*p));
	int rc = 0;

	if (!p)
		return error_set(err, ERROR_NOMEM, "out of memory");
	p->options = *o;
	p->queue_end = &p->queue;
	p->done_end = &p->done;
	(void)snprintf(p->topic, sizeof(p->topic), "%s", topic_name(TOPIC_COMMANDS));
	(void)snprintf(p->source, sizeof(p->source), "sharebus/%s/%s", o->deployment->cluster,
		       p->topic);
	init_lock(p);
	for (int i = 0; !rc && i < PRODUCERS; i++) {
		p->workers[i].publisher = p;
		p->workers[i].number = i;
		rc = worker_start(&p->workers[i], err);
	}
	if (rc)
		publisher_stop(&p);
	else
		*out = p;
	return rc;
}

void publisher_stop(struct publisher **pp)
{
	struct publisher *p = *pp;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->state = PUBLISHER_STOPPING;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < PRODUCERS; i++)
		worker_stop(&p->workers[i]);
	free_list(p->queue);
	free_list(p->done);
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_cond_destroy(&p->moved);
	free(p);
	*pp = NULL;
}

/* ---- for the loop ---- */

void publisher_push(struct publisher *p, struct batch *b)
{
	pthread_mutex_lock(&p->lock);
	b->next = NULL;
	*p->queue_end = b;
	p->queue_end = &b->next;
	p->backlog += b->len;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
}

size_t publisher_backlog(struct publisher *p)
{
	size_t backlog;

	pthread_mutex_lock(&p->lock);
	backlog = p->backlog;
	pthread_mutex_unlock(&p->lock);
	return backlog;
}

struct batch *publisher_take_committed(struct publisher *p)
{
	struct batch *done;

	pthread_mutex_lock(&p->lock);
	done = p->done;
	p->done = NULL;
	p->done_end = &p->done;
	pthread_mutex_unlock(&p->lock);
	return done;
}

int publisher_check(struct publisher *p, struct error *err)
{
	int rc;

	pthread_mutex_lock(&p->lock);
	rc = p->state == PUBLISHER_BROKEN ? (int)p->why.code : 0;
	if (rc)
		*err = p->why;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

bool publisher_drain(struct publisher *p, int wait_ms)
{
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	bool drained;

	pthread_mutex_lock(&p->lock);
	while (p->state == PUBLISHER_WORKING && p->backlog && clock_monotonic_ms() < deadline)
		wait_a_little(p);
	drained = !p->backlog;
	pthread_mutex_unlock(&p->lock);
	return drained;
}

struct publisher_counts publisher_counts(struct publisher *p)
{
	struct publisher_counts counts;

	pthread_mutex_lock(&p->lock);
	counts = p->counts;
	pthread_mutex_unlock(&p->lock);
	return counts;
}
