#include "cache/scan.h"

#include "cache/redis.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

enum {
	WALKS_MAX = 5,       /* owners and servers change once in hours */
	STEPS_MAX = 1000000, /* of a walk, over 1,000 keys or more each; no Redis holds so many */
	KINDS = 4,
};

/* The kinds of ids, and what follows "sb:{…}:" in their keys. */
static const struct {
	unsigned kind;
	const char *name;
} kinds_known[KINDS] = {
	{ SCAN_ORGANIZATIONS, "org:" },
	{ SCAN_USERS, "user:" },
	{ SCAN_GROUPS, "group:" },
	{ SCAN_WORKSPACES, "ws:" },
};

/* One walk over all keys. */
struct walk {
	struct reader *reader;
	unsigned kinds;
	uint64_t cursor;     /* see sweep.h */
	struct sweep sweep;  /* of the last step */
	int64_t *epochs;     /* the marks' epochs in the last step */
	bool begun;          /* epochs and connection are set */
	unsigned connection; /* to Redis, in the first step: a cursor means nothing to another */
	struct buffer found[KINDS]; /* the ids of each kind, in the order of kinds_known */
};

/* How many marks each step reads: one for each partition, and one for the directory. */
static size_t mark_count(const struct walk *w)
{
	size_t partitions = (size_t)reader_deployment(w->reader)->partitions;

	return (w->kinds & SCAN_WORKSPACES ? partitions : 0) +
	       (w->kinds & ~(unsigned)SCAN_WORKSPACES ? 1 : 0);
}

/* A pattern for the directory, for workspaces or for both, so that Redis sends few other keys. */
static const char *pattern_of(unsigned kinds)
{
	if (kinds == SCAN_WORKSPACES)
		return "{*}:ws:*";
	return kinds & SCAN_WORKSPACES ? "{*}:*" : "{dir}:*";
}

static int ask_step(struct walk *w, struct error *err)
{
	struct pipeline *p = reader_begin(w->reader);
	int partitions = reader_deployment(w->reader)->partitions;

	w->sweep = reader_sweep(w->reader);
	sweep_append(&w->sweep, p, pattern_of(w->kinds), w->cursor);
	for (int i = 0; w->kinds & SCAN_WORKSPACES && i < partitions; i++)
		reader_touch(w->reader, i);
	return reader_ask(w->reader, err);
}

/*
 * Are the owners those of the step before, and the servers? A new owner may have cleared its
 * partition.
 */
static bool same_owners(struct walk *w)
{
	bool same = !w->begun || w->connection == w->sweep.connection;

	w->connection = w->sweep.connection;
	for (size_t i = 0; i < mark_count(w); i++) {
		struct mark m;

		mark_parse(&m, reader_reply(w->reader, sweep_replies(&w->sweep) + i));
		same = same && (!w->begun || m.epoch == w->epochs[i]);
		w->epochs[i] = m.epoch;
	}
	w->begun = true;
	return same;
}

static bool has_base(struct bytes key, const struct keys *k)
{
	return key.len > k->len && memcmp(key.data, k->base, k->len) == 0;
}

/* Sets *out from a key of that kind, in the right partition: base, name of the kind, 16 bytes. */
static bool parse_key(struct walk *w, struct bytes key, size_t kind, struct uuid *out)
{
	const char *name = kinds_known[kind].name;
	size_t tail = strlen(name) + sizeof(*out);
	const struct keys *k;
	struct uuid id;

	if (key.len < tail || memcmp(key.data + key.len - tail, name, strlen(name)) != 0)
		return false;
	memcpy(&id, key.data + key.len - sizeof(id), sizeof(id));
	k = reader_keys(w->reader, kinds_known[kind].kind == SCAN_WORKSPACES
					   ? reader_partition(w->reader, &id)
					   : KEYS_DIRECTORY);
	if (key.len != k->len + tail || !has_base(key, k))
		return false;
	*out = id;
	return true;
}

static void take_key(struct walk *w, struct bytes key)
{
	struct uuid id;

	for (size_t i = 0; i < KINDS; i++) {
		if (!(w->kinds & kinds_known[i].kind) || !parse_key(w, key, i, &id))
			continue;
		buffer_append(&w->found[i], &id, sizeof(id));
		return;
	}
}

static int take_step(struct walk *w, struct error *err)
{
	const redisReply *scan = reader_reply(w->reader, sweep_scan_reply(&w->sweep));
	const redisReply *keys = NULL;
	int rc = sweep_take(&w->sweep, scan, &w->cursor, &keys, err);

	for (size_t i = 0; !rc && i < keys->elements; i++)
		take_key(w, reply_bytes(keys->element[i]));
	return rc;
}

/* Walks once over all keys. *same becomes false when an owner changed on the way. */
static int walk_once(struct walk *w, bool *same, struct error *err)
{
	size_t steps = 0;
	int rc;

	w->begun = false;
	w->cursor = 0;
	for (size_t i = 0; i < KINDS; i++)
		buffer_clear(&w->found[i]);
	do {
		if (steps++ == STEPS_MAX)
			return error_set(
				err, ERROR_UNAVAILABLE,
				"Redis at %s has no end of keys; connect to the Redis server "
				"itself",
				reader_address(w->reader));
		rc = ask_step(w, err);
		*same = !rc && same_owners(w);
		if (*same)
			rc = take_step(w, err);
	} while (!rc && *same && w->cursor);
	return rc;
}

/* A connection that broke, and a slot that has gone to another node, are found by the walk itself. */
static int walk_steadily(struct walk *w, struct error *err)
{
	bool again = true;
	int rc = 0;

	for (int i = 0; again && i < WALKS_MAX; i++) {
		bool same = false;

		rc = walk_once(w, &same, err);
		again = rc ? rc == ERROR_UNAVAILABLE && sweep_is_over(&w->sweep) : !same;
	}
	if (rc || !again)
		return rc;
	return error_set(err, ERROR_UNAVAILABLE,
			 "the grant index in Redis at %s keeps changing owners; try again shortly",
			 reader_address(w->reader));
}

/* Sorts the ids, which SCAN may return twice, into a list. */
static struct uuid_list sorted_list(const struct buffer *found, struct arena *arena)
{
	size_t count = found->len / sizeof(struct uuid);
	struct uuid_list out = { arena_alloc(arena, (count + 1) * sizeof(struct uuid)), 0 };

	if (count)
		memcpy(out.list, found->data, count * sizeof(struct uuid));
	out.count = uuid_sort(out.list, count);
	return out;
}

int scan_ids(struct reader *r, unsigned kinds, struct arena *arena, struct scanned *out,
	     struct error *err)
{
	struct walk w = { .reader = r, .kinds = kinds };
	int rc;

	w.epochs = arena_zalloc(arena, mark_count(&w) + 1, sizeof(*w.epochs));
	rc = walk_steadily(&w, err);
	if (!rc)
		*out = (struct scanned){
			.organizations = sorted_list(&w.found[0], arena),
			.users = sorted_list(&w.found[1], arena),
			.groups = sorted_list(&w.found[2], arena),
			.workspaces = sorted_list(&w.found[3], arena),
		};
	for (size_t i = 0; i < KINDS; i++)
		buffer_done(&w.found[i]);
	return rc;
}

int scan_workspaces(struct reader *r, struct arena *arena, struct uuid_list *out, struct error *err)
{
	struct scanned all;
	int rc = scan_ids(r, SCAN_WORKSPACES, arena, &all, err);

	if (!rc)
		*out = all.workspaces;
	return rc;
}
