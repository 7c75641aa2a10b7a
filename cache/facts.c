#include "cache/facts.h"

#include "cache/layout.h"
#include "cache/redis.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

enum {
	PIECE = 1000,          /* commands in one pipeline */
	PIECE_MEMBERS = 50000, /* and members in its replies, unless one group has more: ~1 MB */
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- names ---- */

static void ask_name(struct reader *r, struct pipeline *p, int partition, const char *kind,
		     const struct child_name *name)
{
	pipeline_command(p, 3);
	pipeline_text(p, "HGET");
	pipeline_key(p, reader_keys(r, partition), kind, &name->parent);
	pipeline_bytes(p, name->name);
	reader_touch(r, partition);
}

int facts_group_ids(struct reader *r, const struct child_name *names, size_t count,
		    struct uuid *ids, struct error *err)
{
	struct pipeline *p;
	int rc = 0;

	memset(ids, 0, count * sizeof(*ids));
	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = least(count - from, PIECE);

		p = reader_begin(r);
		for (size_t i = 0; i < piece; i++)
			ask_name(r, p, KEYS_DIRECTORY, "groupnames:", &names[from + i]);
		rc = reader_ask(r, err);
		for (size_t i = 0; !rc && i < piece; i++)
			(void)uuid_from_raw(&ids[from + i], reply_bytes(reader_reply(r, i)));
	}
	return rc;
}

/* The partition is that of the id, which is what is asked for: so each is asked. */
static int ask_owned(struct reader *r, const struct child_name *names, size_t count,
		     struct uuid *ids, struct error *err)
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
			if (uuid_is_nil(&ids[i]))
				(void)uuid_from_raw(&ids[i], reply_bytes(reader_reply(r, reply)));
	return rc;
}

int facts_workspace_ids(struct reader *r, const struct child_name *names, size_t count,
			struct uuid *ids, struct error *err)
{
	size_t partitions = (size_t)reader_deployment(r)->partitions;
	size_t max = partitions < PIECE ? PIECE / partitions : 1;
	int rc = 0;

	memset(ids, 0, count * sizeof(*ids));
	for (size_t from = 0; !rc && from < count; from += max)
		rc = ask_owned(r, names + from, least(count - from, max), ids + from, err);
	return rc;
}

/* ---- groups ---- */

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

static void take_members(struct group_changed *g, const redisReply *set, struct arena *arena)
{
	g->member_count = 0;
	g->members = arena_alloc(arena, (set->elements + 1) * sizeof(*g->members));
	for (size_t i = 0; i < set->elements; i++)
		if (uuid_from_raw(&g->members[g->member_count], reply_bytes(set->element[i])))
			g->member_count++;
	qsort(g->members, g->member_count, sizeof(*g->members), uuid_compare);
}

/* How many groups from here on make one pipeline, by the member_count that SCARD gave. */
static size_t members_piece(const struct group_changed *groups, size_t count)
{
	size_t members = 0;
	size_t n = 0;

	while (n < count && n < PIECE && (!n || members + groups[n].member_count <= PIECE_MEMBERS))
		members += groups[n++].member_count;
	return n;
}

int facts_members(struct reader *r, struct group_changed *groups, size_t count, struct arena *arena,
		  struct error *err)
{
	size_t piece;
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += piece) {
		piece = least(count - from, PIECE);
		rc = ask_sets(r, "SCARD", groups + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			groups[from + i].member_count = (size_t)reply_number(reader_reply(r, i), 0);
	}
	for (size_t from = 0; !rc && from < count; from += piece) {
		piece = members_piece(groups + from, count - from);
		rc = ask_sets(r, "SMEMBERS", groups + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			take_members(&groups[from + i], reader_reply(r, i), arena);
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

static void take_header(struct workspace_changed *out, const struct uuid *id,
			const redisReply *fields, struct arena *arena)
{
	struct workspace w = { .id = *id };

	*out = (struct workspace_changed){ .workspace_id = *id, .changed_at = ABSENT };
	if (fields->type != REDIS_REPLY_ARRAY || fields->elements != 2 ||
	    !layout_parse_header(&w, reply_bytes(fields->element[0])))
		return;
	out->organization_id = w.organization_id;
	out->owner_id = w.owner_id;
	out->status = w.status;
	out->name = arena_copy(arena, reply_bytes(fields->element[1]));
}

int facts_workspaces(struct reader *r, const struct uuid *ids, size_t count, struct arena *arena,
		     struct workspace_changed *out, struct error *err)
{
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = least(count - from, PIECE);

		rc = ask_headers(r, ids + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			take_header(&out[from + i], &ids[from + i], reader_reply(r, i), arena);
	}
	return rc;
}

int facts_deployment(struct reader *r, struct deployment_changed *out, struct error *err)
{
	struct pipeline *p = reader_begin(r);
	int rc;

	pipeline_command(p, 3);
	pipeline_text(p, "HGET");
	pipeline_key(p, reader_keys(r, KEYS_DIRECTORY), "deployment", NULL);
	pipeline_text(p, "sharing_enabled");
	rc = reader_ask(r, err);
	if (!rc)
		out->sharing_enabled = reply_number(reader_reply(r, 0), 1) != 0;
	return rc;
}
