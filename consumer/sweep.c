#include "consumer/sweep.h"

#include "cache/stale.h"
#include "consumer/reaping.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"

enum { REACH_WAIT_MS = 1000 };

static void add_if_lacking(struct processor *p, struct reaping *r, enum subject_kind kind,
			   const struct uuid *id)
{
	const struct subject s = { kind, *id };

	if (directory_lacks(follower_directory(p->follower), &s))
		reaping_add_gone(r, &s);
}

/* ---- who goes while we follow ---- */

/* Partitions that have not caught up yet will be swept: they need not know. */
static void tell_partitions(struct processor *p, const struct uuid *id)
{
	struct reaper *all = p->reaper;

	for (int i = 0; i < all->count; i++) {
		if (!reaping_is_ours(p, i) || !all->partitions[i].caught_up)
			continue;
		add_if_lacking(p, &all->partitions[i], SUBJECT_USER, id);
		add_if_lacking(p, &all->partitions[i], SUBJECT_GROUP, id);
	}
}

void sweep_take_gone(struct processor *p)
{
	struct uuid id;

	while (follower_next_gone(p->follower, &id))
		tell_partitions(p, &id);
	if (!follower_missed_gone(p->follower))
		return;
	for (int i = 0; i < p->reaper->count; i++)
		p->reaper->partitions[i].sweep = SWEEP_WANTED;
}

/* ---- who went before ---- */

/* One sweep for all that have become ours together: who is still behind is waited for. */
static bool is_sweep_wanted(const struct processor *p)
{
	const struct reaper *all = p->reaper;
	bool wanted = false;

	for (int i = 0; i < all->count; i++) {
		if (p->partitions[i].state != PARTITION_READY)
			continue;
		if (!reaping_is_ours(p, i) || !all->partitions[i].caught_up)
			return false;
		wanted = wanted || all->partitions[i].sweep == SWEEP_WANTED;
	}
	return wanted;
}

/*
 * Who is not in the directory is taken for deleted, so the view must be as far
 * as the topic is now; and a directory without users is one that was lost: to
 * believe it would take everything from everybody.
 */
static bool is_directory_good(struct processor *p)
{
	struct reaper *all = p->reaper;
	struct error err = { 0 };

	all->sweep_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
	if (follower_reach(p->follower, INT64_MAX, REACH_WAIT_MS, &err)) {
		log_warn("%s; who was deleted is looked at later", err.text);
		return false;
	}
	if (directory_has_users(follower_directory(p->follower))) {
		all->told_empty = false;
		return true;
	}
	if (!all->told_empty)
		log_warn("the directory has no users: no grant is removed for want of its user");
	all->told_empty = true;
	return false;
}

static void begin_sweep(struct processor *p)
{
	struct reaper *all = p->reaper;

	if (clock_monotonic_ms() < all->sweep_ms || !is_sweep_wanted(p) || !is_directory_good(p))
		return;
	all->sweeping = true;
	all->cursor = 0;
	all->connection = index_connection(p->index);
	for (int i = 0; i < all->count; i++)
		if (reaping_is_ours(p, i) && all->partitions[i].sweep == SWEEP_WANTED)
			all->partitions[i].sweep = SWEEP_RUNNING;
}

/* The cursor is not that of another Redis, or of one that came back. */
static void end_sweep(struct reaper *all, enum sweep_state result)
{
	all->sweeping = false;
	for (int i = 0; i < all->count; i++)
		if (all->partitions[i].sweep == SWEEP_RUNNING)
			all->partitions[i].sweep = result;
}

/* Is there room for what a step may find? */
static bool is_roomy(const struct reaper *all)
{
	for (int i = 0; i < all->count; i++)
		if (all->partitions[i].sweep == SWEEP_RUNNING &&
		    reaping_gone_count(&all->partitions[i]) > GONE_MAX / 2)
			return false;
	return true;
}

/*
 * A Redis that was emptied has no subjects, and may come back with all of them
 * before we notice otherwise. It comes back on another connection; so if the
 * marks are ours at the end, on the one that the sweep began on, it was there
 * all the while.
 */
static int check_marks(struct processor *p, bool *ours, struct error *err)
{
	struct reaper *all = p->reaper;
	int rc = 0;

	*ours = true;
	for (int i = 0; !rc && *ours && i < all->count; i++) {
		struct mark now;

		if (all->partitions[i].sweep != SWEEP_RUNNING)
			continue;
		rc = index_read_mark(p->index, i, &now, err);
		*ours = !rc && mark_equal(&now, &p->partitions[i].mark);
	}
	*ours = *ours && all->connection == index_connection(p->index);
	return rc;
}

static int sweep_on(struct processor *p, struct error *err)
{
	struct reaper *all = p->reaper;
	struct holder_list found = { .arena = &all->arena };
	bool ours;
	int rc;

	arena_reset(&all->arena);
	rc = stale_scan(p->index, &all->cursor, &found, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < found.count; i++) {
		const struct holder *h = &found.list[i];

		if (h->partition < all->count && reaping_is_ours(p, h->partition) &&
		    all->partitions[h->partition].sweep == SWEEP_RUNNING)
			add_if_lacking(p, &all->partitions[h->partition], h->subject.kind,
				       &h->subject.id);
	}
	if (all->cursor)
		return 0;
	rc = check_marks(p, &ours, err);
	if (!rc)
		end_sweep(all, ours ? SWEEP_DONE : SWEEP_WANTED);
	return rc;
}

int sweep_step(struct processor *p, struct error *err)
{
	struct reaper *all = p->reaper;

	if (all->sweeping && all->connection != index_connection(p->index))
		end_sweep(all, SWEEP_WANTED);
	if (!all->sweeping)
		begin_sweep(p);
	return all->sweeping && is_roomy(all) ? sweep_on(p, err) : 0;
}
