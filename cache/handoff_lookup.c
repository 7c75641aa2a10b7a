#include "cache/handoff_lookup.h"

#include "cache/handoff_layout.h"
#include "cache/redis.h"

#include <hiredis/hiredis.h>

enum { PIECE = 1000 }; /* commands in one pipeline */

/* Sets the workspace from a field of a hash. False when it is none. */
typedef bool parse_fn(struct uuid *workspace_id, struct bytes field);

/* A list that grows. */
struct growing {
	struct uuid_list list;
	size_t cap;
	struct arena *arena;
};

/* Appends the workspaces in the reply to HGETALL; false when a field of it is broken. */
static bool take_workspaces(struct growing *g, const redisReply *hash, parse_fn *parse)
{
	g->list.list = arena_grow(g->arena, g->list.list, &g->cap,
				  g->list.count + hash->elements / 2 + 1, sizeof(*g->list.list));
	for (size_t i = 0; i < hash->elements; i += 2)
		if (!parse(&g->list.list[g->list.count++], reply_bytes(hash->element[i])))
			return false;
	return true;
}

/* ---- where one is ---- */

/* Each partition has its own handoffs; the id does not say which. */
int lookup_handoff(struct reader *r, const struct uuid *id, struct arena *arena,
		   struct uuid_list *out, struct error *err)
{
	int partitions = reader_deployment(r)->partitions;
	struct pipeline *p = reader_begin(r);
	struct growing found = { .arena = arena };
	int rc;

	for (int i = 0; i < partitions; i++) {
		pipeline_command(p, 2);
		pipeline_text(p, "HGETALL");
		pipeline_key(p, reader_keys(r, i), "handoff:", id);
		reader_touch(r, i);
	}
	rc = reader_ask(r, err);
	for (int i = 0; !rc && i < partitions; i++)
		if (!take_workspaces(&found, reader_reply(r, (size_t)i), uuid_from_raw))
			rc = reader_fail_damaged(r, i, "handoff:", err);
	if (!rc)
		*out = found.list;
	return rc;
}

/* ---- for whom they wait ---- */

/* The hashes of all subjects in all partitions, in a row: number i is of subject i / partitions. */
struct hashes {
	const struct subject *subjects;
	size_t partitions;
};

static const char *hash_kind(const struct hashes *h, size_t i)
{
	return layout_waiting_kind(h->subjects[i / h->partitions].kind);
}

static int ask_hashes(struct reader *r, const struct hashes *h, size_t from, size_t count,
		      struct error *err)
{
	struct pipeline *p = reader_begin(r);

	for (size_t i = from; i < from + count; i++) {
		int partition = (int)(i % h->partitions);

		pipeline_command(p, 2);
		pipeline_text(p, "HGETALL");
		pipeline_key(p, reader_keys(r, partition), hash_kind(h, i),
			     &h->subjects[i / h->partitions].id);
		reader_touch(r, partition);
	}
	return reader_ask(r, err);
}

static bool parse_entry(struct uuid *workspace_id, struct bytes field)
{
	struct uuid handoff_id;

	return layout_parse_handoff_entry(workspace_id, &handoff_id, field);
}

int lookup_waiting(struct reader *r, const struct subject *subjects, size_t count,
		   struct arena *arena, struct uuid_list *out, struct error *err)
{
	const struct hashes h = { subjects, (size_t)reader_deployment(r)->partitions };
	const size_t all = count * h.partitions;
	struct growing found = { .arena = arena };
	int rc = 0;

	for (size_t from = 0; !rc && from < all; from += PIECE) {
		size_t piece = all - from < PIECE ? all - from : PIECE;

		rc = ask_hashes(r, &h, from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			if (!take_workspaces(&found, reader_reply(r, i), parse_entry))
				rc = reader_fail_damaged(r, (int)((from + i) % h.partitions),
							 hash_kind(&h, from + i), err);
	}
	if (!rc)
		*out = found.list;
	return rc;
}
