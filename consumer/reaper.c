#include "consumer/reaper.h"

#include "cache/stale.h"
#include "consumer/damage.h"
#include "consumer/reaping.h"
#include "consumer/removal.h"
#include "consumer/survey.h"
#include "ops/support/crash.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>

enum {
	ASK_AGAIN_MS = 10000,
	REAPED_MAX = 16, /* partitions of one turn: a round trip each, two if any grant is stale */
	ROUND_MAX = 100, /* removals of one partition on their way */
	SUBJECTS_MAX = 16, /* gone subjects whose grants are looked for in one question */
	FLUSH_WAIT_MS = 3000,
};

struct reaper {
	struct reaper_options options;
	struct reapings reapings;
	struct survey survey;
	struct courier *courier; /* NULL: nothing was sent yet, or it broke */
	struct arena arena;      /* for the stale grants and removals of one partition */
	int first;               /* the partition with which the next turn begins */
	int64_t ask_ms;          /* when the brokers may be asked for the end of a log; monotonic */
};

struct reaper *reaper_new(const struct reaper_options *o)
{
	struct reaper *reaper = memory_zalloc(1, sizeof(*reaper));

	reaper->options = *o;
	reapings_init(&reaper->reapings, o->partitions);
	reaper->survey = (struct survey){ .reapings = &reaper->reapings,
					  .index = o->index,
					  .follower = o->follower };
	arena_init(&reaper->arena);
	return reaper;
}

void reaper_free(struct reaper **reaperp)
{
	struct reaper *reaper = *reaperp;

	if (!reaper)
		return;
	courier_close(&reaper->courier);
	survey_done(&reaper->survey);
	reapings_done(&reaper->reapings);
	arena_done(&reaper->arena);
	free(reaper);
	*reaperp = NULL;
}

/* ---- removals on their way ---- */

/*
 * Removals without a receipt may be on the log or not. We find out by asking
 * later where the log ends.
 */
static void drop_courier(struct reaper *reaper)
{
	courier_close(&reaper->courier);
	for (int i = 0; i < reaper->reapings.count; i++) {
		struct reaping *r = &reaper->reapings.list[i];

		if (r->outstanding)
			r->state = REAPING_UNKNOWN;
		r->outstanding = 0;
	}
	/* Not the turn's time: what came before, such as a flush, may have taken long. */
	reaper->ask_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
}

/*
 * A removal reaches the log after it was sent. If the broker's time is earlier
 * all the same, our clock is ahead by at least the difference.
 */
static void learn_clock(struct reaping *r, const struct receipt *receipt)
{
	if (receipt->time < 0)
		return;
	r->ahead_ms = r->sent_ms > receipt->time ? r->sent_ms - receipt->time : 0;
}

static void note_receipt(struct reaper *reaper, const struct receipt *receipt)
{
	struct reaping *r = &reaper->reapings.list[receipt->partition];

	crash_point("after-reap");
	assert(receipt->partition < reaper->reapings.count && r->outstanding);
	r->outstanding--;
	if (receipt->failed)
		return;
	learn_clock(r, receipt);
	if (receipt->offset >= r->until)
		r->until = receipt->offset + 1;
}

static void note_receipts(struct reaper *reaper)
{
	struct receipt receipt;
	bool failed = false;

	while (courier_next(reaper->courier, &receipt)) {
		note_receipt(reaper, &receipt);
		failed = failed || receipt.failed;
	}
	if (!failed)
		return;
	log_warn("a removal could not be put on the log; its grant is looked for again later");
	for (int i = 0; i < reaper->reapings.count; i++)
		if (reaper->reapings.list[i].state == REAPING_SENDING)
			reaper->reapings.list[i].state = REAPING_UNKNOWN;
	drop_courier(reaper);
}

/* ---- is a partition clear? ---- */

static void begin_epoch(struct reaping *r)
{
	r->state = REAPING_UNKNOWN;
	r->epoch = r->part->mark.epoch;
	r->caught_up = false;
	r->until = 0;
	r->look_ms = 0;
	r->survey = SURVEY_WANTED;
	if (r->gone)
		r->gone->count = 0;
}

/* May the log's end be asked for? Not before our own removals have their receipts. */
static bool may_ask(const struct reaping *r)
{
	return reaping_is_current(r) && r->state == REAPING_UNKNOWN && !r->outstanding &&
	       r->part->fetched;
}

/*
 * Asking blocks when no broker answers. So the end is asked for only once
 * something of the partition was fetched, and after a failure all partitions
 * wait.
 */
static void ask_end(struct reaper *reaper, struct reaping *r, const struct now *now)
{
	struct error err = { 0 };
	int64_t begin;

	if (!may_ask(r) || now->monotonic_ms < reaper->ask_ms)
		return;
	if (!intake_range(reaper->options.intake, r->part->id, &begin, &r->until, &err)) {
		r->state = REAPING_LAGGING;
		return;
	}
	log_warn("%s; expired grants are looked for later", err.text);
	reaper->ask_ms = clock_monotonic_ms() + ASK_AGAIN_MS; /* asking in vain takes long */
}

/* The log may end with the marker of a transaction, which is neither fetched nor applied. */
static bool has_applied(const struct partition *part, int64_t until)
{
	return part->mark.applied >= until || (part->end >= until && !part->staged.count);
}

static void advance_state(struct reaper *reaper, struct reaping *r, const struct now *now)
{
	if (r->part->state != PARTITION_READY)
		return;
	if (r->epoch != r->part->mark.epoch)
		begin_epoch(r);
	ask_end(reaper, r, now);
	if (r->state == REAPING_SENDING && !r->outstanding)
		r->state = REAPING_LAGGING;
	if (r->state == REAPING_LAGGING && has_applied(r->part, r->until)) {
		r->state = REAPING_CLEAR;
		r->caught_up = true;
	}
}

/* ---- sending ---- */

static int open_courier(struct reaper *reaper, struct error *err)
{
	return reaper->courier ? 0 : courier_open(&reaper->courier, &reaper->options.courier, err);
}

static int send_removal(struct reaper *reaper, struct reaping *r, const struct removal *removal,
			struct error *err)
{
	struct record record;
	struct uuid id;
	int rc = removal_id(removal, &id);

	if (rc)
		return error_set(err, ERROR_REFUSED,
				 "no UUID of version 5 can be made: out of memory, or the system "
				 "forbids SHA-1");
	record = removal_record(removal, &id, r->sent_ms,
				follower_position(reaper->options.follower));
	crash_point("before-reap");
	rc = courier_send(reaper->courier, r->part->id, &record, err);
	if (rc)
		return rc;
	r->outstanding++;
	r->state = REAPING_SENDING;
	return 0;
}

static int send_each(struct reaper *reaper, struct reaping *r, const struct removal *list,
		     size_t count, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++)
		rc = send_removal(reaper, r, &list[i], err);
	return rc;
}

/* Removals that cannot be sent are no failure: their grants are found again later. */
static int send_round(struct reaper *reaper, struct reaping *r, const struct removal *list,
		      size_t count, const struct now *now, struct error *err)
{
	int rc = open_courier(reaper, err);

	if (rc)
		return rc;
	r->sent_ms = now->unix_ms;
	r->until = 0;
	rc = send_each(reaper, r, list, count, err);
	if (rc != ERROR_UNAVAILABLE && rc != ERROR_INPUT)
		return rc;
	log_warn("a removal could not be sent: %s; its grant is looked for again later", err->text);
	if (rc == ERROR_INPUT)
		drop_courier(reaper);
	return 0;
}

/* ---- looking for stale grants ---- */

/* How many of the first gone subjects to look for now; drops those that exist again. */
static size_t next_gone(const struct reaper *reaper, struct reaping *r)
{
	const struct directory *directory = follower_directory(reaper->options.follower);
	size_t i = 0;

	while (i < reaping_gone_count(r) && i < SUBJECTS_MAX) {
		if (directory_deleted(directory, &r->gone->list[i]))
			i++;
		else
			reaping_drop_gone(r, i);
	}
	return i;
}

static int find_stale(const struct reaper *reaper, struct reaping *r, const struct now *now,
		      struct stale_list *found, struct error *err)
{
	size_t asked = next_gone(reaper, r);
	const struct stale_question question = {
		.now = now->unix_ms - r->ahead_ms,
		.subjects = asked ? r->gone->list : NULL,
		.subject_count = asked,
		.max = ROUND_MAX,
	};
	int rc = stale_read(reaper->options.index, r->part->id, &r->part->mark, &question, found,
			    err);

	if (!rc)
		reaping_drop_done(r, asked, found);
	return rc;
}

/* Looks for stale grants of a clear partition and sends their removals. */
static int reap_partition(struct reaper *reaper, struct reaping *r, const struct now *now,
			  struct error *err)
{
	struct stale_list found = { .arena = &reaper->arena };
	struct removal *list;
	size_t count;
	bool more;
	int rc;

	arena_reset(&reaper->arena);
	rc = find_stale(reaper, r, now, &found, err);
	if (rc)
		return rc;
	count = removal_list(&found, &list);
	more = found.count >= ROUND_MAX || (!count && reaping_gone_count(r));
	r->look_ms = now->monotonic_ms + (more ? 0 : LOOK_EVERY_MS);
	if (count > ROUND_MAX)
		count = ROUND_MAX;
	return count ? send_round(reaper, r, list, count, now, err) : 0;
}

static bool may_reap(const struct reaping *r, const struct now *now)
{
	return reaping_is_current(r) && r->state == REAPING_CLEAR &&
	       now->monotonic_ms >= r->look_ms;
}

static int reap_partitions(struct reaper *reaper, const struct now *now, struct error *err)
{
	int count = reaper->reapings.count;
	int reaped = 0;
	int rc = 0;

	for (int i = 0; !rc && i < count && reaped < REAPED_MAX; i++) {
		int partition = (reaper->first + i) % count;
		struct reaping *r = &reaper->reapings.list[partition];

		if (!may_reap(r, now))
			continue;
		reaped++;
		rc = reap_partition(reaper, r, now, err);
		if (rc == ERROR_DAMAGED) {
			damage_found(reaper->options.index,
				     &reaper->options.partitions->list[partition], err,
				     now->monotonic_ms);
			rc = 0;
		}
		rc = partition_await_node(&reaper->options.partitions->list[partition], rc, err,
					  now->monotonic_ms);
		if (rc != ERROR_FENCED)
			continue;
		log_warn("%s; recovering", err->text);
		partition_claim_again(&reaper->options.partitions->list[partition]);
		rc = 0;
	}
	reaper->first = (reaper->first + REAPED_MAX) % count;
	return rc;
}

/* ---- all of it ---- */

int reaper_step(struct reaper *reaper, const struct now *now, struct error *err)
{
	int rc;

	if (reaper->courier)
		note_receipts(reaper);
	survey_collect_gone(&reaper->survey);
	for (int i = 0; i < reaper->reapings.count; i++)
		advance_state(reaper, &reaper->reapings.list[i], now);
	rc = survey_step(&reaper->survey, now, err);
	return rc ? rc : reap_partitions(reaper, now, err);
}

/* When the partition has work even if nothing arrives. */
static int64_t due_ms(const struct reaper *reaper, const struct reaping *r)
{
	if (r->part->state != PARTITION_READY)
		return INT64_MAX;
	if (!reaping_is_current(r))
		return 0;
	switch (r->state) {
	case REAPING_UNKNOWN:
		return may_ask(r) ? reaper->ask_ms : INT64_MAX;
	case REAPING_LAGGING:
		return has_applied(r->part, r->until) ? 0 : INT64_MAX;
	case REAPING_CLEAR:
		return r->look_ms;
	case REAPING_SENDING:
		break; /* receipts will arrive */
	}
	return INT64_MAX;
}

int64_t reaper_due_ms(const struct reaper *reaper)
{
	int64_t earliest = survey_due_ms(&reaper->survey);

	for (int i = 0; i < reaper->reapings.count; i++) {
		int64_t due = due_ms(reaper, &reaper->reapings.list[i]);

		earliest = due < earliest ? due : earliest;
	}
	return earliest;
}

void reaper_leave(struct reaper *reaper, bool lost)
{
	bool outstanding = false;

	for (int i = 0; i < reaper->reapings.count; i++)
		outstanding = outstanding || reaper->reapings.list[i].outstanding;
	if (reaper->courier && outstanding && !lost)
		courier_flush(reaper->courier, FLUSH_WAIT_MS);
	drop_courier(reaper);
}
