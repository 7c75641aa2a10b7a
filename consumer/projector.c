#include "consumer/projector.h"

#include "cache/clearing.h"
#include "cache/compare.h"
#include "consumer/damage.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"

#include <string.h>

enum {
	PIECE_BYTES = 1024 * 1024, /* of one write; a single entity may be larger */
	FOREIGN_RETRY_MS = 30000,
	COMPARED_BYTES = 32 * 1024, /* in one step, about a millisecond */
	COMPARE_EVERY_MS = 10000,
	STEPS_MAX = 1000000, /* of SCAN, over 1,000 keys or more each; no Redis holds so many */
	UNSURE_BYTES = 32 * PIECE_BYTES, /* kept for a Redis that does not answer */
};

void projector_init(struct projector *p, struct index *index)
{
	*p = (struct projector){ .index = index };
	projection_init(&p->changes, index);
}

void projector_done(struct projector *p)
{
	projection_done(&p->changes);
}

void projector_own(struct projector *p, bool own, int64_t epoch)
{
	p->epoch = epoch;
	p->state = own ? PROJECTING_UNKNOWN : PROJECTING_NOT;
	p->damaged = false;
	p->retry_ms = 0;
	projection_clear(&p->changes);
}

/* Whoever could not be asked is asked again later. */
static bool must_wait(const struct projector *p)
{
	return p->state != PROJECTING_CHANGES && clock_monotonic_ms() < p->retry_ms;
}

struct projection *projector_changes(struct projector *p)
{
	return p->state == PROJECTING_CHANGES || p->state == PROJECTING_UNSURE ? &p->changes : NULL;
}

bool projector_lags(const struct projector *p, int64_t position)
{
	return p->state == PROJECTING_CHANGES && p->mark.applied != position;
}

size_t projector_size(const struct projector *p)
{
	return projection_size(&p->changes);
}

/* Claims the mark, if it is still as *seen. The keys under it stay as they are. */
static int claim_mark(struct projector *p, const struct mark *seen, enum mark_state state,
		      int64_t applied, struct error *err)
{
	int rc;

	p->mark = *seen;
	p->mark.state = state;
	p->mark.applied = applied;
	p->mark.epoch = p->epoch;
	rc = index_claim(p->index, KEYS_DIRECTORY, seen, &p->mark, err);
	p->epoch = p->mark.epoch + 1; /* no epoch is taken twice */
	return rc;
}

/* From now on nothing is known of what Redis holds. */
static void forget_changes(struct projector *p)
{
	p->state = PROJECTING_UNKNOWN;
	projection_clear(&p->changes);
}

/* Writes what is gathered, provided that Redis is as we left it. */
static int write_changes(struct projector *p, enum mark_state state, int64_t applied,
			 struct error *err)
{
	int rc;

	p->tried = p->mark;
	p->tried.state = state;
	p->tried.applied = applied;
	rc = projection_write(p->index, &p->changes, &p->mark, &p->tried, err);
	if (!rc) {
		p->mark = p->tried;
		projection_clear(&p->changes);
	}
	return rc;
}

static int clear_keys(struct projector *p, struct error *err)
{
	struct clearing all = { .partition = KEYS_DIRECTORY, .ours = &p->mark };
	uint64_t cursor = 0;
	int steps = 1;
	int rc = clearing_step(p->index, &all, 1, &cursor, err);

	for (; !rc && cursor && steps < STEPS_MAX; steps++)
		rc = clearing_step(p->index, &all, 1, &cursor, err);
	pipeline_done(&all.body);
	if (rc || !cursor)
		return rc;
	return error_set(err, ERROR_UNAVAILABLE,
			 "Redis at %s has no end of keys; connect to the Redis server itself",
			 index_address(p->index));
}

/* Projects everything anew. Readers get `unavailable` until the last piece is written. */
static int write_all(struct projector *p, const struct directory *d, int64_t position,
		     const struct mark *seen, struct error *err)
{
	bool more = true;
	const struct entity *at = NULL;
	int rc = claim_mark(p, seen, MARK_REBUILDING, 0, err);

	if (!rc)
		rc = clear_keys(p, err);
	while (!rc && more) {
		more = directory_project(d, &p->changes, &at, PIECE_BYTES);
		rc = write_changes(p, more ? MARK_REBUILDING : MARK_READY, more ? 0 : position,
				   err);
	}
	if (!rc)
		log_debug("projected the directory as of offset %lld", (long long)position);
	return rc;
}

/* Partitions on other nodes go on without the directory's, until no answer rests on it any more. */
static int await_node(struct projector *p, int rc, const struct error *why)
{
	if (rc != ERROR_NODE) {
		p->node_why.code = rc ? p->node_why.code : 0;
		return rc;
	}
	if (!p->node_why.code || strcmp(p->node_why.text, why->text) != 0)
		log_warn("the directory waits: %s", why->text);
	p->node_why = *why;
	p->retry_ms = clock_monotonic_ms() + NODE_RETRY_MS;
	return 0;
}

static int stamp_mark(struct projector *p, const struct mark *now, struct error *err)
{
	const int directory = KEYS_DIRECTORY;
	struct error why;
	int rc = index_stamp(p->index, &directory, now, 1, &why, err);

	return rc ? rc : why.code ? error_set(err, why.code, "%s", why.text) : 0;
}

static int check_mark(struct projector *p, struct error *err)
{
	struct mark now;
	int rc = index_read_mark(p->index, KEYS_DIRECTORY, &now, err);

	if (rc)
		return rc;
	if (mark_equal(&now, &p->mark))
		return p->state == PROJECTING_HELD ? 0 : stamp_mark(p, &now, err);
	log_warn("the directory's mark in Redis is missing or not the one we wrote; projecting the "
		 "directory anew");
	forget_changes(p);
	return 0;
}

int projector_check(struct projector *p, struct error *err)
{
	if (p->state != PROJECTING_CHANGES && p->state != PROJECTING_HELD)
		return 0;
	return await_node(p, check_mark(p, err), err);
}

static int write_first(struct projector *p, const struct directory *d, int64_t position,
		       struct error *err)
{
	struct mark seen;
	int rc = index_read_mark(p->index, KEYS_DIRECTORY, &seen, err);

	if (!rc)
		rc = index_check_mark(p->index, &seen, err);
	if (rc)
		return rc;
	if (!p->damaged && seen.state == MARK_READY && seen.applied == position)
		rc = claim_mark(p, &seen, MARK_READY, position, err);
	else
		rc = write_all(p, d, position, &seen, err);
	if (rc)
		return rc;
	p->state = PROJECTING_CHANGES;
	p->damaged = false;
	return projector_check(p, err); /* until the mark is stamped, no answer rests on it */
}

/* A mark of another deployment is for a person to remove; we look again from time to time. */
static void wait_for_person(struct projector *p, const struct error *why)
{
	log_warn("the directory is not projected: %s", why->text);
	p->retry_ms = clock_monotonic_ms() + FOREIGN_RETRY_MS;
}

void projector_distrust(struct projector *p, const struct error *why)
{
	int64_t now_ms = clock_monotonic_ms();
	struct error err = { 0 };
	int64_t pause_ms;

	if (p->state == PROJECTING_NOT)
		return;
	pause_ms = damages_note(&p->damages, now_ms);
	log_warn("the directory is damaged in Redis: %s; projecting it anew in %lld s", why->text,
		 (long long)pause_ms / 1000);
	if (index_distrust(p->index, KEYS_DIRECTORY, &p->mark, &err))
		log_warn("the directory's mark cannot be made `rebuilding` yet: %s", err.text);
	forget_changes(p);
	p->damaged = true;
	p->retry_ms = now_ms + pause_ms;
}

/*
 * An answer was lost. Whether the write was made or not, making it (again) leaves
 * Redis as the view is: each change says what is, not what is added. So readers
 * need not wait until everything is projected anew.
 */
static int write_again(struct projector *p, int64_t position, struct error *err)
{
	struct mark seen;
	int rc = index_read_mark(p->index, KEYS_DIRECTORY, &seen, err);

	if (rc)
		return rc;
	if (!mark_equal(&seen, &p->mark) && !mark_equal(&seen, &p->tried)) {
		forget_changes(p);
		return 0;
	}
	p->mark = seen;
	p->state = PROJECTING_CHANGES;
	return write_changes(p, MARK_READY, position, err);
}

/* A write has failed. What is pending is kept while it is known what it rests on. */
static void note_failure(struct projector *p, int rc)
{
	if (projector_changes(p) && (rc == ERROR_UNAVAILABLE || rc == ERROR_NODE) &&
	    projector_size(p) <= UNSURE_BYTES)
		p->state = PROJECTING_UNSURE;
	else
		forget_changes(p);
}

int projector_write(struct projector *p, const struct directory *d, int64_t position,
		    struct error *err)
{
	int rc = 0;

	if (must_wait(p))
		return 0;
	if (p->state == PROJECTING_UNSURE)
		rc = write_again(p, position, err);
	else if (projector_lags(p, position))
		rc = write_changes(p, MARK_READY, position, err);
	if (!rc && (p->state == PROJECTING_UNKNOWN || p->state == PROJECTING_HELD))
		rc = write_first(p, d, position, err);
	if (rc)
		note_failure(p, rc);
	if (rc == ERROR_DAMAGED)
		projector_distrust(p, err);
	else if (rc == ERROR_REFUSED)
		wait_for_person(p, err);
	rc = await_node(p, rc, err);
	/* FENCED: another process has claimed the mark, or Redis went back to older data. */
	return rc == ERROR_DAMAGED || rc == ERROR_REFUSED || rc == ERROR_FENCED ? 0 : rc;
}

/* A pass begins anew when the directory has changed, because its entities may have gone. */
static bool may_compare(struct projector *p, int64_t position)
{
	int64_t now_ms = clock_monotonic_ms();

	if (p->state != PROJECTING_CHANGES || projector_lags(p, position)) {
		p->comparing.running = false;
		return false;
	}
	if (!p->comparing.running && now_ms < p->comparing.begin_ms)
		return false;
	if (!p->comparing.running || p->comparing.position != position) {
		p->comparing.at = NULL;
		p->comparing.position = position;
		p->comparing.begin_ms = now_ms + COMPARE_EVERY_MS;
	}
	return true;
}

int projector_compare(struct projector *p, const struct directory *d, int64_t position, bool *more,
		      struct error *err)
{
	struct projection expected;
	int rc;

	*more = false;
	if (!may_compare(p, position))
		return 0;
	projection_init(&expected, p->index);
	*more = directory_project(d, &expected, &p->comparing.at, COMPARED_BYTES);
	p->comparing.running = *more;
	rc = compare_written(p->index, KEYS_DIRECTORY, &p->mark, &expected.pipeline, err);
	projection_done(&expected);
	if (rc == ERROR_DAMAGED)
		projector_distrust(p, err);
	if (rc == ERROR_NODE)
		p->comparing.running = false; /* what was not compared would be missed */
	rc = await_node(p, rc, err);
	/* FENCED: projector_check() will find that out, too. */
	return rc == ERROR_DAMAGED || rc == ERROR_FENCED ? 0 : rc;
}

int projector_hold(struct projector *p, struct error *err)
{
	struct mark seen;
	int rc;

	if (p->state == PROJECTING_NOT || p->state == PROJECTING_HELD)
		return 0;
	if (must_wait(p))
		return 0;
	projection_clear(&p->changes);
	rc = index_read_mark(p->index, KEYS_DIRECTORY, &seen, err);
	if (!rc)
		rc = index_check_mark(p->index, &seen, err);
	if (!rc)
		rc = claim_mark(p, &seen, MARK_REBUILDING, seen.applied, err);
	p->state = rc ? PROJECTING_UNKNOWN : PROJECTING_HELD;
	if (rc == ERROR_REFUSED)
		wait_for_person(p, err);
	rc = await_node(p, rc, err);
	return rc == ERROR_REFUSED || rc == ERROR_FENCED ? 0 : rc;
}
