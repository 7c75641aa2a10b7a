#include "consumer/projector.h"

#include "cache/clearing.h"
#include "ops/support/log.h"

enum { PIECE_BYTES = 1024 * 1024 }; /* of one write; a single entity may be larger */

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
	pipeline_clear(&p->changes.pipeline);
}

struct projection *projector_changes(struct projector *p)
{
	return p->state == PROJECTING_CHANGES ? &p->changes : NULL;
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

/* Writes what is gathered, provided that Redis is as we left it. */
static int write_changes(struct projector *p, enum mark_state state, int64_t applied,
			 struct error *err)
{
	const struct mark seen = p->mark;

	p->mark.state = state;
	p->mark.applied = applied;
	return projection_write(p->index, &p->changes, &seen, &p->mark, err);
}

static int clear_keys(struct projector *p, struct error *err)
{
	struct clearing all = { .partition = KEYS_DIRECTORY, .ours = &p->mark };
	uint64_t cursor = 0;
	int rc = clearing_step(p->index, &all, 1, &cursor, err);

	while (!rc && cursor)
		rc = clearing_step(p->index, &all, 1, &cursor, err);
	pipeline_done(&all.body);
	return rc;
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
		log_info("projected the directory as of offset %lld", (long long)position);
	return rc;
}

int projector_check(struct projector *p, struct error *err)
{
	const int directory = KEYS_DIRECTORY;
	struct mark now;
	int rc;

	if (p->state != PROJECTING_CHANGES && p->state != PROJECTING_HELD)
		return 0;
	rc = index_read_mark(p->index, KEYS_DIRECTORY, &now, err);
	if (rc)
		return rc;
	if (mark_equal(&now, &p->mark))
		return p->state == PROJECTING_HELD
			       ? 0
			       : index_stamp(p->index, &directory, &now, 1, err);
	log_warn("the directory's mark in Redis is missing or not the one we wrote; projecting the "
		 "directory anew");
	p->state = PROJECTING_UNKNOWN;
	pipeline_clear(&p->changes.pipeline);
	return 0;
}

static int write_first(struct projector *p, const struct directory *d, int64_t position,
		       struct error *err)
{
	struct mark seen;
	int rc = index_read_mark(p->index, KEYS_DIRECTORY, &seen, err);

	if (rc)
		return rc;
	if (seen.state == MARK_READY && seen.applied == position)
		rc = claim_mark(p, &seen, MARK_READY, position, err);
	else
		rc = write_all(p, d, position, &seen, err);
	if (rc)
		return rc;
	p->state = PROJECTING_CHANGES;
	return projector_check(p, err); /* until the mark is stamped, no answer rests on it */
}

int projector_write(struct projector *p, const struct directory *d, int64_t position,
		    struct error *err)
{
	int rc = 0;

	if (p->state == PROJECTING_UNKNOWN || p->state == PROJECTING_HELD)
		rc = write_first(p, d, position, err);
	else if (projector_lags(p, position))
		rc = write_changes(p, MARK_READY, position, err);
	if (rc)
		p->state = PROJECTING_UNKNOWN;
	/* Another process has claimed the mark, or Redis went back to older data. */
	return rc == ERROR_FENCED ? 0 : rc;
}

int projector_hold(struct projector *p, struct error *err)
{
	struct mark seen;
	int rc;

	if (p->state == PROJECTING_NOT || p->state == PROJECTING_HELD)
		return 0;
	pipeline_clear(&p->changes.pipeline);
	rc = index_read_mark(p->index, KEYS_DIRECTORY, &seen, err);
	if (!rc)
		rc = claim_mark(p, &seen, MARK_REBUILDING, seen.applied, err);
	p->state = rc ? PROJECTING_UNKNOWN : PROJECTING_HELD;
	return rc == ERROR_FENCED ? 0 : rc;
}
