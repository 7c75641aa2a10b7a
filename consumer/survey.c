#include "consumer/survey.h"

#include "ops/support/log.h"
#include "schemas/topics.h"

enum { REACH_WAIT_MS = 1000 };

void survey_done(struct survey *s)
{
	arena_done(&s->arena);
}

static void add_if_gone(const struct survey *s, struct reaping *r, const struct subject *subject)
{
	if (directory_lacks(follower_directory(s->follower), subject))
		reaping_add_gone(r, subject);
}

/* ---- deleted while we follow ---- */

/* Partitions that have not caught up need not know, because they will be surveyed. */
static void note_gone(struct survey *s, const struct uuid *id)
{
	const struct subject user = { SUBJECT_USER, *id };
	const struct subject group = { SUBJECT_GROUP, *id };

	for (int i = 0; i < s->reapings->count; i++) {
		struct reaping *r = &s->reapings->list[i];

		if (!reaping_is_current(r) || !r->caught_up)
			continue;
		add_if_gone(s, r, &user);
		add_if_gone(s, r, &group);
	}
}

void survey_collect_gone(struct survey *s)
{
	struct uuid id;

	while (follower_next_gone(s->follower, &id))
		note_gone(s, &id);
	if (!follower_missed_gone(s->follower))
		return;
	for (int i = 0; i < s->reapings->count; i++)
		s->reapings->list[i].survey = SURVEY_WANTED;
}

/* ---- deleted before ---- */

/* Partitions that have become ours together get one survey, which waits for those that lag. */
static bool is_wanted(const struct survey *s)
{
	bool wanted = false;

	for (int i = 0; i < s->reapings->count; i++) {
		const struct reaping *r = &s->reapings->list[i];

		if (r->part->state != PARTITION_READY)
			continue;
		if (!reaping_is_current(r) || !r->caught_up)
			return false;
		wanted = wanted || r->survey == SURVEY_WANTED;
	}
	return wanted;
}

/*
 * Subjects that are not in the directory count as deleted. So the view must have
 * all of the topic first; and a directory without any users is not believed,
 * because it was lost or has yet to be filled, and all grants would be removed.
 */
static bool is_directory_believable(struct survey *s)
{
	struct error err = { 0 };

	if (follower_reach(s->follower, INT64_MAX, REACH_WAIT_MS, &err)) {
		log_warn("%s; deleted users and groups are looked for later", err.text);
		return false;
	}
	if (directory_has_users(follower_directory(s->follower))) {
		s->warned_empty = false;
		return true;
	}
	if (!s->warned_empty)
		log_warn("the directory has no users: no grant is removed for lack of its user; "
			 "fill or restore %s",
			 topic_name(TOPIC_DIRECTORY));
	s->warned_empty = true;
	return false;
}

static void begin_survey(struct survey *s, const struct now *now)
{
	bool believable;

	if (now->monotonic_ms < s->retry_ms || !is_wanted(s))
		return;
	believable = is_directory_believable(s);
	s->retry_ms = clock_monotonic_ms() + LOOK_EVERY_MS; /* asking in vain takes long */
	if (!believable)
		return;
	s->running = true;
	s->cursor = 0;
	s->connection = index_connection(s->index);
	for (int i = 0; i < s->reapings->count; i++) {
		struct reaping *r = &s->reapings->list[i];

		if (reaping_is_current(r) && r->survey == SURVEY_WANTED)
			r->survey = SURVEY_RUNNING;
	}
}

static void end_survey(struct survey *s, enum survey_state result)
{
	s->running = false;
	for (int i = 0; i < s->reapings->count; i++)
		if (s->reapings->list[i].survey == SURVEY_RUNNING)
			s->reapings->list[i].survey = result;
}

/* Is there room for the gone subjects that a step may find? */
static bool has_room(const struct survey *s)
{
	for (int i = 0; i < s->reapings->count; i++)
		if (s->reapings->list[i].survey == SURVEY_RUNNING &&
		    reaping_gone_count(&s->reapings->list[i]) > GONE_MAX / 2)
			return false;
	return true;
}

/*
 * Sets *ours: has the survey seen all subjects? It has if the marks are ours at
 * its end and the connection is the one on which it began. The marks alone do
 * not prove it: Redis may lose everything and be restored unnoticed during the
 * scan; only the new connection shows it.
 */
static int check_marks(const struct survey *s, bool *ours, struct error *err)
{
	int rc = 0;

	*ours = true;
	for (int i = 0; !rc && *ours && i < s->reapings->count; i++) {
		const struct reaping *r = &s->reapings->list[i];
		struct mark mark;

		if (r->survey != SURVEY_RUNNING)
			continue;
		rc = index_read_mark(s->index, i, &mark, err);
		*ours = !rc && mark_equal(&mark, &r->part->mark);
	}
	*ours = *ours && s->connection == index_connection(s->index);
	return rc;
}

static void note_holder(const struct survey *s, const struct holder *h)
{
	struct reaping *r;

	if (h->partition >= s->reapings->count) /* a foreign key */
		return;
	r = &s->reapings->list[h->partition];
	if (reaping_is_current(r) && r->survey == SURVEY_RUNNING)
		add_if_gone(s, r, &h->subject);
}

static int scan_subjects(struct survey *s, struct error *err)
{
	struct holder_list found = { .arena = &s->arena };
	bool ours;
	int rc;

	arena_reset(&s->arena);
	rc = stale_scan(s->index, &s->cursor, &found, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < found.count; i++)
		note_holder(s, &found.list[i]);
	if (s->cursor)
		return 0;
	rc = check_marks(s, &ours, err);
	if (!rc)
		end_survey(s, ours ? SURVEY_DONE : SURVEY_WANTED);
	return rc;
}

int survey_step(struct survey *s, const struct now *now, struct error *err)
{
	/* A cursor means nothing to another Redis, or to one that came back. */
	if (s->running && s->connection != index_connection(s->index))
		end_survey(s, SURVEY_WANTED);
	if (!s->running)
		begin_survey(s, now);
	return s->running && has_room(s) ? scan_subjects(s, err) : 0;
}

int64_t survey_due_ms(const struct survey *s)
{
	if (s->running)
		return has_room(s) ? 0 : INT64_MAX;
	return is_wanted(s) ? s->retry_ms : INT64_MAX;
}
