/*
 * Stands in for consumer/transaction.h. A request fails before or after its effect;
 * a commit may fail whatever becomes of its transaction.
 */

#include "consumer/transaction.h"

#include "consumer/markers.h"
#include "consumer/output.h"
#include "ops/support/clock.h"
#include "schemas/murmur2.h"
#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct transactor {
	struct intake *intake;
	struct producer *producer;
	int epoch;
	struct transaction *transaction;
	struct footprint last;
	struct footprint clearing;
	struct orphans orphans;
	int64_t due_ms;
	int64_t look_ms;
};

/* ---- markers ---- */

static size_t stable_of(const struct footprint *f, size_t i)
{
	const struct output_log log = footprint_log(f, i);

	return log_stable(&broker.logs[log.topic][log.partition], log.topic, log.partition);
}

/* How many markers are missing, and how many are seen. */
struct signs {
	size_t missing;
	size_t written;
};

/* Looks at all logs of the footprint; marks as known what is seen when `note`. */
static struct signs look_in_logs(struct footprint *f, bool note)
{
	struct signs signs = { 0, 0 };

	for (size_t i = 0; i < f->logs; i++) {
		enum marker_sign sign;

		if (f->first[i] == FOOTPRINT_NOWHERE && f->owed[i] == FOOTPRINT_NOWHERE)
			continue;
		sign = markers_sign_in(f, i, (int64_t)stable_of(f, i));
		signs.missing += sign == MARKER_MISSING;
		signs.written += sign == MARKER_WRITTEN;
		if (note)
			markers_settle(f, i, sign);
	}
	return signs;
}

/* The same, and at the group's offsets. */
static struct signs look_for_markers(struct footprint *f, bool note)
{
	struct signs signs = look_in_logs(f, note);

	for (int p = 0; p < PARTITIONS; p++)
		signs.missing += broker.committed[p] < f->applied[p];
	return signs;
}

static bool has_logs(const struct footprint *f)
{
	for (size_t i = 0; i < f->logs; i++)
		if (f->first[i] != FOOTPRINT_NOWHERE || f->owed[i] != FOOTPRINT_NOWHERE)
			return true;
	return false;
}

static bool is_waiting(const struct footprint *f, const struct signs *signs)
{
	return signs->missing || (has_logs(f) && !signs->written);
}

/* As markers_wait(). The brokers write a marker at each look, if there is one to write. */
static int wait_for_markers(struct transaction *t, struct footprint *f, struct error *err)
{
	enum { LOOK_MS = 500, MISSING_LOOKS = 20, HIDDEN_LOOKS = 50 };
	struct signs signs = { 1, 0 };

	if (!has_logs(f) && !footprint_takes(f))
		return 0;
	for (int i = 0; is_waiting(f, &signs) && i < HIDDEN_LOOKS; i++) {
		step("waits for markers");
		signs = look_for_markers(f, false);
		if (!is_waiting(f, &signs) || broker_write_marker_of(t))
			continue;
		if (signs.missing && i >= MISSING_LOOKS)
			return request_failed("waiting for markers", err);
		step_sleep(LOOK_MS);
	}
	if (is_waiting(f, &signs))
		return request_failed("waiting for markers", err);
	(void)look_for_markers(f, true);
	return 0;
}

/* ---- the note ---- */

static void load_note(struct transactor *t)
{
	const struct producer_note *note = &t->producer->note;

	footprint_clear(&t->last);
	t->last.number = note->number;
	for (size_t i = 0; note->number && i < t->last.logs; i++) {
		const struct output_log log = footprint_log(&t->last, i);

		t->last.first[i] = note->first[log.topic][log.partition];
	}
	for (int p = 0; note->number && p < PARTITIONS; p++)
		t->last.applied[p] = note->applied[p];
}

static int save_note(const struct transactor *t, struct error *err)
{
	struct producer_note *note = &t->producer->note;
	bool fails = request_fails();

	step("saves its note");
	if (fails && chance(500))
		return request_failed("saving the note", err);
	note->number = t->last.number;
	for (size_t i = 0; i < t->last.logs; i++) {
		const struct output_log log = footprint_log(&t->last, i);

		note->first[log.topic][log.partition] = t->last.first[i];
	}
	memcpy(note->applied, t->last.applied, sizeof(note->applied));
	return fails ? request_failed("saving the note, though it is done,", err) : 0;
}

/* ---- lifecycle ---- */

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
	footprint_init(&t->last, PARTITIONS);
	footprint_init(&t->clearing, PARTITIONS);
	orphans_init(&t->orphans, &t->last);
	load_note(t);
	if (fails) {
		transactor_close(&t);
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

/* A log may fail to answer. */
static void look_at_logs(struct transactor *t)
{
	for (size_t i = 0; i < t->last.logs; i++) {
		const struct output_log log = footprint_log(&t->last, i);
		struct log_sight *sight = &t->orphans.sight[i];

		sight->stable = (int64_t)stable_of(&t->last, i);
		sight->real = (int64_t)broker.logs[log.topic][log.partition].count;
		if (chance(schedule.rates.kafka_fails))
			sight->real = ORPHANS_NO_ANSWER;
	}
}

static void read_evidence(struct transactor *t)
{
	for (size_t i = 0; i < t->last.logs; i++) {
		const struct output_log log = footprint_log(&t->last, i);
		const struct log *l = &broker.logs[log.topic][log.partition];

		if (t->orphans.remains[i] == REMAINS_CLOSED)
			t->orphans.remains[i] = logged_is_visible(&l->list[t->last.first[i]])
							? REMAINS_COMMITTED
							: REMAINS_ABORTED;
	}
}

static bool offsets_count(const struct transactor *t)
{
	for (int p = 0; p < PARTITIONS; p++)
		if (t->last.applied[p] != FOOTPRINT_NOWHERE && broker.signed_by_us[p] &&
		    broker.committed[p] >= t->last.applied[p])
			return true;
	return false;
}

static void touch(struct transactor *t, size_t i)
{
	const struct output_log log = footprint_log(&t->last, i);

	footprint_note(&t->clearing, log.topic, log.partition,
		       (int64_t)broker.logs[log.topic][log.partition].count);
	broker_touch(t->transaction, log.topic, log.partition);
}

/* In one step: an abort in the middle would lose what is owed, and no code could help that. */
static int commit_due(struct transactor *t, struct error *err)
{
	bool due[OUTPUT_TOPICS * PARTITIONS] = { false };
	int witness = orphans_witness(&t->orphans);
	size_t count = 0;
	int rc;

	for (size_t i = 0; i < t->last.logs; i++) {
		due[i] = orphans_is_due(&t->orphans, i);
		count += due[i];
	}
	if (!count)
		return 0;
	if (witness < 0)
		return request_failed("finding a log that answers", err);
	t->transaction = broker_begin_transaction(t->producer);
	for (size_t i = 0; i < t->last.logs; i++) {
		if (!due[i])
			continue;
		t->clearing.owed[i] = t->last.owed[i];
		touch(t, i);
	}
	touch(t, (size_t)witness);
	orphans_note_unseen(&t->orphans, t->clearing.first);
	broker_end_transaction(t->transaction, true);
	rc = wait_for_markers(t->transaction, &t->clearing, err);
	for (size_t i = 0; !rc && i < t->last.logs; i++)
		if (due[i] && t->clearing.owed[i] == FOOTPRINT_NOWHERE)
			t->last.owed[i] = FOOTPRINT_NOWHERE;
	look_at_logs(t);
	return rc;
}

static int abort_rest(struct transactor *t, struct error *err)
{
	int witness = orphans_witness(&t->orphans);

	footprint_clear(&t->clearing);
	if (t->orphans.state != ORPHANS_UNCLEAR && !orphans_has_suspects(&t->orphans))
		return 0;
	if (witness < 0)
		return request_failed("finding a log that answers", err);
	t->transaction = broker_begin_transaction(t->producer);
	for (size_t i = 0; i < t->last.logs; i++)
		if ((int)i == witness || orphans_is_suspect(&t->orphans, i))
			touch(t, i);
	t->transaction->offsets_unmarked = true;
	broker_end_transaction(t->transaction, false);
	return 0;
}

int transactor_clear(struct transactor *t, enum orphans_state *state, struct error *err)
{
	enum fate fate;
	int rc;

	step("ends orphans");
	t->due_ms = clock_monotonic_ms() + ORPHANS_LOOK_EVERY_MS;
	t->transaction = NULL; /* the last one has ended */
	rc = check_producer(t, err);
	if (!rc && request_fails())
		rc = request_failed("ending orphans", err);
	if (rc)
		return rc;
	footprint_clear(&t->clearing);
	look_at_logs(t);
	if (orphans_look(&t->orphans))
		read_evidence(t);
	fate = orphans_judge(&t->orphans, offsets_count(t));
	if (fate != FATE_UNCLEAR) {
		rc = commit_due(t, err);
		if (!rc)
			rc = abort_rest(t, err);
		if (!rc)
			orphans_aborted(&t->orphans);
	}
	*state = t->orphans.state;
	return rc;
}

int transactor_wait(struct transactor *t, struct error *err)
{
	int rc = wait_for_markers(t->transaction, &t->clearing, err);

	if (!rc)
		orphans_note_unseen(&t->orphans, t->clearing.owed);
	footprint_clear(&t->clearing);
	return rc;
}

void transactor_explain(const struct transactor *t, struct error *out)
{
	assert(orphans_blind_log(&t->orphans) >= 0 || orphans_hidden_log(&t->orphans) >= 0);
	(void)error_set(out, ERROR_UNAVAILABLE, "a last transaction is hidden");
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
	enum { LOOK_EVERY_MS = 100 };
	size_t missing;

	step("looks at what is hidden");
	missing = look_in_logs(&t->last, true).missing;
	if (look_in_logs(&t->orphans.unseen, true).missing || missing)
		t->due_ms = clock_monotonic_ms();
	t->look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
}

void transactor_close(struct transactor **tp)
{
	struct transactor *t = *tp;

	if (!t)
		return;
	orphans_done(&t->orphans);
	footprint_done(&t->last);
	footprint_done(&t->clearing);
	free(t);
	*tp = NULL;
}

/* ---- transactions ---- */

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

static void write_output(struct transactor *by, const struct batch *b, const struct output *o)
{
	struct transaction *t = by->transaction;
	int partition = o->topic == TOPIC_GRANTS ? b->partition : partition_of(o->key, PARTITIONS);

	check_size(o);
	footprint_note(&by->last, o->topic, partition,
		       (int64_t)broker.logs[o->topic][partition].count);
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
			write_output(t, b, &o);
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

static void begin_transaction(struct transactor *t, const struct batch *batches)
{
	footprint_begin(&t->last, t->last.number + 1);
	for (const struct batch *b = batches; b; b = b->next)
		t->last.applied[b->partition] = b->applied;
	t->transaction = broker_begin_transaction(t->producer);
}

int transactor_send(struct transactor *t, struct batch *batches, struct error *err)
{
	int rc;

	step("begins a transaction");
	assert(!transactor_is_hidden(t));
	t->transaction = NULL;
	rc = check_producer(t, err);
	if (!rc)
		begin_transaction(t, batches);
	for (struct batch *b = batches; !rc && b; b = b->next) {
		rc = write_batch(t, b, err);
		if (!rc)
			rc = refuse_batch(b, batches, err);
	}
	if (!rc)
		rc = add_offsets(t, batches, err);
	if (!rc && !orphans_let_commit(&t->orphans))
		rc = request_failed("looking at a log", err);
	return rc ? rc : save_note(t, err);
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
	rc = wait_for_markers(t->transaction, &t->last, err);
	if (footprint_owes(&t->last) && t->orphans.state == ORPHANS_NONE)
		t->orphans.state = ORPHANS_LEFT;
	return rc;
}

void transactor_take_figures(struct transactor *t, struct stage_figures *figures)
{
	(void)t;
	(void)figures;
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
