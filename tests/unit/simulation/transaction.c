/*
 * Stands in for consumer/transaction.h. A request fails before or after its effect;
 * a commit may fail whatever becomes of its transaction.
 */

#include "consumer/transaction.h"

#include "consumer/markers.h"
#include "consumer/output.h"
#include "schemas/murmur2.h"
#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct transactor {
	struct intake *intake;
	struct producer *producer;
	int epoch;
	struct transaction *transaction;
};

static enum marker_sign sign_in(const struct transaction *t, int partition)
{
	const struct log *l = &broker.logs[TOPIC_GRANTS][partition];
	struct written w = { -1, -1 };

	for (size_t i = 0; i < l->count; i++)
		if (!l->list[i].marker && l->list[i].transaction == t)
			w = (struct written){ w.last < 0 ? (int64_t)i : w.first, (int64_t)i };
	return marker_sign_of(&w, (int64_t)log_stable(l, TOPIC_GRANTS, partition));
}

static enum marker_sign sign_of(const struct transaction *t)
{
	enum marker_sign sign = MARKER_HIDDEN;

	for (int p = 0; p < PARTITIONS; p++) {
		enum marker_sign one = sign_in(t, p);

		sign = one > sign ? one : sign;
	}
	return sign;
}

/* As markers_wait(). The brokers write a marker at each look, if there is one to write. */
static int wait_for_marker(struct transaction *t, struct error *err)
{
	enum { LOOK_MS = 500, MISSING_LOOKS = 20, HIDDEN_LOOKS = 50 };
	enum marker_sign sign = MARKER_MISSING;

	for (int i = 0; sign != MARKER_WRITTEN && i < HIDDEN_LOOKS; i++) {
		step("waits for a marker");
		sign = sign_of(t);
		if (sign == MARKER_WRITTEN || broker_write_marker_of(t))
			continue;
		if (sign == MARKER_MISSING && i >= MISSING_LOOKS)
			return request_failed("waiting for a marker", err);
		step_sleep(LOOK_MS);
	}
	return sign == MARKER_WRITTEN ? 0 : request_failed("waiting for a marker", err);
}

int transactor_open(struct transactor **out, const struct transactor_options *o, struct error *err)
{
	char name[PRODUCER_NAME_SIZE];
	struct transactor *t;
	bool fails = request_fails();

	(void)snprintf(name, sizeof(name), "%s.%c", process_current()->instance, o->letter);
	step("settles what its predecessor left");
	if (fails && chance(500))
		return request_failed("settling", err);
	t = calloc(1, sizeof(*t));
	assert(t);
	t->intake = o->intake;
	t->producer = broker_init_producer(name);
	t->epoch = t->producer->epoch;
	if (fails) {
		free(t);
		return request_failed("settling, though it is done,", err);
	}
	*out = t;
	return 0;
}

/* Is the producer fenced: does it have a newer epoch, or has the broker ended its transaction? */
static int check_producer(const struct transactor *t, struct error *err)
{
	if (t->epoch == t->producer->epoch &&
	    (!t->transaction || t->transaction->state == TRANSACTION_OPEN))
		return 0;
	trace("%s is fenced as a producer", process_current()->instance);
	return error_set(err, ERROR_FENCED, "the producer is fenced");
}

int transactor_clear(struct transactor *t, struct error *err)
{
	int rc;

	step("aborts orphans");
	rc = check_producer(t, err);
	if (!rc && request_fails())
		rc = request_failed("aborting orphans", err);
	if (!rc)
		t->transaction = broker_abort_orphans(t->producer);
	return rc;
}

int transactor_wait(struct transactor *t, struct error *err)
{
	return wait_for_marker(t->transaction, err);
}

void transactor_close(struct transactor **t)
{
	free(*t);
	*t = NULL;
}

static bool is_last_of_partition(const struct batch *b)
{
	for (const struct batch *later = b->next; later; later = later->next)
		if (later->partition == b->partition)
			return false;
	return true;
}

/* Whatever came in, no output is larger than its topic takes. */
static void check_size(const struct output *o)
{
	size_t size = o->key.len + o->value.len + o->headers.len;
	bool fits = o->topic == TOPIC_DEADLETTER      ? size <= DEAD_LETTER_LIMIT
		    : o->topic == TOPIC_NOTIFICATIONS ? size <= NOTIFICATION_LIMIT
						      : true;

	if (!fits)
		broken_promise("%s is sent a record of %zu bytes", topic_name(o->topic), size);
}

static void write_output(struct transaction *t, const struct batch *b, const struct output *o)
{
	int partition = o->topic == TOPIC_GRANTS ? b->partition : partition_of(o->key, PARTITIONS);

	check_size(o);
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

/*
 * A topic does not take a record of the batch, from now on or since some time. The
 * broker refuses a request as a whole, so others may seem to be to blame as well.
 */
static int refuse_batch(struct batch *b, struct batch *all, struct error *err)
{
	if (chance(schedule.rates.refuse))
		broker.refused[b->partition] = true;
	if (!broker.refused[b->partition])
		return 0;
	trace("%s: a record of partition %d is refused", process_current()->instance, b->partition);
	b->refused = true;
	for (struct batch *other = all; other; other = other->next)
		other->refused = other->refused || draw(2);
	return error_set(err, ERROR_REFUSED, "a topic does not take a record");
}

static int write_batch(struct transactor *t, const struct batch *b, struct error *err)
{
	struct bytes rest = { b->packed, b->len };
	struct run_range range;
	struct output o;
	int rc;

	step("writes a batch");
	rc = check_producer(t, err);
	if (!rc && request_fails())
		rc = request_failed("writing a batch", err);
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
	int rc;

	step("adds the offsets");
	rc = check_producer(t, err);
	if (!rc && request_fails())
		rc = request_failed("adding the offsets", err);
	if (rc)
		return rc;
	if (!broker_knows_member(process_current()->number, intake_epoch(t->intake))) {
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

int transactor_send(struct transactor *t, struct batch *batches, struct error *err)
{
	int rc;

	step("begins a transaction");
	t->transaction = NULL;
	rc = check_producer(t, err);
	if (!rc)
		t->transaction = broker_begin_transaction(t->producer);
	for (struct batch *b = batches; !rc && b; b = b->next) {
		rc = write_batch(t, b, err);
		if (!rc)
			rc = refuse_batch(b, batches, err);
	}
	return rc ? rc : add_offsets(t, batches, err);
}

/* Fails. The transaction is committed, aborted, or left open, perhaps with a commit on its way. */
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
	return request_failed("committing", err);
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
	if (t->transaction->state == TRANSACTION_OPEN) {
		rc = check_producer(t, err);
		if (!rc)
			broker_end_transaction(t->transaction, true);
	} else if (!t->transaction->committed) {
		rc = check_producer(t, err);
	}
	if (rc)
		return rc;
	return wait_for_marker(t->transaction, err);
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
