#include "consumer/scrub.h"

#include "consumer/damage.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <stdlib.h>

enum {
	KEYS_MAX = 50,   /* looked at in one step, which takes about a millisecond */
	STEP_MS = 50,    /* from one step to the next: 1,000 keys a second */
	PASS_MS = 10000, /* from the beginning of a pass to that of the next, at least */
	SURPLUS_MAX = 3, /* passes in a row that find too much: SCAN may return keys twice */
};

/* A partition in this pass, and what was found of it. */
struct scrubbed {
	bool wanted;   /* it was READY when the pass began, and has not changed hands since */
	int64_t epoch; /* as its mark said when the pass began, as does the next */
	int64_t applied;
	struct holdings sum;
	unsigned surplus; /* passes in a row that found too much */
};

struct scrub {
	struct partitions *partitions;
	struct index *index;
	struct follower *follower;
	struct scrubbed *list; /* by partition */
	int *walked;           /* scratch: those that keys are looked for of */
	struct arena found;    /* the keys of one step of SCAN */
	struct arena scratch;
	struct found_keys keys;
	size_t at; /* the next of them */
	bool running;
	bool scanned;    /* SCAN has returned all keys */
	uint64_t cursor; /* of SCAN */
	unsigned
		connection; /* to Redis, on which the pass began: a cursor means nothing to another */
	unsigned round;     /* counts the passes */
	int64_t began_ms;   /* monotonic, as the next */
	int64_t due_ms;
};

struct scrub *scrub_new(struct partitions *partitions, struct index *index,
			struct follower *follower)
{
	struct scrub *s = memory_zalloc(1, sizeof(*s));

	s->partitions = partitions;
	s->index = index;
	s->follower = follower;
	s->list = memory_zalloc((size_t)partitions->count, sizeof(*s->list));
	s->walked = memory_zalloc((size_t)partitions->count, sizeof(*s->walked));
	arena_init(&s->found);
	arena_init(&s->scratch);
	return s;
}

void scrub_free(struct scrub **sp)
{
	struct scrub *s = *sp;

	if (!s)
		return;
	arena_done(&s->found);
	arena_done(&s->scratch);
	free(s->list);
	free(s->walked);
	free(s);
	*sp = NULL;
}

/* ---- passes ---- */

static void begin_pass(struct scrub *s, const struct now *now)
{
	for (int i = 0; i < s->partitions->count; i++) {
		const struct partition *part = &s->partitions->list[i];
		struct scrubbed *one = &s->list[i];

		one->wanted = part->state == PARTITION_READY;
		one->epoch = part->mark.epoch;
		one->applied = part->mark.applied;
		one->sum = (struct holdings){ 0 };
		s->running = s->running || one->wanted;
	}
	s->scanned = false;
	s->cursor = 0;
	s->keys.count = 0;
	s->at = 0;
	s->connection = index_connection(s->index);
	s->round++;
	s->began_ms = now->monotonic_ms;
}

/* Is the partition ours as it was when the pass began? */
static bool is_current(struct scrub *s, int partition)
{
	const struct partition *part = &s->partitions->list[partition];
	struct scrubbed *one = &s->list[partition];

	one->wanted =
		one->wanted && part->state == PARTITION_READY && part->mark.epoch == one->epoch;
	return one->wanted;
}

/* Compares the counts, unless something was applied while they were made. */
static void judge_partition(struct scrub *s, int partition, const struct now *now)
{
	struct partition *part = &s->partitions->list[partition];
	struct scrubbed *one = &s->list[partition];
	enum inspection is;
	struct error why = { 0 };

	if (!is_current(s, partition) || part->mark.applied != one->applied)
		return;
	is = inspect_compare(&one->sum, &part->mark);
	one->surplus = is == INSPECTION_SURPLUS ? one->surplus + 1 : 0;
	if (is == INSPECTION_GOOD || (is == INSPECTION_SURPLUS && one->surplus < SURPLUS_MAX))
		return;
	one->surplus = 0;
	(void)error_set(&why, ERROR_DAMAGED,
			"it should have %lld workspaces with %lld grants, but has %lld with %lld, "
			"and %lld in the reverse index",
			(long long)part->mark.workspaces, (long long)part->mark.grants,
			(long long)one->sum.workspaces, (long long)one->sum.grants,
			(long long)one->sum.shared);
	damage_found(s->index, part, &why, now->monotonic_ms);
}

static void end_pass(struct scrub *s, const struct now *now)
{
	s->running = false;
	for (int i = 0; i < s->partitions->count; i++)
		judge_partition(s, i, now);
}

/* ---- steps ---- */

static int compare_partitions(const void *a, const void *b)
{
	const struct found_key *x = a;
	const struct found_key *y = b;

	return x->partition < y->partition ? -1 : x->partition > y->partition;
}

static int find_keys(struct scrub *s, struct error *err)
{
	struct index_part of = { s->walked, 0 };
	int rc;

	for (int i = 0; i < s->partitions->count; i++)
		if (is_current(s, i))
			s->walked[of.count++] = i;
	s->scanned = !of.count;
	if (s->scanned)
		return 0;

	arena_reset(&s->found);
	s->keys = (struct found_keys){ 0 };
	s->at = 0;
	rc = inspect_scan(s->index, &of, &s->cursor, &s->keys, &s->found, err);
	if (rc)
		return rc;
	s->scanned = !s->cursor;
	qsort(s->keys.list, s->keys.count, sizeof(*s->keys.list), compare_partitions);
	return 0;
}

/* How many of the next keys are of one partition, up to the bound. */
static size_t next_portion(const struct scrub *s)
{
	const struct found_key *first = &s->keys.list[s->at];
	size_t count = 0;

	while (count < KEYS_MAX && s->at + count < s->keys.count &&
	       first[count].partition == first->partition)
		count++;
	return count;
}

static int look_at_keys(struct scrub *s, const struct now *now, struct error *err)
{
	const struct inspect_piece piece = { &s->keys.list[s->at], next_portion(s), s->round };
	int partition = piece.list->partition;
	struct partition *part;
	int rc;

	s->at += piece.count;
	if (partition >= s->partitions->count || !is_current(s, partition))
		return 0;
	part = &s->partitions->list[partition];
	arena_reset(&s->scratch);
	rc = inspect_keys(s->index, &part->mark, &piece, &s->list[partition].sum, &s->scratch, err);
	if (rc == ERROR_DAMAGED) {
		damage_found(s->index, part, err, now->monotonic_ms);
		return 0;
	}
	if (rc != ERROR_FENCED)
		return rc;
	log_warn("%s; recovering", err->text);
	partition_claim_again(part);
	return 0;
}

/* Skips the keys that need no look, without waiting for the next step. */
static void skip_keys(struct scrub *s)
{
	while (s->at < s->keys.count) {
		int partition = s->keys.list[s->at].partition;

		if (partition < s->partitions->count && is_current(s, partition))
			return;
		s->at++;
	}
}

static int go_on(struct scrub *s, const struct now *now, struct error *err)
{
	int rc = 0;

	if (s->connection != index_connection(s->index)) {
		s->running = false;
		return 0;
	}
	if (s->at == s->keys.count && !s->scanned)
		rc = find_keys(s, err);
	skip_keys(s);
	if (!rc && s->at < s->keys.count)
		rc = look_at_keys(s, now, err);
	if (rc)
		s->running = false; /* keys that were not looked at would be missed */
	if (rc == ERROR_NODE)       /* the watch of the marks finds out whose */
		return 0;
	if (rc)
		return rc;
	if (s->at == s->keys.count && s->scanned)
		end_pass(s, now);
	return 0;
}

int scrub_step(struct scrub *s, const struct now *now, struct error *err)
{
	bool more = false;
	int rc = 0;

	if (now->monotonic_ms < s->due_ms)
		return 0;
	if (!s->running && now->monotonic_ms >= s->began_ms + PASS_MS)
		begin_pass(s, now);
	if (s->running)
		rc = go_on(s, now, err);
	if (!rc)
		rc = follower_compare(s->follower, &more, err);
	s->due_ms = s->running || more ? now->monotonic_ms + STEP_MS : s->began_ms + PASS_MS;
	return rc;
}

int64_t scrub_due_ms(const struct scrub *s)
{
	return s->due_ms;
}
