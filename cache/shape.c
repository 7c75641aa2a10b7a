#include "cache/shape.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <string.h>

enum shape {
	SHAPE_STATUS,  /* a status, such as OK */
	SHAPE_NUMBER,  /* an integer of 0 or more */
	SHAPE_NUMBERS, /* a list of them, one for each argument after the key */
	SHAPE_VALUE,   /* a text or nil */
	SHAPE_VALUES,  /* a list of values, one for each argument after the key */
	SHAPE_LIST,    /* a list of texts */
	SHAPE_PAIRS,   /* the same, in pairs */
	SHAPE_TIME,    /* two texts */
	SHAPE_SCAN,    /* a cursor, and a list of texts */
	SHAPE_STREAMS, /* nil or a list */
	SHAPE_ROLE,    /* a text, and what it is about */
	SHAPE_PLACE,   /* nil or two texts */
	SHAPE_ITEMS,   /* a list of anything, which its reader looks at */
	SHAPE_EXEC,    /* nil, or a list with a reply to each command of the transaction */
};

static const struct verb {
	const char *name;
	enum shape shape;
} verbs[] = {
	{ "HMGET", SHAPE_VALUES },        { "HGETALL", SHAPE_PAIRS },
	{ "HGET", SHAPE_VALUE },          { "TIME", SHAPE_TIME },
	{ "SMEMBERS", SHAPE_LIST },       { "WATCH", SHAPE_STATUS },
	{ "MULTI", SHAPE_STATUS },        { "EXEC", SHAPE_EXEC },
	{ "UNWATCH", SHAPE_STATUS },      { "EVAL", SHAPE_NUMBER },
	{ "SCARD", SHAPE_NUMBER },        { "HSET", SHAPE_NUMBER },
	{ "HDEL", SHAPE_NUMBER },         { "DEL", SHAPE_NUMBER },
	{ "UNLINK", SHAPE_NUMBER },       { "SADD", SHAPE_NUMBER },
	{ "SREM", SHAPE_NUMBER },         { "ZADD", SHAPE_NUMBER },
	{ "ZREM", SHAPE_NUMBER },         { "HEXISTS", SHAPE_NUMBER },
	{ "HLEN", SHAPE_NUMBER },         { "XLEN", SHAPE_NUMBER },
	{ "ZCARD", SHAPE_NUMBER },        { "SMISMEMBER", SHAPE_NUMBERS },
	{ "ZRANGEBYLEX", SHAPE_LIST },    { "ZRANGE", SHAPE_LIST },
	{ "GET", SHAPE_VALUE },           { "INFO", SHAPE_VALUE },
	{ "ZSCORE", SHAPE_VALUE },        { "XADD", SHAPE_VALUE },
	{ "XREAD", SHAPE_STREAMS },       { "SCAN", SHAPE_SCAN },
	{ "ZRANGEBYSCORE", SHAPE_PAIRS }, { "HRANDFIELD", SHAPE_LIST },
	{ "SET", SHAPE_STATUS },          { "TYPE", SHAPE_STATUS },
	{ "ZMSCORE", SHAPE_VALUES },      { "ZRANDMEMBER", SHAPE_LIST },
	{ "AUTH", SHAPE_STATUS },         { "SELECT", SHAPE_STATUS },
	{ "ROLE", SHAPE_ROLE },           { "SENTINEL", SHAPE_PLACE },
	{ "CLUSTER", SHAPE_ITEMS },       { "HELLO", SHAPE_ITEMS },
	{ "XREVRANGE", SHAPE_ITEMS },     { "ZCOUNT", SHAPE_NUMBER },
};

/* ---- commands ---- */

/* A command of a pipeline: its verb, and how many words it has with the verb. */
struct sent {
	struct bytes verb;
	size_t words;
};

static struct sent take_command(struct bytes *rest)
{
	struct sent c = { .words = pipeline_take_command(rest) };

	c.verb = pipeline_take_word(rest);
	for (size_t i = 1; i < c.words; i++)
		(void)pipeline_take_word(rest);
	return c;
}

static enum shape shape_of(struct bytes verb)
{
	size_t i = 0;

	while (i < sizeof(verbs) / sizeof(*verbs) && !bytes_equal_text(verb, verbs[i].name))
		i++;
	assert(i < sizeof(verbs) / sizeof(*verbs)); /* a new command needs its row */
	return verbs[i].shape;
}

/* ---- replies ---- */

static bool is_text(const redisReply *r)
{
	return r->type == REDIS_REPLY_STRING;
}

static bool is_value(const redisReply *r)
{
	return r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_NIL;
}

static bool is_number(const redisReply *r)
{
	return r->type == REDIS_REPLY_INTEGER && r->integer >= 0;
}

static bool is_list(const redisReply *r, bool (*is_element)(const redisReply *r))
{
	if (r->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < r->elements; i++)
		if (!is_element(r->element[i]))
			return false;
	return true;
}

/* A cursor is a number of 64 bits, in decimal. */
static bool is_cursor(const redisReply *r)
{
	enum { DIGITS_MAX = 20 };

	return is_text(r) && r->len > 0 && r->len <= DIGITS_MAX &&
	       strspn(r->str, "0123456789") == r->len;
}

static bool is_scan(const redisReply *r)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements == 2 && is_cursor(r->element[0]) &&
	       is_list(r->element[1], is_text);
}

/* Can it be the reply? `asked` is how many words followed the key or, for EXEC, commands MULTI. */
static bool fits_shape(const redisReply *r, enum shape shape, size_t asked)
{
	switch (shape) {
	case SHAPE_STATUS:
		return r->type == REDIS_REPLY_STATUS;
	case SHAPE_NUMBER:
		return is_number(r);
	case SHAPE_NUMBERS:
		return is_list(r, is_number) && r->elements == asked;
	case SHAPE_VALUE:
		return is_value(r);
	case SHAPE_VALUES:
		return is_list(r, is_value) && r->elements == asked;
	case SHAPE_LIST:
		return is_list(r, is_text);
	case SHAPE_PAIRS:
		return is_list(r, is_text) && r->elements % 2 == 0;
	case SHAPE_TIME:
		return is_list(r, is_text) && r->elements == 2;
	case SHAPE_SCAN:
		return is_scan(r);
	case SHAPE_ROLE:
		return r->type == REDIS_REPLY_ARRAY && r->elements && is_text(r->element[0]);
	case SHAPE_PLACE:
		return r->type == REDIS_REPLY_NIL || (is_list(r, is_text) && r->elements == 2);
	case SHAPE_ITEMS:
		return r->type == REDIS_REPLY_ARRAY;
	case SHAPE_STREAMS:
		return r->type == REDIS_REPLY_NIL || r->type == REDIS_REPLY_ARRAY;
	case SHAPE_EXEC:
		return r->type == REDIS_REPLY_NIL ||
		       (r->type == REDIS_REPLY_ARRAY && r->elements == asked);
	}
	return false;
}

/* The commands of a pipeline as far as they were looked at. */
struct walk {
	struct bytes rest;
	bool multi;
	size_t queued; /* commands since MULTI */
	struct bytes verb;
	enum shape shape; /* of `verb`: mostly the next command has the same one */
};

/* Takes the next command, and returns whether the reply can be the one to it. */
static bool take_fitting(struct walk *w, const redisReply *r)
{
	struct sent c = take_command(&w->rest);
	size_t asked = c.words > 2 ? c.words - 2 : 0;
	bool exec = bytes_equal_text(c.verb, "EXEC");

	if (w->multi && !exec) {
		w->queued++;
		return r->type == REDIS_REPLY_STATUS || r->type == REDIS_REPLY_ERROR;
	}
	if (!w->verb.data || !bytes_equal(c.verb, w->verb)) {
		w->verb = c.verb;
		w->shape = shape_of(c.verb);
	}
	if (exec)
		asked = w->queued;
	w->multi = bytes_equal_text(c.verb, "MULTI");
	w->queued = 0;
	return r->type == REDIS_REPLY_ERROR || fits_shape(r, w->shape, asked);
}

int shape_check(const struct pipeline *p, struct redisReply *const *replies, const char *address,
		struct error *err)
{
	struct walk w = { .rest = buffer_bytes(&p->bytes) };

	for (size_t i = 0; i < p->commands; i++)
		if (!take_fitting(&w, replies[i]))
			return error_set(err, ERROR_UNAVAILABLE,
					 "Redis at %s gives an answer that cannot be one to %.*s; "
					 "connect to the Redis server itself",
					 address, BYTES_ARG(w.multi ? bytes_of("MULTI") : w.verb));
	return 0;
}
