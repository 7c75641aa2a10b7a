#include "cache/compare.h"

#include "cache/redis.h"

#include <hiredis/hiredis.h>

/* One of the commands, as words that point into the pipeline. */
struct written {
	struct bytes verb;
	struct bytes key;
	size_t arguments;  /* after the key */
	struct bytes rest; /* they begin here */
};

/* Takes the next command off *rest. Every command of a projection has a key. */
static struct written take_written(struct bytes *rest)
{
	size_t words = pipeline_take_command(rest);
	struct written c = { .arguments = words - 2 };

	c.verb = pipeline_take_word(rest);
	c.key = pipeline_take_word(rest);
	c.rest = *rest;
	for (size_t i = 0; i < c.arguments; i++)
		(void)pipeline_take_word(rest);
	return c;
}

/* What each verb of a projection writes, and how to ask whether it is there. */
static const struct form {
	const char *verb;
	const char *question;
	bool pairs;       /* two arguments each: a field and its value, or a score and its member */
	bool asks_second; /* of the pair; the first otherwise */
} forms[] = {
	{ "HSET", "HMGET", true, false },
	{ "SADD", "SMISMEMBER", false, false },
	{ "ZADD", "ZMSCORE", true, true },
};

/* NULL: the command writes nothing that could be asked for. */
static const struct form *form_of(const struct written *c)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (bytes_equal_text(c->verb, forms[i].verb))
			return &forms[i];
	return NULL;
}

/* Appends the question whether Redis has what the command writes, if it is one to be asked. */
static void append_question(struct pipeline *p, struct written c)
{
	const struct form *f = form_of(&c);
	size_t step = f && f->pairs ? 2 : 1;

	if (!f)
		return;
	pipeline_command(p, 2 + c.arguments / step);
	pipeline_text(p, f->question);
	pipeline_bytes(p, c.key);
	for (size_t i = 0; i < c.arguments; i += step) {
		struct bytes first = pipeline_take_word(&c.rest);
		struct bytes second = f->pairs ? pipeline_take_word(&c.rest) : first;

		pipeline_bytes(p, f->asks_second ? second : first);
	}
}

/* Does the answer say that all is as the command would write it? */
static bool is_as_written(struct written c, const redisReply *reply)
{
	const struct form *f = form_of(&c);
	size_t step = f->pairs ? 2 : 1;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != c.arguments / step)
		return false;
	for (size_t i = 0; i < reply->elements; i++) {
		struct bytes first = pipeline_take_word(&c.rest);
		struct bytes second = f->pairs ? pipeline_take_word(&c.rest) : first;
		struct bytes found = reply_bytes(reply->element[i]);

		if (!f->pairs ? reply_number(reply->element[i], 0) != 1
			      : !bytes_equal(found, f->asks_second ? first : second))
			return false;
	}
	return true;
}

/* The kind of a key without its id, which is binary. */
static int fail_different(const struct index *ix, const struct keys *k, struct bytes key,
			  struct error *err)
{
	size_t len = k->len;

	while (len < key.len && key.data[len] >= 'a' && key.data[len] <= 'z')
		len++;
	return error_set(err, ERROR_DAMAGED,
			 "a key %.*s in Redis at %s lacks something or has it with another value",
			 (int)len, (const char *)key.data, index_address(ix));
}

int compare_written(struct index *ix, int partition, const struct mark *ours,
		    const struct pipeline *commands, struct error *err)
{
	const struct keys *k = index_keys(ix, partition);
	struct pipeline *p = index_begin(ix);
	struct bytes rest = buffer_bytes(&commands->bytes);
	const struct replies *replies;
	size_t at = 0;
	int rc;

	while (rest.len)
		append_question(p, take_written(&rest));
	rc = index_ask_owned(ix, partition, ours, &replies, err);
	for (rest = buffer_bytes(&commands->bytes); !rc && rest.len;) {
		const struct written c = take_written(&rest);

		if (form_of(&c) && !is_as_written(c, replies->list[at++]))
			rc = fail_different(ix, k, c.key, err);
	}
	return rc;
}
