#include "consumer/rebuild.h"

#include "cache/clearing.h"
#include "consumer/damage.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"
#include "schemas/ranges.h"
#include "schemas/topics.h"

#include <assert.h>
#include <stdlib.h>

enum {
	BATCH_MAX = 1000, /* workspaces written in one transaction */
	BATCH_MAX_BYTES = 512 * 1024,
	STEP_MAX = 10000, /* records read in one step */
	LATEST_BYTES = 16 * 1024 * 1024,
	LOG_EVERY_MS = 1000,
};

enum rebuild_phase {
	REBUILD_NONE,     /* no partition is REBUILDING */
	REBUILD_CLEARING, /* what Redis holds of them is being deleted */
	REBUILD_LOADING,  /* their changelog is being read */
	REBUILD_BROKEN,   /* one of them has changed hands, or Redis has: start again */
};

struct rebuild {
	struct rebuild_options options;
	enum rebuild_phase phase;
	struct partition **parts;   /* one slot for each partition; the first `count` are used */
	struct clearing *clearings; /* parallel to parts */
	size_t count;
	bool told;             /* the log tells which they are */
	uint64_t cursor;       /* of clearing */
	unsigned connection;   /* to Redis, on which the rebuild began */
	struct latest *latest; /* what has been read and is not yet written */
	struct restorer restorer;
	bool waiting;      /* while LOADING: all that has arrived of the changelog is read */
	int64_t logged_ms; /* when its progress was last logged; monotonic */
};

struct rebuild *rebuild_new(const struct rebuild_options *o)
{
	struct rebuild *r = memory_zalloc(1, sizeof(*r));
	size_t max = (size_t)o->partitions->count;

	r->options = *o;
	r->parts = memory_zalloc(max, sizeof(struct partition *));
	r->clearings = memory_zalloc(max, sizeof(*r->clearings));
	return r;
}

/* Also frees the memory: rebuilds are too rare to keep it. */
static void end_rebuild(struct rebuild *r)
{
	if (r->phase == REBUILD_NONE)
		return;
	for (size_t i = 0; i < r->count; i++)
		pipeline_done(&r->clearings[i].body);
	latest_free(&r->latest);
	restorer_done(&r->restorer);
	r->phase = REBUILD_NONE;
	r->count = 0;
	r->cursor = 0;
}

void rebuild_free(struct rebuild **rp)
{
	struct rebuild *r = *rp;

	if (!r)
		return;
	end_rebuild(r);
	free((void *)r->parts);
	free(r->clearings);
	free(r);
	*rp = NULL;
}

/* ---- which partitions ---- */

static void begin_rebuild(struct rebuild *r)
{
	const struct rebuild_options *o = &r->options;

	r->connection = index_connection(o->index);
	r->latest = latest_new(LATEST_BYTES);
	restorer_init(&r->restorer, o->codec, o->index, o->workspaces);
	r->waiting = r->told = false;
	r->phase = REBUILD_CLEARING;
}

void rebuild_add(struct rebuild *r, struct partition *part)
{
	assert(r->phase == REBUILD_NONE || (r->phase == REBUILD_CLEARING && !r->cursor));
	assert(part->state == PARTITION_CLAIMING && part->mark.state == MARK_REBUILDING);
	assert(r->count < (size_t)r->options.partitions->count);
	if (r->phase == REBUILD_NONE)
		begin_rebuild(r);
	r->parts[r->count] = part;
	r->clearings[r->count++] = (struct clearing){ .partition = part->id, .ours = &part->mark };
	part->progress = (struct progress){ .applied = COMMITTED_NONE };
	partition_become(part, PARTITION_REBUILDING);
}

bool rebuild_is_active(const struct rebuild *r)
{
	return r->phase != REBUILD_NONE;
}

void rebuild_break(struct rebuild *r)
{
	assert(r->phase != REBUILD_NONE);
	r->phase = REBUILD_BROKEN;
}

/*
 * Sends all partitions back to recovery. partition_become() calls the watcher,
 * which calls rebuild_break(): so the phase is BROKEN until end_rebuild(),
 * which comes last, makes it NONE.
 */
static void abandon_rebuild(struct rebuild *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->parts[i]->state == PARTITION_REBUILDING)
			partition_become(r->parts[i], PARTITION_CLAIMING);
	end_rebuild(r);
}

/*
 * Abandons the rebuild because what it has written is damaged already: somebody
 * else writes there. Which of the partitions it is, an error does not say.
 */
static void give_up_damaged(struct rebuild *r, const struct error *why, const struct now *now)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->parts[i]->state == PARTITION_REBUILDING)
			damage_found(r->options.index, r->parts[i], why, now->monotonic_ms);
	abandon_rebuild(r);
}

/* ---- clearing ---- */

static void log_begin(struct rebuild *r)
{
	bool marked[PARTITIONS_MAX] = { false };
	char names[RANGES_SHORT_SIZE];

	if (r->told)
		return;
	r->told = true;
	for (size_t i = 0; i < r->count; i++)
		marked[r->parts[i]->id] = true;
	(void)ranges_format(names, sizeof(names), marked, r->options.partitions->count);
	log_info("%s: Redis has lost data; rebuilding it from %s", names, topic_name(TOPIC_GRANTS));
}

static int clear_partitions(struct rebuild *r, struct error *err)
{
	const struct rebuild_options *o = &r->options;
	int partitions[PARTITIONS_MAX];
	int rc;

	log_begin(r);
	rc = clearing_step(o->index, r->clearings, r->count, &r->cursor, err);
	if (rc || r->cursor)
		return rc;
	for (size_t i = 0; i < r->count; i++)
		partitions[i] = r->clearings[i].partition;
	r->phase = REBUILD_LOADING;
	return changelog_begin(o->changelog, partitions, r->count, CHANGELOG_WHOLE, err);
}

/* ---- loading ---- */

static void note_message(struct rebuild *r, const struct message *m)
{
	struct latest_entry state = { .partition = m->partition,
				      .offset = m->offset,
				      .value = m->value };

	if (changelog_is_progress(m))
		progress_note(r->options.progress, m,
			      &partitions_get(r->options.partitions, m->partition)->progress);
	else if (!m->value.data && bytes_equal_text(m->key, BUS_ORPHAN_KEY))
		return;
	else if (uuid_parse(&state.id, m->key))
		restore_pass_over(m->partition, m->offset, "its key is not an id");
	else
		latest_put(r->latest, &state);
}

/* Reads up to STEP_MAX records, or until `latest` is full. Returns the last step, or an error. */
static int read_changelog(struct rebuild *r, struct error *err)
{
	struct message m;
	int step = CHANGELOG_RECORD;

	for (int i = 0; i < STEP_MAX && !latest_is_full(r->latest); i++) {
		step = changelog_next(r->options.changelog, 0, &m, err);
		if (step != CHANGELOG_RECORD)
			break;
		note_message(r, &m);
		message_done(&m);
	}
	r->waiting = step == CHANGELOG_LATER;
	return step;
}

/*
 * A partition whose changelog cannot be read is set aside. That breaks the rebuild,
 * which begins again without it.
 */
static int write_latest(struct rebuild *r, const struct now *now, struct error *err)
{
	const struct latest_entry *entries[BATCH_MAX];
	size_t count;
	int rc = 0;

	latest_sort(r->latest);
	while (!rc && r->phase == REBUILD_LOADING &&
	       (count = latest_portion(r->latest, BATCH_MAX, BATCH_MAX_BYTES, entries)) > 0) {
		int partition = entries[0]->partition;
		struct partition *part = &r->options.partitions->list[partition];

		rc = restore_batch(&r->restorer, part, entries, count,
				   changelog_reach(r->options.changelog, partition), err);
		if (rc == ERROR_REFUSED) {
			partition_set_aside(part, err, now->monotonic_ms);
			rc = 0;
		}
		latest_drop(r->latest, count);
	}
	return rc;
}

static struct changelog_reach reach_of_all(const struct rebuild *r)
{
	struct changelog_reach all = { 0 };

	for (size_t i = 0; i < r->count; i++) {
		struct changelog_reach one = changelog_reach(r->options.changelog, r->parts[i]->id);

		all.loaded += one.loaded;
		all.goal += one.goal;
	}
	return all;
}

static void log_progress(struct rebuild *r, const struct now *now)
{
	struct changelog_reach all;

	if (now->monotonic_ms - r->logged_ms < LOG_EVERY_MS)
		return;
	r->logged_ms = now->monotonic_ms;
	all = reach_of_all(r);
	log_info("rebuilding %zu partitions: %lld of %lld offsets of %s", r->count,
		 (long long)all.loaded, (long long)all.goal, topic_name(TOPIC_GRANTS));
}

/* Has the changelog told as much as is committed? */
static bool has_progress(const struct partition *part)
{
	const struct progress *p = &part->progress;

	return p->applied != COMMITTED_NONE &&
	       (p->log != part->mark.log ? p->log > part->mark.log
					 : p->applied >= part->mark.applied);
}

/*
 * Writes the mark `ready`. A transaction commits the group's offset and a Progress
 * together: so a changelog that ends with less Progress than is committed was not
 * read completely, unless its end is what is gone.
 */
static int finish_partition(struct rebuild *r, struct partition *part, struct error *err)
{
	struct pipeline *body = &r->restorer.apply.pipeline;
	const struct mark seen = part->mark;

	if (part->mark.applied > 0 && !has_progress(part) && !r->options.accept_lost_grants)
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s partition %d ends at progress %lld, but %lld is committed: "
				 "reading it again",
				 topic_name(TOPIC_GRANTS), part->id,
				 (long long)part->progress.applied, (long long)part->mark.applied);
	pipeline_clear(body);
	mark_append_loaded(body, index_keys(r->options.index, part->id));
	part->mark.state = MARK_READY;
	return index_write(r->options.index, part->id, &seen, &part->mark, body, err);
}

/* Sets aside the partitions whose changelog could not be read; the others stay in the list. */
static void drop_unreadable(struct rebuild *r, const struct now *now)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++) {
		struct partition *part = r->parts[i];
		const struct error *why = changelog_trouble(r->options.changelog, part->id);

		if (why)
			partition_set_aside(part, why, now->monotonic_ms);
		else
			r->parts[kept++] = part;
	}
	for (size_t i = kept; i < r->count; i++)
		pipeline_done(&r->clearings[i].body);
	r->count = kept;
}

static int finish_all(struct rebuild *r, const struct now *now, struct error *err)
{
	int rc = 0;

	drop_unreadable(r, now);
	for (size_t i = 0; !rc && i < r->count; i++)
		rc = finish_partition(r, r->parts[i], err);
	if (!rc)
		rc = ready_make(r->options.ready, r->parts, r->count, now, err);
	if (rc)
		return rc;
	log_debug("rebuilt %zu partitions", r->count);
	end_rebuild(r);
	return 0;
}

static int load_partitions(struct rebuild *r, const struct now *now, struct error *err)
{
	int step = read_changelog(r, err);
	int rc = step < 0 ? step : 0;

	if (!rc && (step == CHANGELOG_END || latest_is_full(r->latest)))
		rc = write_latest(r, now, err);
	if (rc || r->phase != REBUILD_LOADING)
		return rc;
	log_progress(r, now);
	return step == CHANGELOG_END ? finish_all(r, now, err) : 0;
}

/* ---- all of it ---- */

int rebuild_step(struct rebuild *r, const struct now *now, struct error *err)
{
	int rc = 0;

	/* A batch does not move the mark, so only a new connection shows that Redis lost batches. */
	if (r->phase != REBUILD_NONE && r->connection != index_connection(r->options.index))
		r->phase = REBUILD_BROKEN;
	switch (r->phase) {
	case REBUILD_NONE:
		return 0;
	case REBUILD_CLEARING:
		rc = clear_partitions(r, err);
		break;
	case REBUILD_LOADING:
		rc = load_partitions(r, now, err);
		break;
	case REBUILD_BROKEN:
		abandon_rebuild(r);
		break;
	}
	if (rc == ERROR_DAMAGED) {
		give_up_damaged(r, err, now);
		return 0;
	}
	if (rc)
		abandon_rebuild(r);
	return rc;
}

int rebuild_percent(const struct rebuild *r)
{
	struct changelog_reach all;

	if (r->phase == REBUILD_NONE)
		return -1;
	if (r->phase != REBUILD_LOADING)
		return 0;
	all = reach_of_all(r);
	return all.goal ? (int)(all.loaded * 100 / all.goal) : 100;
}

int64_t rebuild_due_ms(const struct rebuild *r)
{
	if (r->phase == REBUILD_NONE || (r->phase == REBUILD_LOADING && r->waiting))
		return INT64_MAX;
	return 0;
}
