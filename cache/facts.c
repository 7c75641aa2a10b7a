#include "cache/facts.h"

#include "cache/directory.h"
#include "cache/layout.h"
#include "cache/redis.h"
#include "ops/support/memory.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

enum {
	PIECE = 1000, /* commands in one pipeline */
	/* Members in the replies to one pipeline, about 1 MB; more only if one group has more. */
	PIECE_MEMBERS = 50000,
};

static size_t lesser_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- names ---- */

static void ask_name(struct reader *r, struct pipeline *p, int partition, const char *kind,
		     const struct child_name *name)
{
	bearers_ask(p, reader_keys(r, partition), kind, &name->parent, name->name);
	reader_touch(r, partition);
}

static int ask_groups(struct reader *r, const struct child_name *names, size_t count,
		      struct bearers *out, struct error *err)
{
	struct pipeline *p = reader_begin(r);
	int rc;

	for (size_t i = 0; i < count; i++)
		ask_name(r, p, KEYS_DIRECTORY, "groupnames:", &names[i]);
	rc = reader_ask(r, err);
	for (size_t i = 0; !rc && i < count; i++)
		if (!bearers_take(&out[i], reader_reply(r, i)))
			rc = reader_fail_damaged(r, KEYS_DIRECTORY, "groupnames:", err);
	return rc;
}

/* Asks every partition: which one has a workspace follows from its id, which is not known yet. */
static int ask_owned(struct reader *r, const struct child_name *names, size_t count,
		     struct bearers *out, struct error *err)
{
	int partitions = reader_deployment(r)->partitions;
	struct pipeline *p = reader_begin(r);
	size_t reply = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		for (int partition = 0; partition < partitions; partition++)
			ask_name(r, p, partition, "o:", &names[i]);
	rc = reader_ask(r, err);
	for (size_t i = 0; !rc && i < count; i++)
		for (int partition = 0; partition < partitions; partition++, reply++)
			if (!rc && !bearers_take(&out[i], reader_reply(r, reply)))
				rc = reader_fail_damaged(r, partition, "o:", err);
	return rc;
}

/* How to ask for the bearers of names, and for how many of them in one pipeline. */
struct id_question {
	int (*ask)(struct reader *r, const struct child_name *names, size_t count,
		   struct bearers *out,
		   struct error *err); /* adds to out, which are empty before */
	size_t max;
};

static int ask_in_pieces(struct reader *r, const struct id_question *q,
			 const struct child_name *names, size_t count, struct bearers *out,
			 struct error *err)
{
	struct bearers *found = memory_zalloc(count + 1, sizeof(*found));
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += q->max)
		rc = q->ask(r, names + from, lesser_of(count - from, q->max), found + from, err);
	if (!rc && count)
		memcpy(out, found, count * sizeof(*out));
	free(found);
	return rc;
}

int facts_group_ids(struct reader *r, const struct child_name *names, size_t count,
		    struct bearers *out, struct error *err)
{
	return ask_in_pieces(r, &(struct id_question){ ask_groups, PIECE }, names, count, out, err);
}

int facts_workspace_ids(struct reader *r, const struct child_name *names, size_t count,
			struct bearers *out, struct error *err)
{
	size_t partitions = (size_t)reader_deployment(r)->partitions;
	const struct id_question q = { ask_owned, partitions < PIECE ? PIECE / partitions : 1 };

	return ask_in_pieces(r, &q, names, count, out, err);
}

/* ---- groups ---- */

/* The members of one group. At first only `count` is set, from SCARD. */
struct members {
	struct uuid *list;
	size_t count;
};

static int ask_sets(struct reader *r, const char *verb, const struct group_changed *groups,
		    size_t count, struct error *err)
{
	struct pipeline *p = reader_begin(r);

	for (size_t i = 0; i < count; i++) {
		pipeline_command(p, 2);
		pipeline_text(p, verb);
		pipeline_key(p, reader_keys(r, KEYS_DIRECTORY), "members:", &groups[i].id);
	}
	return reader_ask(r, err);
}

static int count_members(struct reader *r, const struct group_changed *groups, size_t count,
			 struct members *out, struct error *err)
{
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = lesser_of(count - from, PIECE);

		rc = ask_sets(r, "SCARD", groups + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			out[from + i].count = (size_t)reply_number(reader_reply(r, i), 0);
	}
	return rc;
}

/* How many groups from here on go into one pipeline. */
static size_t members_piece(const struct members *counted, size_t count)
{
	size_t members = 0;
	size_t n = 0;

	while (n < count && n < PIECE && (!n || members + counted[n].count <= PIECE_MEMBERS))
		members += counted[n++].count;
	return n;
}

/* False when one of them is no id. */
static bool take_members(struct members *out, const redisReply *set, struct arena *arena)
{
	out->count = 0;
	out->list = arena_alloc(arena, (set->elements + 1) * sizeof(*out->list));
	for (size_t i = 0; i < set->elements; i++)
		if (!uuid_from_raw(&out->list[out->count++], reply_bytes(set->element[i])))
			return false;
	qsort(out->list, out->count, sizeof(*out->list), uuid_compare);
	return true;
}

int facts_members(struct reader *r, struct group_changed *groups, size_t count, struct arena *arena,
		  struct error *err)
{
	struct members *found = arena_zalloc(arena, count + 1, sizeof(*found));
	int rc = count_members(r, groups, count, found, err);
	size_t piece;

	for (size_t from = 0; !rc && from < count; from += piece) {
		piece = members_piece(found + from, count - from);
		rc = ask_sets(r, "SMEMBERS", groups + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			if (!take_members(&found[from + i], reader_reply(r, i), arena))
				rc = reader_fail_damaged(r, KEYS_DIRECTORY, "members:", err);
	}
	for (size_t i = 0; !rc && i < count; i++) {
		groups[i].members = found[i].list;
		groups[i].member_count = found[i].count;
	}
	return rc;
}

/* ---- workspaces ---- */

static int ask_headers(struct reader *r, const struct uuid *ids, size_t count, struct error *err)
{
	struct pipeline *p = reader_begin(r);

	for (size_t i = 0; i < count; i++) {
		int partition = reader_partition(r, &ids[i]);

		pipeline_command(p, 4);
		pipeline_text(p, "HMGET");
		pipeline_key(p, reader_keys(r, partition), "ws:", &ids[i]);
		pipeline_text(p, LAYOUT_HEADER);
		pipeline_text(p, LAYOUT_NAME);
		reader_touch(r, partition);
	}
	return reader_ask(r, err);
}

/* False when it cannot be read. */
static bool take_header(struct workspace_changed *out, const struct uuid *id,
			const redisReply *fields, struct arena *arena)
{
	struct workspace w = { .id = *id };

	*out = (struct workspace_changed){ .workspace_id = *id, .changed_at = ABSENT };
	if (!reply_bytes(fields->element[0]).data && !reply_bytes(fields->element[1]).data)
		return true; /* it is not registered */
	if (!layout_parse_header(&w, reply_bytes(fields->element[0])) ||
	    !reply_bytes(fields->element[1]).data)
		return false;
	out->organization_id = w.organization_id;
	out->owner_id = w.owner_id;
	out->status = w.status;
	out->name = arena_copy(arena, reply_bytes(fields->element[1]));
	return true;
}

int facts_workspaces(struct reader *r, const struct uuid *ids, size_t count, struct arena *arena,
		     struct workspace_changed *out, struct error *err)
{
	struct workspace_changed *found = arena_alloc(arena, (count + 1) * sizeof(*found));
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = lesser_of(count - from, PIECE);

		rc = ask_headers(r, ids + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			if (!take_header(&found[from + i], &ids[from + i], reader_reply(r, i),
					 arena))
				rc = reader_fail_broken(r, &ids[from + i], err);
	}
	if (!rc && count)
		memcpy(out, found, count * sizeof(*out));
	return rc;
}

/* ---- what is shadowed ---- */

int facts_shadowed(struct reader *r, struct arena *arena, struct uuid_list *out, struct error *err)
{
	struct pipeline *p = reader_begin(r);
	struct members found;
	int rc;

	pipeline_command(p, 2);
	pipeline_text(p, "SMEMBERS");
	pipeline_key(p, reader_keys(r, KEYS_DIRECTORY), "shadowed", NULL);
	rc = reader_ask(r, err);
	if (rc)
		return rc;
	take_members(&found, reader_reply(r, 0), arena);
	*out = (struct uuid_list){ found.list, found.count };
	return 0;
}

/* ---- the deployment ---- */

int facts_deployment(struct reader *r, struct deployment_changed *out, struct error *err)
{
	struct pipeline *p = reader_begin(r);
	int rc;

	pipeline_command(p, 3);
	pipeline_text(p, "HGET");
	pipeline_key(p, reader_keys(r, KEYS_DIRECTORY), "deployment", NULL);
	pipeline_text(p, "sharing_enabled");
	rc = reader_ask(r, err);
	if (!rc) {
		struct bytes enabled = reply_bytes(reader_reply(r, 0));

		out->sharing_enabled = !enabled.data || bytes_equal_text(enabled, "1");
	}
	return rc;
}

/* ---- preferences ---- */

int facts_preferences(struct reader *r, const struct uuid *user_id, struct arena *arena,
		      struct preferences_changed *out, struct error *err)
{
	struct pipeline *p = reader_begin(r);
	struct preferences_changed found;
	int rc;

	pipeline_command(p, 2);
	pipeline_text(p, "HGETALL");
	pipeline_key(p, reader_keys(r, KEYS_DIRECTORY), "prefs:", user_id);
	rc = reader_ask(r, err);
	if (rc)
		return rc;
	if (directory_parse_preferences(&found, user_id, reader_reply(r, 0), arena) ==
	    ENTITY_DAMAGED)
		return reader_fail_damaged(r, KEYS_DIRECTORY, "prefs:", err);
	*out = found;
	return 0;
}
