#include "cache/route.h"

#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>

enum neighbour { NEIGHBOUR_NONE, NEIGHBOUR_BEFORE, NEIGHBOUR_AFTER };

/* What is to know of a command. Any other has its key as its first argument, and writes. */
static const struct trait {
	const char *verb;
	enum neighbour neighbour;
	unsigned char key; /* which word; 0: none */
	bool reads;
} traits[] = {
	{ "HSET", NEIGHBOUR_NONE, 1, false },       { "HMGET", NEIGHBOUR_NONE, 1, true },
	{ "HGETALL", NEIGHBOUR_NONE, 1, true },     { "HGET", NEIGHBOUR_NONE, 1, true },
	{ "ZADD", NEIGHBOUR_NONE, 1, false },       { "WATCH", NEIGHBOUR_NONE, 1, true },
	{ "SMEMBERS", NEIGHBOUR_NONE, 1, true },    { "SCARD", NEIGHBOUR_NONE, 1, true },
	{ "HEXISTS", NEIGHBOUR_NONE, 1, true },     { "HLEN", NEIGHBOUR_NONE, 1, true },
	{ "XLEN", NEIGHBOUR_NONE, 1, true },        { "ZCARD", NEIGHBOUR_NONE, 1, true },
	{ "SMISMEMBER", NEIGHBOUR_NONE, 1, true },  { "ZRANGEBYLEX", NEIGHBOUR_NONE, 1, true },
	{ "ZRANGE", NEIGHBOUR_NONE, 1, true },      { "ZRANGEBYSCORE", NEIGHBOUR_NONE, 1, true },
	{ "GET", NEIGHBOUR_NONE, 1, true },         { "ZSCORE", NEIGHBOUR_NONE, 1, true },
	{ "ZMSCORE", NEIGHBOUR_NONE, 1, true },     { "HRANDFIELD", NEIGHBOUR_NONE, 1, true },
	{ "ZRANDMEMBER", NEIGHBOUR_NONE, 1, true }, { "TYPE", NEIGHBOUR_NONE, 1, true },
	{ "XREVRANGE", NEIGHBOUR_NONE, 1, true },   { "ZCOUNT", NEIGHBOUR_NONE, 1, true },
	{ "EVAL", NEIGHBOUR_NONE, 3, false },       { "XREAD", NEIGHBOUR_NONE, 6, true },
	{ "MULTI", NEIGHBOUR_AFTER, 0, false },     { "UNWATCH", NEIGHBOUR_AFTER, 0, true },
	{ "EXEC", NEIGHBOUR_BEFORE, 0, false },     { "TIME", NEIGHBOUR_BEFORE, 0, true },
	{ "INFO", NEIGHBOUR_BEFORE, 0, true },      { "SCAN", NEIGHBOUR_BEFORE, 0, true },
};

static const struct trait other = { "", NEIGHBOUR_NONE, 1, false };

static const struct trait *trait_of(struct bytes verb)
{
	for (size_t i = 0; i < sizeof(traits) / sizeof(*traits); i++)
		if (bytes_equal_text(verb, traits[i].verb))
			return &traits[i];
	return &other;
}

/* ---- routing ---- */

/* A pipeline as far as it was routed. */
struct walk {
	struct bytes rest;
	const struct slot_map *map;
	struct bytes verb; /* of the last command: mostly the next has the same one */
	const struct trait *trait;
	struct bytes tagged; /* the last key up to the end of its tag, and its slot */
	unsigned slot;
	bool knows_node; /* node is that of the last key */
	uint16_t node;
	size_t waiting; /* commands just before, which go with the next key */
};

/* Takes the next command; returns its key, absent if it has none. */
static struct bytes take_command(struct walk *w)
{
	size_t words = pipeline_take_command(&w->rest);
	struct bytes verb = pipeline_take_word(&w->rest);
	struct bytes key = { 0 };

	if (!w->verb.data || !bytes_equal(verb, w->verb)) {
		w->verb = verb;
		w->trait = trait_of(verb);
	}
	for (size_t i = 1; i < words; i++) {
		struct bytes word = pipeline_take_word(&w->rest);

		if (i == w->trait->key)
			key = word;
	}
	return key;
}

/* Does the key begin as the one before, of which a tag was found at its beginning? */
static bool is_same_slot(const struct walk *w, struct bytes key)
{
	return w->tagged.len && key.len >= w->tagged.len &&
	       memcmp(key.data, w->tagged.data, w->tagged.len) == 0;
}

static void find_slot(struct walk *w, struct bytes key)
{
	const uint8_t *close;

	if (is_same_slot(w, key))
		return;
	w->slot = slot_of(key);
	close = memchr(key.data, '}', key.len);
	w->tagged = (struct bytes){ key.data, close ? (size_t)(close - key.data) + 1 : 0 };
}

static int find_node(struct walk *w, struct bytes key, const char *address, struct error *err)
{
	find_slot(w, key);
	if (w->map->owner[w->slot] == SLOT_UNSERVED)
		return error_set(err, ERROR_UNAVAILABLE,
				 "Redis at %s is a cluster in which no node serves slot %u now",
				 address, w->slot);
	w->node = w->map->owner[w->slot];
	w->knows_node = true;
	return 0;
}

/* Routes the i-th command, and those before it that waited for a key. */
static int route_command(struct route *r, struct walk *w, size_t i, const char *address,
			 struct error *err)
{
	struct bytes key = take_command(w);
	int rc = 0;

	r->is_reading = r->is_reading && w->trait->reads;
	r->has_transaction = r->has_transaction || bytes_equal_text(w->verb, "EXEC");
	if (key.data)
		rc = find_node(w, key, address, err);
	if (rc)
		return rc;
	if (!key.data && (w->trait->neighbour == NEIGHBOUR_AFTER || !w->knows_node)) {
		w->waiting++;
		return 0;
	}
	for (size_t at = i - w->waiting; at <= i; at++)
		r->nodes[at] = w->node;
	w->waiting = 0;
	return 0;
}

int route_pipeline(struct route *r, const struct pipeline *p, const struct slot_map *map,
		   const char *address, struct error *err)
{
	struct walk w = { .rest = buffer_bytes(&p->bytes), .map = map };
	int rc = 0;

	assert(p->commands);
	if (!map->count)
		return error_set(err, ERROR_UNAVAILABLE,
				 "Redis at %s is a cluster in which no node serves any slots yet",
				 address);
	r->nodes = memory_grow(r->nodes, &r->cap, p->commands, sizeof(*r->nodes));
	r->is_single = r->is_reading = true;
	r->has_transaction = false;
	for (size_t i = 0; !rc && i < p->commands; i++)
		rc = route_command(r, &w, i, address, err);
	if (rc)
		return rc;
	for (size_t at = p->commands - w.waiting; at < p->commands; at++)
		r->nodes[at] = w.node; /* the first node, if there is no key at all */
	for (size_t i = 1; i < p->commands; i++)
		r->is_single = r->is_single && r->nodes[i] == r->nodes[0];
	return 0;
}

void route_done(struct route *r)
{
	free(r->nodes);
	*r = (struct route){ 0 };
}

/* ---- parts ---- */

/* Takes the bytes of one command. */
static struct bytes take_raw(struct bytes *rest)
{
	const uint8_t *begin = rest->data;
	size_t words = pipeline_take_command(rest);

	for (size_t i = 0; i < words; i++)
		(void)pipeline_take_word(rest);
	return (struct bytes){ begin, (size_t)(rest->data - begin) };
}

void route_split(const struct route *r, size_t from, size_t to, struct bytes *rest,
		 struct part *parts)
{
	for (size_t i = from; i < to; i++) {
		struct bytes raw = take_raw(rest);
		struct pipeline *p = &parts[r->nodes[i]].pipeline;

		buffer_append(&p->bytes, raw.data, raw.len);
		p->commands++;
	}
}

void route_merge(const struct route *r, size_t from, size_t to, struct part *parts,
		 struct replies *out)
{
	for (size_t i = from; i < to; i++) {
		struct part *part = &parts[r->nodes[i]];

		arena_adopt(&out->arena, &part->replies.arena);
		assert(part->taken < part->replies.count && out->count < out->cap);
		out->list[out->count++] = part->replies.list[part->taken++];
	}
}

/* Is each reply an error, but for those to commands without a key? */
static bool nothing_was_done(const struct pipeline *p, const struct replies *replies)
{
	struct walk w = { .rest = buffer_bytes(&p->bytes) };

	for (size_t i = 0; i < p->commands; i++)
		if (take_command(&w).data && !reply_is_error(replies->list[i], "MOVED"))
			return false;
	return true;
}

bool route_is_repeatable(const struct route *r, const struct pipeline *p,
			 const struct replies *replies)
{
	return !r->has_transaction && (r->is_reading || nothing_was_done(p, replies));
}
