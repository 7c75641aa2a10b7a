#include "tests/unit/simulation/broker.h"

#include "tests/unit/simulation/check.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct broker broker;

void broker_begin(void)
{
	broker = (struct broker){ 0 };
	for (int p = 0; p < PARTITIONS; p++)
		broker.committed[p] = NO_OFFSET;
}

bool request_fails(void)
{
	return chance(schedule.rates.kafka_fails);
}

int request_failed(const char *what, struct error *err)
{
	trace("%s fails: %s", process_current()->instance, what);
	return error_set(err, ERROR_UNAVAILABLE, "%s failed", what);
}

int64_t broker_end(int partition)
{
	return (int64_t)(model.count[partition] - broker.hidden[partition]);
}

void broker_replace_log(int partition)
{
	broker.doubts++;
	for (int t = 0; t < TOPIC_COUNT; t++)
		for (int p = 0; p < PARTITIONS; p++)
			for (size_t i = 0; i < broker.logs[t][p].count; i++) {
				struct logged *r = &broker.logs[t][p].list[i];

				r->former = r->former || r->source_partition == partition;
			}
}

/* ---- logs ---- */

void log_append(struct log *l, const struct logged *r)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 32;
		struct logged *grown = world_alloc(cap * sizeof(*grown));

		if (l->count)
			memcpy(grown, l->list, l->count * sizeof(*grown));
		l->list = grown;
		l->cap = cap;
	}
	l->list[l->count++] = *r;
}

size_t log_stable(const struct log *l, enum topic topic, int partition)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->list[i].marker && l->list[i].transaction->unmarked[topic][partition])
			return i;
	return l->count;
}

bool logged_is_visible(const struct logged *r)
{
	return !r->marker && r->shown;
}

/* ---- transactions ---- */

static struct producer *producer_of(const char *name)
{
	struct producer *p = broker.producers;

	while (p->name[0] && strcmp(p->name, name) != 0)
		p++;
	assert(p < broker.producers + PRODUCERS_MAX);
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

struct producer *broker_init_producer(const char *name)
{
	struct producer *p = producer_of(name);

	p->epoch++;
	if (!p->transaction)
		return p;
	if (p->transaction->state == TRANSACTION_OPEN)
		broker_end_transaction(p->transaction, false);
	broker_write_markers(p->transaction);
	return p;
}

struct transaction *broker_begin_transaction(struct producer *p)
{
	struct transaction *t = world_alloc(sizeof(*t));

	if (p->transaction) /* until then the broker answers CONCURRENT_TRANSACTIONS */
		broker_write_markers(p->transaction);
	t->producer = p;
	t->next = broker.transactions;
	for (int i = 0; i < PARTITIONS; i++)
		t->offsets[i] = NO_OFFSET;
	broker.transactions = t;
	p->transaction = t;
	return t;
}

static const char *fate(const struct transaction *t)
{
	return t->committed ? "commits" : "aborts";
}

void broker_end_transaction(struct transaction *t, bool commit)
{
	assert(t->state == TRANSACTION_OPEN);
	t->state = commit ? TRANSACTION_COMMITTING : TRANSACTION_ABORTING;
	t->committed = commit;
	t->late = false;
	trace("      %s %s up to %lld %lld", t->producer->name, fate(t), (long long)t->offsets[0],
	      (long long)t->offsets[1]);
	if (commit)
		check_commit(t->offsets);
}

/* Is the other one t, or one of the same producer whose marker was left out? */
static bool decides(const struct transaction *t, const struct transaction *other, bool lost)
{
	return other == t || (lost && other->producer == t->producer);
}

static void count_offsets(const struct transaction *t)
{
	for (int p = 0; p < PARTITIONS; p++) {
		if (t->offsets[p] == NO_OFFSET || t->added[p] < broker.committed_added[p])
			continue;
		broker.committed[p] = t->offsets[p];
		broker.signed_by_us[p] = true;
		broker.committed_added[p] = t->added[p];
	}
}

static void mark_offsets(struct transaction *t)
{
	for (struct transaction *other = broker.transactions; other; other = other->next) {
		if (!other->offsets_unmarked || !decides(t, other, other->offsets_lost))
			continue;
		other->offsets_unmarked = false;
		other->offsets_lost = false;
		if (!t->committed)
			continue;
		count_offsets(other);
		if (!other->committed) /* nobody could see that it was not aborted */
			broker.moved = true;
	}
	trace("      %s %s: marker of the offsets", t->producer->name, fate(t));
}

static void mark_log(struct transaction *t, int topic, int partition)
{
	struct log *l = &broker.logs[topic][partition];

	for (size_t i = log_stable(l, (enum topic)topic, partition); i < l->count; i++) {
		struct logged *r = &l->list[i];

		if (!r->marker && r->transaction->unmarked[topic][partition] &&
		    decides(t, r->transaction, r->transaction->lost[topic][partition]))
			r->shown = t->committed;
	}
	for (struct transaction *other = broker.transactions; other; other = other->next) {
		if (!decides(t, other, other->lost[topic][partition]))
			continue;
		other->unmarked[topic][partition] = false;
		other->lost[topic][partition] = false;
	}
	log_append(l, &(struct logged){ .transaction = t, .marker = true });
	trace("      %s %s: marker on %s %d", t->producer->name, fate(t),
	      topic_name((enum topic)topic), partition);
}

/* Draws and writes one marker; false when the transaction has none left. */
static bool write_one(struct transaction *t)
{
	enum { LOGS = TOPIC_COUNT * PARTITIONS };
	unsigned first = draw(LOGS + 1);

	if (t->state != TRANSACTION_COMMITTING && t->state != TRANSACTION_ABORTING)
		return false;
	for (unsigned i = 0; i <= LOGS; i++) {
		unsigned at = (first + i) % (LOGS + 1);

		if (at == LOGS && t->offsets_unmarked && !t->offsets_lost) {
			mark_offsets(t);
			return true;
		}
		if (at < LOGS && t->unmarked[at / PARTITIONS][at % PARTITIONS] &&
		    !t->lost[at / PARTITIONS][at % PARTITIONS]) {
			mark_log(t, (int)at / PARTITIONS, (int)at % PARTITIONS);
			return true;
		}
	}
	t->state = TRANSACTION_ENDED;
	return false;
}

bool broker_write_marker(void)
{
	for (struct transaction *t = broker.transactions; t; t = t->next)
		if (write_one(t))
			return true;
	return false;
}

void broker_write_markers(struct transaction *t)
{
	while (write_one(t))
		continue;
}

bool broker_write_marker_of(struct transaction *t)
{
	return write_one(t);
}

/* These partitions have no leader. */
struct leaderless {
	bool logs[TOPIC_COUNT][PARTITIONS];
	bool offsets;
};

static void lose_markers(struct transaction *t, const struct leaderless *where)
{
	for (int topic = 0; topic < TOPIC_COUNT; topic++)
		for (int i = 0; i < PARTITIONS; i++)
			t->lost[topic][i] = t->lost[topic][i] ||
					    (where->logs[topic][i] && t->unmarked[topic][i]);
	t->offsets_lost = t->offsets_lost || (where->offsets && t->offsets_unmarked);
}

void broker_lose_leaders(void)
{
	bool all = chance(500);
	struct leaderless where = { .offsets = all || draw(2) };

	for (int topic = 0; topic < TOPIC_COUNT; topic++)
		for (int i = 0; i < PARTITIONS; i++)
			where.logs[topic][i] = all || draw(2);
	trace("      %s have no leader", all ? "all partitions" : "some partitions");
	for (struct transaction *t = broker.transactions; t; t = t->next)
		if (t->state == TRANSACTION_COMMITTING || t->state == TRANSACTION_ABORTING)
			lose_markers(t, &where);
}

static bool has_lost_markers(const struct transaction *t)
{
	bool left = false;

	for (int topic = 0; topic < TOPIC_COUNT; topic++)
		for (int i = 0; i < PARTITIONS; i++)
			left = left || (t->unmarked[topic][i] && t->lost[topic][i]);
	return left;
}

static bool is_left(const struct transaction *t)
{
	return has_lost_markers(t) || (t->offsets_unmarked && t->offsets_lost);
}

bool broker_has_open_logs(void)
{
	for (const struct transaction *t = broker.transactions; t; t = t->next)
		if (has_lost_markers(t))
			return true;
	return false;
}

void broker_touch(struct transaction *t, enum topic topic, int partition)
{
	log_append(&broker.logs[topic][partition],
		   &(struct logged){ .transaction = t, .empty = true, .key = bytes_of("orphan") });
	t->unmarked[topic][partition] = true;
}

bool broker_has_orphans(const char *prefix)
{
	for (const struct transaction *t = broker.transactions; t; t = t->next)
		if (is_left(t) && strncmp(t->producer->name, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

struct transaction *broker_open_transaction(void)
{
	struct transaction *found = NULL;
	unsigned count = 0;

	for (struct transaction *t = broker.transactions; t; t = t->next)
		if (t->state == TRANSACTION_OPEN && draw(++count) == 0)
			found = t;
	return found;
}

/* ---- the group ---- */

static void assign(void)
{
	int active[MEMBERS];
	int count = 0;

	for (int m = 0; m < MEMBERS; m++) {
		struct member *member = &broker.members[m];

		member->to_give = member->active;
		memset(member->assigned, 0, sizeof(member->assigned));
		if (member->active)
			active[count++] = m;
	}
	for (int p = 0; count && p < PARTITIONS; p++)
		broker.members[active[p * count / PARTITIONS]].assigned[p] = true;
}

/* Begins the next generation once all members have rejoined. */
static void complete(void)
{
	for (int m = 0; m < MEMBERS; m++)
		if (broker.members[m].active && !broker.members[m].rejoined)
			return;
	broker.preparing = false;
	broker.generation++;
	trace("      the group begins generation %d", broker.generation);
	assign();
}

static void prepare(void)
{
	if (broker.preparing)
		return;
	broker.preparing = true;
	for (int m = 0; m < MEMBERS; m++)
		broker.members[m].rejoined = false;
}

void broker_join(int member)
{
	prepare();
	broker.members[member] = (struct member){ .active = true, .rejoined = true };
	complete();
}

void broker_leave(int member)
{
	if (!broker.members[member].active)
		return;
	trace("      the group loses p%d", member);
	broker.members[member] = (struct member){ 0 };
	prepare();
	complete();
}

void broker_rejoin(int member)
{
	if (!broker.members[member].active)
		return;
	broker.members[member].rejoined = true;
	broker.members[member].to_give = false; /* it was for the last generation */
	complete();
}

bool broker_knows_member(int member, int64_t epoch)
{
	return broker.members[member].active &&
	       epoch == (int64_t)broker.generation * EPOCHS_PER_GENERATION;
}
