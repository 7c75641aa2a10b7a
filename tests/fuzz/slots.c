/*
 * What a node says of slots, in the hands of somebody else. A reply is made of bytes: one for
 * the type; for an integer two more, for a string its length and so many bytes, for an array
 * how many elements follow.
 */

#include "cache/slots.h"

#include "tests/fuzz/target.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

enum { DEPTH_MAX = 5, ELEMENTS_MAX = 40, LEAST = -2 };

enum type { TYPE_NIL, TYPE_INTEGER, TYPE_STRING, TYPE_ARRAY, TYPE_COUNT };

static uint8_t take_byte(struct bytes *rest)
{
	uint8_t byte = 0;

	(void)bytes_take_u8(rest, &byte);
	return byte;
}

/* As hiredis makes it: strings are followed by a NUL that is not counted. */
static void take_string(struct bytes *rest, redisReply *out)
{
	size_t len = take_byte(rest);
	struct bytes text = { 0 };

	(void)bytes_take(rest, len < rest->len ? len : rest->len, &text);
	out->type = REDIS_REPLY_STRING;
	out->str = calloc(1, text.len + 1);
	assert(out->str);
	if (text.len)
		memcpy(out->str, text.data, text.len);
	out->len = text.len;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as DEPTH_MAX */
static redisReply *take_reply(struct bytes *rest, int depth)
{
	redisReply *r = calloc(1, sizeof(*r));
	enum type type = (enum type)(take_byte(rest) % TYPE_COUNT);

	assert(r);
	r->type = REDIS_REPLY_NIL;
	if (type == TYPE_INTEGER) {
		r->type = REDIS_REPLY_INTEGER;
		r->integer = LEAST + take_byte(rest) * 256 + take_byte(rest);
	} else if (type == TYPE_STRING) {
		take_string(rest, r);
	} else if (type == TYPE_ARRAY && depth < DEPTH_MAX) {
		size_t count = take_byte(rest) % ELEMENTS_MAX;

		r->type = REDIS_REPLY_ARRAY;
		r->element = calloc(count + 1, sizeof(redisReply *));
		assert(r->element);
		while (r->elements < count && rest->len)
			r->element[r->elements++] = take_reply(rest, depth + 1);
	}
	return r;
}

/* Whether each slot is served by a node that can be connected to, or by none. */
static void check_map(const struct slot_map *m)
{
	for (size_t i = 0; i < SLOT_COUNT; i++)
		assert(m->owner[i] == SLOT_UNSERVED || m->owner[i] < m->count);
	for (size_t i = 0; i < m->count; i++) {
		assert(memchr(m->nodes[i].host, 0, sizeof(m->nodes[i].host)));
		assert(*m->nodes[i].host && m->nodes[i].port > 0 && m->nodes[i].port < 65536);
		assert(slot_map_find(m, &m->nodes[i]) == i);
	}
	assert(slot_map_equal(m, m));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes rest = { data, len };
	const char *asked = take_byte(&rest) % 2 ? "asked" : NULL;
	redisReply *reply = take_reply(&rest, 0);
	struct slot_map m;

	if (!slot_map_parse(&m, reply, asked, "node", NULL)) {
		check_map(&m);
		slot_map_done(&m);
	}
	freeReplyObject(reply);
	return 0;
}
