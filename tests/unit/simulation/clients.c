/*
 * Stands in for consumer/{intake,changelog,transaction,follower,message}.h:
 * what the processes see of broker.h. Where a request may fail, it fails
 * before or after it had its effect.
 */

#include "consumer/changelog.h"
#include "consumer/follower.h"
#include "consumer/output.h"
#include "consumer/transaction.h"
#include "schemas/cloudevent.h"
#include "schemas/murmur2.h"
#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	EPOCHS_PER_GENERATION = 1 << 20, /* as intake.c has it */
	TAIL = 6,                        /* few, so that now and then it holds no Progress */
	IDLE_FACTOR = 10,                /* waiting is long, so that an idle second is few turns */
};

static int failed(const char *what, struct error *err)
{
	trace("%s fails: %s", process_current()->instance, what);
	return error_set(err, ERROR_UNAVAILABLE, "%s failed", what);
}

static bool kafka_fails(void)
{
	return chance(schedule.rates.kafka_fails);
}

/* ---- message.h ---- */

void message_done(struct message *m)
{
	m->handle = NULL;
}

struct bytes message_header(const struct message *m, const char *name)
{
	const struct input *in = m->handle;

	return strcmp(name, HEADER_CE_ID) == 0 ? in->ce_id : (struct bytes){ 0 };
}

bool message_header_at(const struct message *m, size_t i, const char **name, struct bytes *value)
{
	const struct input *in = m->handle;

	if (i)
		return false;
	*name = HEADER_CE_ID;
	*value = in->ce_id;
	return true;
}

/* ---- intake.h ---- */

struct intake {
	struct intake_owner owner;
	int member;
	bool joined;
	int generation; /* of which it believes to be a member; -1: none */
	bool assigned[PARTITIONS];
	bool paused[PARTITIONS];
	int64_t position[PARTITIONS];
};

int intake_open(struct intake **out, const struct config *config, const struct intake_owner *owner,
		struct error *err)
{
	struct intake *in = calloc(1, sizeof(*in));

	(void)config;
	(void)err;
	assert(in);
	in->owner = *owner;
	in->member = process_current()->number;
	in->generation = -1;
	*out = in;
	return 0;
}

int intake_deployment(struct intake *in, struct deployment *out, struct error *err)
{
	(void)in;
	step("asks for the deployment");
	if (kafka_fails())
		return failed("asking for the deployment", err);
	*out = (struct deployment){ .cluster = "simulated", .partitions = PARTITIONS };
	return 0;
}

int intake_join(struct intake *in, struct error *err)
{
	(void)err;
	step("joins");
	broker_leave(in->member); /* who had the place before */
	broker_join(in->member);
	in->joined = true;
	return 0;
}

static void give_back(struct intake *in, bool lost)
{
	bool had = in->generation >= 0;

	if (had)
		in->owner.taken(in->owner.context, lost);
	in->generation = -1;
	memset(in->assigned, 0, sizeof(in->assigned));
}

static void take_assignment(struct intake *in)
{
	struct member *m = &broker.members[in->member];
	int partitions[PARTITIONS];
	size_t count = 0;

	m->to_give = false;
	in->generation = broker.generation;
	memcpy(in->assigned, m->assigned, sizeof(in->assigned));
	for (int p = 0; p < PARTITIONS; p++) {
		in->paused[p] = true;
		if (in->assigned[p])
			partitions[count++] = p;
	}
	in->owner.given(in->owner.context, partitions, count, false);
}

/* What the group has to say comes first. True: it had something. */
static bool serve_group(struct intake *in)
{
	const struct member *m = &broker.members[in->member];

	if (!m->active) {
		give_back(in, true);
		step("joins again");
		broker_join(in->member);
		return true;
	}
	if (broker.preparing && !m->rejoined) {
		give_back(in, false);
		step("is ready for the next generation");
		broker_rejoin(in->member);
		return true;
	}
	if (m->to_give)
		take_assignment(in);
	return false;
}

static bool fetch(struct intake *in, struct message *out)
{
	int first = (int)draw(PARTITIONS);

	for (int i = 0; i < PARTITIONS; i++) {
		int p = (first + i) % PARTITIONS;
		struct input *record;

		if (!in->assigned[p] || in->paused[p] ||
		    in->position[p] >= (int64_t)broker.visible[p])
			continue;
		record = &model.inputs[p][in->position[p]];
		*out = (struct message){ p,           in->position[p]++, record->time,
					 record->key, record->value,     record };
		return true;
	}
	return false;
}

enum fetched intake_poll(struct intake *in, int wait_ms, struct message *out)
{
	enum { STOP_CHANCE = 250 }; /* so that runs come in all sizes */

	step("polls");
	if (serve_group(in) || (!wait_ms && chance(STOP_CHANCE)))
		return FETCHED_NOTHING;
	if (fetch(in, out))
		return FETCHED_MESSAGE;
	if (wait_ms)
		step_sleep(wait_ms * IDLE_FACTOR);
	return FETCHED_NOTHING;
}

int intake_committed(struct intake *in, struct place *places, size_t count, struct error *err)
{
	(void)in;
	step("asks for the committed offsets");
	if (kafka_fails())
		return failed("asking for the committed offsets", err);
	for (size_t i = 0; i < count; i++)
		if (broker_is_unstable(places[i].partition))
			return failed("asking for committed offsets that are not stable", err);
	for (size_t i = 0; i < count; i++)
		places[i].offset = broker.committed[places[i].partition];
	return 0;
}

int intake_range(struct intake *in, int partition, int64_t *begin, int64_t *end,
		 struct error *err)
{
	(void)in;
	step("asks where the log begins and ends");
	if (kafka_fails())
		return failed("asking where the log begins and ends", err);
	*begin = 0;
	*end = (int64_t)broker.visible[partition];
	return 0;
}

int intake_seek(struct intake *in, const struct place *places, size_t count, struct error *err)
{
	step("seeks");
	if (kafka_fails())
		return failed("seeking", err);
	for (size_t i = 0; i < count; i++)
		in->position[places[i].partition] = places[i].offset;
	return 0;
}

void intake_pause(struct intake *in, int partition, bool pause)
{
	in->paused[partition] = pause;
}

bool intake_is_doubled(struct intake *in)
{
	(void)in;
	return false;
}

int64_t intake_epoch(struct intake *in)
{
	return in->generation < 0 ? -1 : (int64_t)in->generation * EPOCHS_PER_GENERATION;
}

void intake_close(struct intake **inp)
{
	struct intake *in = *inp;

	if (!in)
		return;
	if (in->joined) {
		give_back(in, false);
		step("leaves the group");
		broker_leave(in->member);
	}
	free(in);
	*inp = NULL;
}

/* ---- changelog.h ---- */

struct reading {
	bool active;
	size_t begin;
	size_t next;
	size_t goal;
};

struct changelog {
	struct reading readings[PARTITIONS];
};

int changelog_open(struct changelog **out, const struct config *config, struct error *err)
{
	(void)config;
	(void)err;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	return 0;
}

void changelog_close(struct changelog **c)
{
	free(*c);
	*c = NULL;
}

int changelog_begin(struct changelog *c, const int *partitions, size_t count,
		    enum changelog_from from, struct error *err)
{
	memset(c->readings, 0, sizeof(c->readings));
	for (size_t i = 0; i < count; i++) {
		struct reading *r = &c->readings[partitions[i]];
		size_t high;

		step("asks where the changelog ends");
		if (kafka_fails())
			return failed("asking where the changelog ends", err);
		high = broker.logs[TOPIC_GRANTS][partitions[i]].count;
		r->active = true;
		r->begin = from == CHANGELOG_TAIL && high > TAIL ? high - TAIL : 0;
		r->next = r->begin;
		r->goal = high;
	}
	return 0;
}

struct changelog_reach changelog_reach(const struct changelog *c, int partition)
{
	const struct reading *r = &c->readings[partition];

	return (struct changelog_reach){ (int64_t)(r->next - r->begin),
					 (int64_t)(r->goal - r->begin) };
}

/* The next record of the partition that may be seen; reading ends past the goal. */
static const struct logged *read_on(struct reading *r, int partition)
{
	const struct log *l = &broker.logs[TOPIC_GRANTS][partition];
	size_t stable = log_stable(l, TOPIC_GRANTS, partition);

	while (r->next < stable) {
		const struct logged *at = &l->list[r->next++];

		if (logged_is_visible(at))
			return at;
	}
	return NULL;
}

static struct message message_of_logged(const struct logged *at, int partition)
{
	return (struct message){ .partition = partition, .key = at->key, .value = at->value };
}

int changelog_next(struct changelog *c, int wait_ms, struct message *out, struct error *err)
{
	bool unfinished = false;

	step("reads the changelog");
	if (kafka_fails())
		return failed("reading the changelog", err);
	for (int p = 0; p < PARTITIONS; p++) {
		struct reading *r = &c->readings[p];
		const struct logged *at = r->active && r->next < r->goal ? read_on(r, p) : NULL;

		if (at) {
			*out = message_of_logged(at, p);
			return CHANGELOG_RECORD;
		}
		unfinished = unfinished || (r->active && r->next < r->goal);
	}
	if (!unfinished)
		return CHANGELOG_END;
	if (wait_ms)
		step_sleep(wait_ms);
	return CHANGELOG_LATER;
}

bool changelog_is_progress(const struct message *m)
{
	return bytes_equal_text(m->key, PROGRESS_KEY);
}

/* ---- transaction.h ---- */

struct transactor {
	struct intake *intake;
	struct producer *producer;
	int epoch;
	struct transaction *transaction;
};

struct batch *batch_new(int partition, int64_t last, int64_t applied, struct bytes packed)
{
	struct batch *b = malloc(sizeof(*b) + packed.len);

	assert(b);
	*b = (struct batch){ NULL, partition, last, applied, packed.len };
	memcpy(b->packed, packed.data, packed.len);
	return b;
}

void batch_free_list(struct batch *b)
{
	while (b) {
		struct batch *next = b->next;

		free(b);
		b = next;
	}
}

int transactor_open(struct transactor **out, const struct transactor_options *o, struct error *err)
{
	char name[PRODUCER_NAME_SIZE];
	struct transactor *t;
	bool fails = kafka_fails();

	(void)snprintf(name, sizeof(name), "%s.%c", process_current()->instance, o->letter);
	step("settles what its predecessor left");
	if (fails && chance(500))
		return failed("settling", err);
	t = calloc(1, sizeof(*t));
	assert(t);
	t->intake = o->intake;
	t->producer = broker_init_producer(name);
	t->epoch = t->producer->epoch;
	if (fails) {
		free(t);
		return failed("settling, though it is done,", err);
	}
	*out = t;
	return 0;
}

void transactor_close(struct transactor **t)
{
	free(*t);
	*t = NULL;
}

/* A producer whose epoch is gone, or whose transaction the broker has ended. */
static int check_producer(const struct transactor *t, struct error *err)
{
	if (t->epoch == t->producer->epoch &&
	    (!t->transaction || t->transaction->state == TRANSACTION_OPEN))
		return 0;
	trace("%s is fenced as a producer", process_current()->instance);
	return error_set(err, ERROR_FENCED, "the producer is fenced");
}

static bool is_last_of_partition(const struct batch *b)
{
	for (const struct batch *later = b->next; later; later = later->next)
		if (later->partition == b->partition)
			return false;
	return true;
}

static void write_output(struct transaction *t, const struct batch *b, const struct output *o)
{
	int partition = o->topic == TOPIC_GRANTS ? b->partition : partition_of(o->key, PARTITIONS);

	log_append(&broker.logs[o->topic][partition], &(struct logged){
							      .transaction = t,
							      .type = o->type,
							      .key = world_copy(o->key),
							      .value = world_copy(o->value),
							      .source_partition = b->partition,
							      .source_offset = o->offset,
							      .n = o->n,
						      });
	t->unmarked[o->topic][partition] = true;
}

static int write_batch(struct transactor *t, const struct batch *b, struct error *err)
{
	struct bytes rest = { b->packed, b->len };
	struct run_range range;
	struct output o;
	int rc;

	step("writes a batch");
	rc = check_producer(t, err);
	if (!rc && kafka_fails())
		rc = failed("writing a batch", err);
	if (rc)
		return rc;
	if (!outputs_open(&rest, &range))
		broken_promise("a batch that cannot be read");
	while (output_take(&rest, &o))
		if (o.type != RECORD_PROGRESS || is_last_of_partition(b))
			write_output(t->transaction, b, &o);
	return 0;
}

static int add_offsets(struct transactor *t, const struct batch *batches, struct error *err)
{
	const struct intake *in = t->intake;
	int rc;

	step("adds the offsets");
	rc = check_producer(t, err);
	if (!rc && kafka_fails())
		rc = failed("adding the offsets", err);
	if (rc)
		return rc;
	if (in->generation < 0 || in->generation != broker.generation ||
	    !broker.members[in->member].active) {
		trace("%s is fenced as a member", process_current()->instance);
		return error_set(err, ERROR_FENCED, "the group has moved on");
	}
	t->transaction->offsets_unmarked = true;
	for (const struct batch *b = batches; b; b = b->next) {
		t->transaction->offsets[b->partition] = b->applied;
		t->transaction->added[b->partition] = ++broker.additions;
	}
	return 0;
}

int transactor_send(struct transactor *t, const struct batch *batches, uint64_t *records,
		    struct error *err)
{
	int rc;

	step("begins a transaction");
	t->transaction = NULL;
	rc = check_producer(t, err);
	if (!rc)
		t->transaction = broker_begin_transaction(t->producer);
	for (const struct batch *b = batches; !rc && b; b = b->next)
		rc = write_batch(t, b, err);
	++*records;
	return rc ? rc : add_offsets(t, batches, err);
}

/* It fails, and its transaction is committed, aborted, or open: perhaps to be committed yet. */
static int commit_badly(struct transaction *t, struct error *err)
{
	switch (draw(4)) {
	case 0:
		broker_end_transaction(t, true);
		break;
	case 1:
		broker_end_transaction(t, false);
		break;
	case 2:
		t->late = true;
		break;
	default:
		break;
	}
	return failed("committing", err);
}

int transactor_commit(struct transactor *t, struct error *err)
{
	int rc;

	step("commits");
	rc = check_producer(t, err);
	if (rc)
		return rc;
	if (chance(schedule.rates.commit_fails))
		return commit_badly(t->transaction, err);
	t->transaction->late = true;
	step("waits for its commit");
	if (t->transaction->state == TRANSACTION_COMMITTING ||
	    (t->transaction->state == TRANSACTION_ENDED && t->transaction->committed))
		return 0;
	rc = check_producer(t, err);
	if (!rc)
		broker_end_transaction(t->transaction, true);
	return rc;
}

void transactor_serve(struct transactor *t)
{
	(void)t;
}

void transactor_discard(struct transactor **tp)
{
	struct transactor *t = *tp;

	step("discards a producer");
	if (t->transaction && t->transaction->state == TRANSACTION_OPEN &&
	    t->epoch == t->producer->epoch && !t->transaction->late && chance(500))
		broker_end_transaction(t->transaction, false);
	transactor_close(tp);
}

/* ---- follower.h ---- */

struct follower {
	const struct directory *directory;
};

int follower_open(struct follower **out, const struct config *config, struct codec *codec,
		  struct index *index, struct error *err)
{
	(void)config;
	(void)codec;
	(void)index;
	(void)err;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	(*out)->directory = model_directory();
	return 0;
}

void follower_close(struct follower **f)
{
	free(*f);
	*f = NULL;
}

int follower_poll(struct follower *f, int wait_ms, struct error *err)
{
	(void)f;
	(void)wait_ms;
	(void)err;
	return 0;
}

bool follower_is_complete(const struct follower *f)
{
	(void)f;
	return true;
}

int64_t follower_position(const struct follower *f)
{
	(void)f;
	return 1;
}

int follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err)
{
	(void)f;
	(void)offset;
	(void)wait_ms;
	(void)err;
	return 0;
}

const struct directory *follower_directory(const struct follower *f)
{
	return f->directory;
}

void follower_own(struct follower *f, bool own, int64_t epoch)
{
	(void)f;
	(void)own;
	(void)epoch;
}

int follower_project(struct follower *f, struct error *err)
{
	(void)f;
	(void)err;
	return 0;
}

int follower_watch(struct follower *f, struct error *err)
{
	(void)f;
	(void)err;
	return 0;
}
