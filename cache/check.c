#include "cache/check.h"

#include "cache/layout.h"
#include "cache/redis.h"

#include <hiredis/hiredis.h>

enum {
	PIECE_MAX = 1000,     /* questions of one pipeline */
	PIECE_FIELDS = 20000, /* fields that they ask for, about half a megabyte */
	HEADER_FIELDS =
		2, /* the version shows that there is a workspace, should the header be lost */
	STEADY_TRIES = 100, /* each takes a few round trips; the directory changes once in many */
};

int check_steadily(int (*step)(void *context, struct error *err), void *context, struct error *err)
{
	int rc = PEOPLE_MOVED;

	for (int i = 0; i < STEADY_TRIES && rc == PEOPLE_MOVED; i++)
		rc = step(context, err);
	return rc == PEOPLE_MOVED ? error_set(err, ERROR_UNAVAILABLE,
					      "the directory changes faster than it can be read; "
					      "try again shortly")
				  : rc;
}

/* The questions of one pipeline. */
struct piece {
	struct reader *reader;
	struct people *people;
	const struct check *questions;
	size_t count;
	struct arena arena; /* the grants that one try reads */
	struct access *out; /* of each question, as are the following */
	struct uuid *users;
	const struct person **persons;
	int *partitions;              /* of the workspaces */
	struct workspace *workspaces; /* only with the fields that the answer needs */
};

/* ---- asking ---- */

/* How many subjects the user is or belongs to: the user, groups, Everyone groups. */
static size_t count_subjects(const struct person *who)
{
	return who->user ? 1 + who->group_count + who->user->organization_count : 0;
}

/* The i-th of these subjects. */
static struct subject subject_at(const struct person *who, size_t i)
{
	if (i == 0)
		return (struct subject){ SUBJECT_USER, who->user->id };
	i--;
	return (struct subject){ SUBJECT_GROUP,
				 i < who->group_count
					 ? who->groups[i]
					 : who->user->organizations[i - who->group_count].id };
}

static void ask_workspace(struct piece *c, struct pipeline *p, size_t i)
{
	const struct uuid *id = &c->questions[i].workspace_id;
	int partition = c->partitions[i];
	size_t count = count_subjects(c->persons[i]);

	pipeline_command(p, 2 + HEADER_FIELDS + count);
	pipeline_text(p, "HMGET");
	pipeline_key(p, reader_keys(c->reader, partition), "ws:", id);
	pipeline_text(p, LAYOUT_HEADER);
	pipeline_text(p, LAYOUT_VERSION);
	for (size_t f = 0; f < count; f++) {
		const struct subject s = subject_at(c->persons[i], f);
		uint8_t field[SUBJECT_FIELD_SIZE];

		layout_subject_field(field, &s);
		pipeline_bytes(p, (struct bytes){ field, sizeof(field) });
	}
	reader_touch(c->reader, partition);
}

static int ask_workspaces(struct piece *c, struct error *err)
{
	struct pipeline *p = reader_begin(c->reader);

	for (size_t i = 0; i < c->count; i++)
		ask_workspace(c, p, i);
	return reader_ask(c->reader, err);
}

/* ---- the replies ---- */

static bool take_grants(struct piece *c, size_t i, const redisReply *reply, struct workspace *w)
{
	size_t count = reply->elements - HEADER_FIELDS;
	size_t found = 0;

	for (size_t f = 0; f < count; f++)
		found += reply_bytes(reply->element[HEADER_FIELDS + f]).data != NULL;
	w->grants = arena_alloc(&c->arena, (found + 1) * sizeof(*w->grants));
	for (size_t f = 0; f < count; f++) {
		struct bytes value = reply_bytes(reply->element[HEADER_FIELDS + f]);
		uint8_t field[SUBJECT_FIELD_SIZE];
		struct subject s;

		if (!value.data)
			continue;
		s = subject_at(c->persons[i], f);
		layout_subject_field(field, &s);
		if (!layout_parse_grant(&w->grants[w->grant_count++], &w->owner_id,
					(struct bytes){ field, sizeof(field) }, value))
			return false;
	}
	return true;
}

static int take_workspace(struct piece *c, size_t i, struct error *err)
{
	const struct check *q = &c->questions[i];
	const redisReply *reply = reader_reply(c->reader, i);
	struct workspace *w = &c->workspaces[i];
	struct bytes header = reply_bytes(reply->element[0]);
	bool registered = header.data || reply_bytes(reply->element[1]).data;

	*w = (struct workspace){ .id = q->workspace_id, .registered = registered };
	if (!w->registered || (layout_parse_header(w, header) && take_grants(c, i, reply, w)))
		return 0;
	return reader_fail_broken(c->reader, &w->id, err);
}

/* ---- one piece ---- */

/* How many of the questions, from the first on, make a pipeline of bounded size. */
static size_t count_fitting(const struct piece *c)
{
	size_t fields = 0;
	size_t n = 0;

	while (n < c->count && (n == 0 || fields < PIECE_FIELDS))
		fields += HEADER_FIELDS + count_subjects(c->persons[n++]);
	return n;
}

/*
 * A step of check_steadily(): learns the users of c->count questions, and answers those that go
 * into one pipeline; c->count is then how many.
 */
static int try_piece(void *context, struct error *err)
{
	struct piece *c = context;
	int rc = people_learn_users(c->people, c->reader, c->users, c->count, err);

	arena_reset(&c->arena);
	if (rc)
		return rc;
	for (size_t i = 0; i < c->count; i++)
		c->persons[i] = people_find(c->people, &c->users[i]);
	c->count = count_fitting(c);
	rc = ask_workspaces(c, err);
	for (size_t i = 0; !rc && i < c->count; i++)
		rc = take_workspace(c, i, err);
	if (!rc)
		rc = people_learn_workspaces(c->people, c->reader, c->workspaces, c->count, err);
	for (size_t i = 0; !rc && i < c->count; i++) {
		const struct workspace *w = &c->workspaces[i];
		struct access_facts facts;

		people_facts(c->people, c->persons[i], w,
			     reader_partition_time(c->reader, c->partitions[i]), &facts);
		c->out[i] = access_check(&facts, c->questions[i].action);
	}
	return rc;
}

int check_many(const struct checker *c, const struct check *questions, size_t count,
	       struct access *out, struct error *err)
{
	struct piece piece = { .reader = c->reader, .people = c->people };
	struct access *answers = arena_alloc(c->arena, (count + 1) * sizeof(*answers));
	size_t room = count < PIECE_MAX ? count : PIECE_MAX;
	int rc = 0;

	piece.users = arena_alloc(c->arena, (room + 1) * sizeof(*piece.users));
	piece.persons = arena_alloc(c->arena, (room + 1) * sizeof(struct person *));
	piece.partitions = arena_alloc(c->arena, (room + 1) * sizeof(*piece.partitions));
	piece.workspaces = arena_alloc(c->arena, (room + 1) * sizeof(*piece.workspaces));
	arena_init(&piece.arena);
	for (size_t at = 0; !rc && at < count; at += piece.count) {
		piece.questions = questions + at;
		piece.out = answers + at;
		piece.count = count - at < PIECE_MAX ? count - at : PIECE_MAX;
		for (size_t i = 0; i < piece.count; i++) {
			const struct check *q = &piece.questions[i];

			piece.users[i] = q->user_id;
			piece.partitions[i] = reader_partition(c->reader, &q->workspace_id);
		}
		rc = check_steadily(try_piece, &piece, err);
	}
	arena_done(&piece.arena);
	if (!rc && count)
		memcpy(out, answers, count * sizeof(*out));
	return rc;
}
