#include "consumer/survey.h"

#include "ops/support/log.h"
#include "schemas/topics.h"

enum {
	REACH_WAIT_MS = 1000,
	MISSING_MAX = 100000, /* ids of 16 bytes; a subject may have one for each partition */
};

void survey_done(struct survey *s)
{
	arena_done(&s->arena);
	buffer_done(&s->missing);
}

static size_t missing_count(const struct survey *s)
{
	return s->missing.len / sizeof(struct uuid);
}

static void note_missing(struct survey *s, const struct uuid *id)
{
	if (missing_count(s) < MISSING_MAX)
		buffer_append(&s->missing, id, sizeof(*id));
}

/* Tells a person how many subjects of grants nobody has heard of. */
static void report_missing(struct survey *s)
{
	struct uuid *ids = (struct uuid *)(void *)s->missing.data;
	bool all = missing_count(s) < MISSING_MAX;
	size_t count = missing_count(s) ? uuid_sort(ids, missing_count(s)) : 0;

	if (count)
		log_warn("%s%zu users and groups that have grants are missing from %s: nothing "
			 "says that they are deleted, so their grants stay, and checks say no; "
			 "announce them again, or announce that they are deleted",
			 all ? "" : "at least ", count, topic_name(TOPIC_DIRECTORY));
	buffer_done(&s->missing);
}

static void add_if_gone(const struct survey *s, struct reaping *r, const struct subject *subject)
{
	if (directory_deleted(follower_directory(s->follower), subject))
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
 * The view must have all of the topic first: what was deleted in the part that it
 * has may have been created again in the rest.
 */
static bool has_whole_directory(struct survey *s)
{
	struct error err = { 0 };

	if (!follower_reach(s->follower, INT64_MAX, REACH_WAIT_MS, &err))
		return true;
	log_warn("%s; deleted users and groups are looked for later", err.text);
	return false;
}

static void begin_survey(struct survey *s, const struct now *now)
{
	bool ready;

	if (now->monotonic_ms < s->retry_ms || !is_wanted(s))
		return;
	ready = has_whole_directory(s);
	s->retry_ms = clock_monotonic_ms() + LOOK_EVERY_MS; /* asking in vain takes long */
	if (!ready)
		return;
	s->running = true;
	s->cursor = 0;
	buffer_clear(&s->missing);
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

/* Those that are surveyed and are ours still. */
static struct index_part list_surveyed(struct survey *s)
{
	size_t max = (size_t)s->reapings->count;
	int *list = arena_zalloc(&s->arena, max, sizeof(*list));
	struct index_part of = { list, 0 };

	for (int i = 0; i < s->reapings->count; i++) {
		const struct reaping *r = &s->reapings->list[i];

		if (reaping_is_current(r) && r->survey == SURVEY_RUNNING)
			list[of.count++] = i;
	}
	return of;
}

static void note_holder(struct survey *s, const struct holder *h)
{
	struct reaping *r;

	if (h->partition >= s->reapings->count) /* a foreign key */
		return;
	r = &s->reapings->list[h->partition];
	if (!reaping_is_current(r) || r->survey != SURVEY_RUNNING)
		return;
	add_if_gone(s, r, &h->subject);
	if (directory_missing(follower_directory(s->follower), &h->subject))
		note_missing(s, &h->subject.id);
}

static int scan_subjects(struct survey *s, struct error *err)
{
	struct holder_list found = { .arena = &s->arena };
	struct index_part of;
	bool ours;
	int rc;

	arena_reset(&s->arena);
	of = list_surveyed(s);
	if (!of.count) {
		end_survey(s, SURVEY_WANTED);
		return 0;
	}
	rc = stale_scan(s->index, &of, &s->cursor, &found, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < found.count; i++)
		note_holder(s, &found.list[i]);
	if (s->cursor)
		return 0;
	rc = check_marks(s, &ours, err);
	if (rc)
		return rc;
	end_survey(s, ours ? SURVEY_DONE : SURVEY_WANTED);
	if (ours)
		report_missing(s);
	return 0;
}

int survey_step(struct survey *s, const struct now *now, struct error *err)
{
	int rc;

	/* A cursor means nothing to another Redis, or to one that came back. */
	if (s->running && s->connection != index_connection(s->index))
		end_survey(s, SURVEY_WANTED);
	if (!s->running)
		begin_survey(s, now);
	if (!s->running || !has_room(s))
		return 0;
	rc = scan_subjects(s, err);
	if (rc != ERROR_NODE)
		return rc;
	/* The watch of the marks finds out whose node it is, so that it is not asked again. */
	end_survey(s, SURVEY_WANTED);
	s->retry_ms = now->monotonic_ms + LOOK_EVERY_MS;
	return 0;
}

int64_t survey_due_ms(const struct survey *s)
{
	if (s->running)
		return has_room(s) ? 0 : INT64_MAX;
	return is_wanted(s) ? s->retry_ms : INT64_MAX;
}
