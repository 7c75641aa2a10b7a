#include "cache/scan.h"

#include "cache/redis.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SCAN_COUNT = 5000, /* keys a step: some milliseconds of Redis' time */
	SCAN_TRIES = 5,
	CURSOR_SIZE = 24,
	KINDS = 4,
	PATTERN_SIZE = PREFIX_MAX + 16,
};

/* What the keys of each kind are called behind "sb:{…}:". */
static const struct {
	unsigned kind;
	const char *name;
} kinds_known[KINDS] = {
	{ SCAN_ORGANIZATIONS, "org:" },
	{ SCAN_USERS, "user:" },
	{ SCAN_GROUPS, "group:" },
	{ SCAN_WORKSPACES, "ws:" },
};

/* One walk. */
struct walk {
	struct reader *reader;
	unsigned kinds;
	char pattern[PATTERN_SIZE];
	char cursor[CURSOR_SIZE]; /* "0": at the beginning, or at the end */
	int64_t *epochs;          /* of the marks, as the first step found them */
	bool begun;
	struct buffer found[KINDS];
};

/* The number of marks that are read with each step. */
static size_t mark_count(const struct walk *w)
{
	size_t partitions = (size_t)reader_deployment(w->reader)->partitions;

	return (w->kinds & SCAN_WORKSPACES ? partitions : 0) +
	       (w->kinds & ~(unsigned)SCAN_WORKSPACES ? 1 : 0);
}

/* Only the keys that can be meant are sent: those of the directory, of workspaces, or of both. */
static void make_pattern(struct walk *w)
{
	const char *base = reader_keys(w->reader, KEYS_DIRECTORY)->base;

	(void)snprintf(w->pattern, sizeof(w->pattern), "%.*s{%s}:%s", (int)strcspn(base, "{"), base,
		       w->kinds & SCAN_WORKSPACES ? "*" : "dir",
		       w->kinds == SCAN_WORKSPACES ? "ws:*" : "*");
}

static int ask(struct walk *w, struct error *err)
{
	struct pipeline *p = reader_begin(w->reader);
	int partitions = reader_deployment(w->reader)->partitions;
	const redisReply *reply;
	int rc;

	pipeline_command(p, 6);
	pipeline_text(p, "SCAN");
	pipeline_text(p, w->cursor);
	pipeline_text(p, "MATCH");
	pipeline_text(p, w->pattern);
	pipeline_text(p, "COUNT");
	pipeline_number(p, SCAN_COUNT);
	for (int i = 0; w->kinds & SCAN_WORKSPACES && i < partitions; i++)
		reader_touch(w->reader, i);
	rc = reader_ask(w->reader, err);
	if (rc)
		return rc;
	reply = reader_reply(w->reader, 0);
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY)
		return error_set(err, ERROR_REFUSED, "this Redis cannot SCAN");
	return 0;
}

/* Are the owners those of the first step? Whoever has claimed a mark may have cleared its keys. */
static bool same_owners(struct walk *w)
{
	bool same = true;

	for (size_t i = 0; i < mark_count(w); i++) {
		struct mark m;

		mark_parse(&m, reader_reply(w->reader, 1 + i));
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

/* The id of a key of that kind: base, kind, 16 bytes. */
static bool parse_key(struct walk *w, struct bytes key, size_t kind, struct uuid *out)
{
	const char *name = kinds_known[kind].name;
	size_t tail = strlen(name) + sizeof(*out);
	const struct keys *k;

	if (key.len < tail || memcmp(key.data + key.len - tail, name, strlen(name)) != 0)
		return false;
	memcpy(out, key.data + key.len - sizeof(*out), sizeof(*out));
	k = reader_keys(w->reader, kinds_known[kind].kind == SCAN_WORKSPACES
					   ? reader_partition(w->reader, out)
					   : KEYS_DIRECTORY);
	return key.len == k->len + tail && has_base(key, k);
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

static void take_keys(struct walk *w)
{
	const redisReply *reply = reader_reply(w->reader, 0);
	const redisReply *keys = reply->element[1];
	struct bytes cursor = reply_bytes(reply->element[0]);

	for (size_t i = 0; i < keys->elements; i++)
		take_key(w, reply_bytes(keys->element[i]));
	(void)snprintf(w->cursor, sizeof(w->cursor), "%.*s", (int)cursor.len,
		       cursor.data ? (const char *)cursor.data : "0");
}

/* Walks once through all keys. *same is false when an owner changed on the way. */
static int walk(struct walk *w, bool *same, struct error *err)
{
	int rc;

	w->begun = false;
	(void)snprintf(w->cursor, sizeof(w->cursor), "0");
	for (size_t i = 0; i < KINDS; i++)
		buffer_clear(&w->found[i]);
	do {
		rc = ask(w, err);
		*same = !rc && same_owners(w);
		if (*same)
			take_keys(w);
	} while (*same && strcmp(w->cursor, "0") != 0);
	return rc;
}

/* SCAN may give a key twice. */
static struct uuid_list take_found(struct buffer *found, struct arena *arena)
{
	size_t count = found->len / sizeof(struct uuid);
	struct uuid_list out = { arena_alloc(arena, (count + 1) * sizeof(struct uuid)), 0 };

	if (count)
		memcpy(out.list, found->data, count * sizeof(struct uuid));
	out.count = uuid_sort(out.list, count);
	buffer_done(found);
	return out;
}

int scan_ids(struct reader *r, unsigned kinds, struct arena *arena, struct scanned *out,
	     struct error *err)
{
	struct walk w = { .reader = r, .kinds = kinds };
	bool same = false;
	int rc = 0;

	make_pattern(&w);
	w.epochs = arena_zalloc(arena, mark_count(&w) + 1, sizeof(*w.epochs));
	for (int i = 0; !rc && !same && i < SCAN_TRIES; i++)
		rc = walk(&w, &same, err);
	if (!rc && !same)
		rc = error_set(err, ERROR_UNAVAILABLE,
			       "the grant index keeps changing hands; try again shortly");
	*out = (struct scanned){
		.organizations = take_found(&w.found[0], arena),
		.users = take_found(&w.found[1], arena),
		.groups = take_found(&w.found[2], arena),
		.workspaces = take_found(&w.found[3], arena),
	};
	return rc;
}

int scan_workspaces(struct reader *r, struct arena *arena, struct uuid_list *out, struct error *err)
{
	struct scanned all;
	int rc = scan_ids(r, SCAN_WORKSPACES, arena, &all, err);

	*out = all.workspaces;
	return rc;
}
