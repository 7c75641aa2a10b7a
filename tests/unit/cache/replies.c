#include "tests/unit/cache/replies.h"

#include <assert.h>
#include <string.h>

void array_reply_init(struct array_reply *a)
{
	memset(a, 0, sizeof(*a));
	a->reply.type = REDIS_REPLY_ARRAY;
	a->reply.element = a->elements;
}

static redisReply *next_item(struct array_reply *a)
{
	assert(a->reply.elements < REPLY_ITEMS_MAX);
	a->elements[a->reply.elements] = &a->items[a->reply.elements];
	return a->elements[a->reply.elements++];
}

void array_reply_add(struct array_reply *a, struct bytes value)
{
	char *text = a->texts[a->reply.elements];
	redisReply *item = next_item(a);

	assert(value.len <= REPLY_BYTES_MAX);
	if (value.len)
		memcpy(text, value.data, value.len);
	item->type = REDIS_REPLY_STRING;
	item->str = text;
	item->len = value.len;
}

void array_reply_add_text(struct array_reply *a, const char *value)
{
	array_reply_add(a, bytes_of(value));
}

void array_reply_add_nil(struct array_reply *a)
{
	next_item(a)->type = REDIS_REPLY_NIL;
}
