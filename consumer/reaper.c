#include "consumer/reaper.h"

#include "cache/stale.h"
#include "consumer/courier.h"
#include "consumer/reaping.h"
#include "consumer/removal.h"
#include "consumer/sweep.h"
#include "ops/support/clock.h"
#include "ops/support/crash.h"
#include "ops/support/log.h"

#include <assert.h>
#include <stdlib.h>

enum {
	ASK_AGAIN_MS = 10000,
	LOOKS_MAX = 16,    /* partitions in one turn: a round trip each, two if something is due */
	ROUND_MAX = 100,   /* removals of one partition on their way */
	SUBJECTS_MAX = 16, /* that are gone and whose grants are looked for at once */
	FLUSH_WAIT_MS = 3000,
};

struct reaper *reaper_new(int partitions)
{
	struct reaper *r = calloc(1, sizeof(*r));

	assert(r);
	r->count = partitions;
	r->partitions = calloc((size_t)partitions, sizeof(*r->partitions));
	assert(r->partitions);
	arena_init(&r->arena);
	return r;
}

void reaper_free(struct reaper **rp)
{
	struct reaper *r = *rp;

	if (!r)
		return;
	courier_close(&r->courier);
	for (int i = 0; i < r->count; i++)
		free(r->partitions[i].gone);
	free(r->partitions);
	arena_done(&r->arena);
	free(r);
	*rp = NULL;
}

/* ---- what is on its way ---- */

/* Whether what was under way is on the log is not known: the log's end tells, a while later. */
static void drop_courier(struct reaper *all)
{
	courier_close(&all->courier);
	for (int i = 0; i < all->count; i++) {
		struct reaping *r = &all->partitions[i];

		if (r->outstanding)
			r->state = REAPING_STRANGE;
		r->outstanding = 0;
	}
	all->ask_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
}

/*
 * It was on the log later than it was sent: if the broker's time is earlier
 * all the same, our clock is ahead by that much at least.
 */
static void learn_clock(struct reaping *r, const struct receipt *receipt)
{
	if (receipt->time < 0)
		return;
	r->ahead_ms = r->sent_ms > receipt->time ? r->sent_ms - receipt->time : 0;
}

static void take_receipts(struct reaper *all)
{
	struct receipt receipt;
	bool failed = false;

	while (courier_next(all->courier, &receipt)) {
		struct reaping *r = &all->partitions[receipt.partition];

		crash_point("after-reap");
		assert(r->outstanding);
		r->outstanding--;
		failed = failed || receipt.failed;
		if (receipt.failed)
			continue;
		learn_clock(r, &receipt);
		if (receipt.offset >= r->until)
			r->until = receipt.offset + 1;
	}
	if (!failed)
		return;
	log_warn("a removal could not be put on the log; looking again later");
	for (int i = 0; i < all->count; i++)
		if (all->partitions[i].state == REAPING_SENDING)
			all->partitions[i].state = REAPING_STRANGE;
	drop_courier(all);
}

/* ---- may a partition be looked at? ---- */

static void begin_anew(struct reaping *r, int64_t epoch)
{
	r->state = REAPING_STRANGE;
	r->epoch = epoch;
	r->caught_up = false;
	r->until = 0;
	r->look_ms = 0;
	r->sweep = SWEEP_WANTED;
	if (r->gone)
		r->gone->count = 0;
}

/*
 * What we sent ourselves, before the partition was claimed anew, is waited
 * for. Asking blocks when nobody answers: so a partition is asked for only when
 * something of it was fetched, and after a failure all wait.
 */
static void ask_end(struct processor *p, const struct partition *part, struct reaping *r)
{
	int64_t now = clock_monotonic_ms();
	struct error err = { 0 };
	int64_t begin;

	if (r->outstanding || !part->fetched || now < p->reaper->ask_ms)
		return;
	if (!intake_range(p->intake, part->id, &begin, &r->until, &err)) {
		r->state = REAPING_BEHIND;
		return;
	}
	log_warn("%s; what has expired is looked at later", err.text);
	p->reaper->ask_ms = clock_monotonic_ms() + ASK_AGAIN_MS;
}

/* What ends the log may be no record but the marker of a transaction, which is never applied. */
static bool has_applied(const struct partition *part, int64_t until)
{
	return part->mark.applied >= until || (part->reached >= until && !part->staged.count);
}

static void advance(struct processor *p, const struct partition *part, struct reaping *r)
{
	if (r->epoch != part->mark.epoch)
		begin_anew(r, part->mark.epoch);
	if (r->state == REAPING_STRANGE)
		ask_end(p, part, r);
	if (r->state == REAPING_SENDING && !r->outstanding)
		r->state = REAPING_BEHIND;
	if (r->state == REAPING_BEHIND && has_applied(part, r->until)) {
		r->state = REAPING_CLEAR;
		r->caught_up = true;
	}
}

/* ---- sending ---- */

static int open_courier(struct processor *p, struct error *err)
{
	if (p->reaper->courier)
		return 0;
	return courier_open(&p->reaper->courier, p->config, &p->deployment, p->codec, err);
}

static int send_removal(struct processor *p, const struct partition *part,
			const struct removal *removal, const struct stale_memory *memory,
			struct error *err)
{
	struct reaping *r = &p->reaper->partitions[part->id];
	struct record record;
	struct uuid id;
	int rc = removal_id(removal, memory, &id);

	if (rc)
		return error_set(err, ERROR_REFUSED, "the system makes no ids of version 5");
	record = removal_record(removal, &id, r->sent_ms, follower_position(p->follower));
	crash_point("before-reap");
	rc = courier_send(p->reaper->courier, part->id, &record, err);
	if (rc)
		return rc;
	r->outstanding++;
	r->state = REAPING_SENDING;
	return 0;
}

/* Those that cannot be sent are found again. */
static int send_round(struct processor *p, const struct partition *part, const struct removal *list,
		      size_t count, struct error *err)
{
	struct reaper *all = p->reaper;
	struct stale_memory *memory = arena_zalloc(&all->arena, count, sizeof(*memory));
	int rc;

	for (size_t i = 0; i < count; i++)
		memory[i].workspace_id = list[i].workspace_id;
	rc = stale_read_memory(p->index, part->id, &part->mark, memory, count, err);
	if (!rc)
		rc = open_courier(p, err);
	if (rc)
		return rc;
	all->partitions[part->id].sent_ms = clock_unix_ms();
	all->partitions[part->id].until = 0;
	for (size_t i = 0; !rc && i < count; i++)
		rc = send_removal(p, part, &list[i], &memory[i], err);
	if (rc != ERROR_UNAVAILABLE && rc != ERROR_INPUT)
		return rc;
	log_warn("a removal could not be sent: %s; looking again later", err->text);
	if (rc == ERROR_INPUT)
		drop_courier(all);
	return 0;
}

/* ---- looking ---- */

/* The first of those that are gone; who was created again is dropped. */
static size_t next_gone(const struct processor *p, struct reaping *r)
{
	size_t i = 0;

	while (i < reaping_gone_count(r) && i < SUBJECTS_MAX) {
		if (directory_lacks(follower_directory(p->follower), &r->gone->list[i]))
			i++;
		else
			reaping_drop_gone(r, i);
	}
	return i;
}

static bool has_grants(const struct stale_list *found, const struct subject *s)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->list[i].expires_at == ABSENT && found->list[i].subject.kind == s->kind &&
		    uuid_equal(&found->list[i].subject.id, &s->id))
			return true;
	return false;
}

/* A subject is done with when nothing of it is left; until then it is looked at again. */
static void drop_done(struct reaping *r, size_t asked, const struct stale_list *found)
{
	for (size_t i = asked; i > 0; i--)
		if (!has_grants(found, &r->gone->list[i - 1]))
			reaping_drop_gone(r, i - 1);
}

static int find_stale(struct processor *p, const struct partition *part, struct reaping *r,
		      struct stale_list *found, struct error *err)
{
	size_t asked = next_gone(p, r);
	const struct stale_question question = {
		.now = clock_unix_ms() - r->ahead_ms,
		.subjects = asked ? r->gone->list : NULL,
		.subject_count = asked,
		.max = ROUND_MAX,
	};
	int rc = stale_read(p->index, part->id, &part->mark, &question, found, err);

	if (!rc)
		drop_done(r, asked, found);
	return rc;
}

static int look(struct processor *p, const struct partition *part, struct error *err)
{
	struct reaping *r = &p->reaper->partitions[part->id];
	struct stale_list found = { .arena = &p->reaper->arena };
	struct removal *list;
	size_t count;
	bool more;
	int rc;

	arena_reset(&p->reaper->arena);
	rc = find_stale(p, part, r, &found, err);
	if (rc)
		return rc;
	count = removal_list(&found, &list);
	more = found.count >= ROUND_MAX || (!count && reaping_gone_count(r));
	r->look_ms = clock_monotonic_ms() + (more ? 0 : LOOK_EVERY_MS);
	if (count > ROUND_MAX)
		count = ROUND_MAX;
	return count ? send_round(p, part, list, count, err) : 0;
}

static bool may_look(const struct processor *p, int partition)
{
	const struct reaping *r = &p->reaper->partitions[partition];

	return reaping_is_ours(p, partition) && r->state == REAPING_CLEAR &&
	       clock_monotonic_ms() >= r->look_ms;
}

static int look_around(struct processor *p, struct error *err)
{
	struct reaper *all = p->reaper;
	int looks = 0;
	int rc = 0;

	for (int i = 0; !rc && i < all->count && looks < LOOKS_MAX; i++) {
		struct partition *part = &p->partitions[(all->next + i) % all->count];

		if (!may_look(p, part->id))
			continue;
		looks++;
		rc = look(p, part, err);
		if (rc != ERROR_FENCED)
			continue;
		log_warn("%s; recovering", err->text);
		processor_claim_again(p, part);
		rc = 0;
	}
	all->next = (all->next + LOOKS_MAX) % all->count;
	return rc;
}

/* ---- all of it ---- */

int reaper_step(struct processor *p, struct error *err)
{
	struct reaper *all = p->reaper;
	int rc;

	if (all->courier)
		take_receipts(all);
	sweep_take_gone(p);
	for (int i = 0; i < all->count; i++)
		if (p->partitions[i].state == PARTITION_READY)
			advance(p, &p->partitions[i], &all->partitions[i]);
	rc = sweep_step(p, err);
	return rc ? rc : look_around(p, err);
}

void reaper_leave(struct reaper *r, bool lost)
{
	bool outstanding = false;

	for (int i = 0; i < r->count; i++)
		outstanding = outstanding || r->partitions[i].outstanding;
	if (r->courier && outstanding && !lost)
		courier_flush(r->courier, FLUSH_WAIT_MS);
	drop_courier(r);
}
