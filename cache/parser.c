#include "cache/parser.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <string.h>

enum {
	/* Of one array. We make room for all elements that the server says are to come. */
	ELEMENTS_MAX = 4 * 1024 * 1024,
	/*
	 * hiredis moves all that it still has to the front whenever it has read a kilobyte. So it
	 * gets little at a time.
	 */
	MOUTHFUL_BYTES = 2048,
};

#if HIREDIS_MAJOR < 1
typedef int array_len;
#else
typedef size_t array_len;
#endif

/* ---- what hiredis calls for each thing that it finds ---- */

/* A reply with so many bytes after it, which are not zeroed, at its place in its array. */
static redisReply *put_reply(const redisReadTask *task, size_t more)
{
	redisReply *r = arena_alloc(task->privdata, sizeof(*r) + more);

	*r = (redisReply){ .type = task->type };
	if (task->parent) {
		const redisReply *parent = task->parent->obj;

		parent->element[task->idx] = r;
	}
	return r;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
	redisReply *r = put_reply(task, len + 1);

	r->str = (char *)(r + 1);
	if (len)
		memcpy(r->str, text, len);
	r->str[len] = '\0';
	r->len = len;
	return r;
}

static void *create_array(const redisReadTask *task, array_len elements)
{
	size_t count = (size_t)elements; /* a negative number is a large one, then */
	redisReply *r;

	if (count > ELEMENTS_MAX)
		return NULL;
	r = put_reply(task, 0);
	if (count)
		r->element = arena_zalloc(task->privdata, count, sizeof(redisReply *));
	r->elements = count;
	return r;
}

static void *create_integer(const redisReadTask *task, long long value)
{
	redisReply *r = put_reply(task, 0);

	r->integer = value;
	return r;
}

static void *create_nil(const redisReadTask *task)
{
	redisReply *r = put_reply(task, 0);

	r->type = REDIS_REPLY_NIL; /* the task is a string or an array, of length -1 */
	return r;
}

#if HIREDIS_MAJOR >= 1
/* These are of a later protocol; we never ask for it, and no command's reply is one of them. */
static void *create_double(const redisReadTask *task, double value, char *text, size_t len)
{
	(void)value;
	return create_string(task, text, len);
}

static void *create_bool(const redisReadTask *task, int value)
{
	return create_integer(task, value);
}
#endif

/* The arena does that. */
static void free_nothing(void *reply)
{
	(void)reply;
}

static redisReplyObjectFunctions functions = {
	.createString = create_string,
	.createArray = create_array,
	.createInteger = create_integer,
	.createNil = create_nil,
#if HIREDIS_MAJOR >= 1
	.createDouble = create_double,
	.createBool = create_bool,
#endif
	.freeObject = free_nothing,
};

/* ---- the parser ---- */

struct redisReader *parser_new(void)
{
	return redisReaderCreateWithFunctions(&functions);
}

void parser_free(struct redisReader **pp)
{
	if (*pp)
		redisReaderFree(*pp);
	*pp = NULL;
}

static bool take_replies(struct redisReader *p, struct replies *out, size_t count)
{
	while (out->count < count) {
		void *reply = NULL;

		if (redisReaderGetReply(p, &reply) != REDIS_OK)
			return false;
		if (!reply)
			return true;
		out->list[out->count++] = reply;
	}
	return true;
}

bool parser_read(struct redisReader *p, struct bytes bytes, struct replies *out, size_t count)
{
	assert(count <= out->cap);
	p->privdata = &out->arena;
	while (bytes.len) {
		size_t some = bytes.len < MOUTHFUL_BYTES ? bytes.len : MOUTHFUL_BYTES;

		if (redisReaderFeed(p, (const char *)bytes.data, some) != REDIS_OK ||
		    !take_replies(p, out, count))
			return false;
		bytes = (struct bytes){ bytes.data + some, bytes.len - some };
	}
	return true;
}

bool parser_is_empty(const struct redisReader *p)
{
	return p->pos == p->len;
}

const char *parser_trouble(const struct redisReader *p)
{
	return p->errstr;
}
