#include "cache/replies.h"

#include "ops/support/number.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

/* How replies begin that are ours and not the server's: see replies_fail(). */
static const char NODE_FAILS[] = "NODEFAILS ";
static const char NODE_REFUSES[] = "NODEREFUSES ";

enum { KEEP_BYTES = 1024 * 1024 }; /* the replies to a pipeline of a thousand questions */

int replies_reserve(struct replies *r, size_t count, struct error *err)
{
	struct redisReply **list;

	if (r->cap >= count)
		return 0;
	list = realloc((void *)r->list, count * sizeof(struct redisReply *));
	if (!list)
		return error_set(err, ERROR_NOMEM, "out of memory");
	r->list = list;
	r->cap = count;
	return 0;
}

void replies_clear(struct replies *r)
{
	r->count = 0;
	if (arena_size(&r->arena) > KEEP_BYTES)
		arena_done(&r->arena);
	else
		arena_reset(&r->arena);
}

void replies_done(struct replies *r)
{
	arena_done(&r->arena);
	free((void *)r->list);
	*r = (struct replies){ 0 };
}

/* A reply that is an error with that text, as hiredis makes them. */
static redisReply *make_error(struct arena *arena, const char *word, const char *text)
{
	struct bytes line = arena_printf(arena, "%s%.*s", word, (int)strcspn(text, "\r\n"), text);
	redisReply *r = arena_zalloc(arena, 1, sizeof(*r));

	r->type = REDIS_REPLY_ERROR;
	r->str = (char *)(uintptr_t)line.data;
	r->len = line.len;
	return r;
}

int replies_fail(struct replies *r, size_t count, const struct error *why, struct error *err)
{
	const char *word = why->code == ERROR_REFUSED ? NODE_REFUSES : NODE_FAILS;
	int rc;

	replies_clear(r);
	rc = replies_reserve(r, count, err);
	while (!rc && r->count < count)
		r->list[r->count++] = make_error(&r->arena, word, why->text);
	return rc;
}

static bool begins_with(const redisReply *r, const char *word)
{
	return strncmp(r->str, word, strlen(word)) == 0;
}

bool reply_is_error(const struct redisReply *r, const char *word)
{
	return r->type == REDIS_REPLY_ERROR && begins_with(r, word);
}

int reply_refuse(const struct redisReply *r, const char *address, struct error *err)
{
	return error_set(err, ERROR_REFUSED, "Redis at %s refuses: %s%s", address, r->str,
			 begins_with(r, "NOPERM") ? "; see what `ops/acl redis ROLE` lists" : "");
}

static int check_one(const redisReply *r, const char *address, struct error *err)
{
	static const char *const denials[] = { "NOPERM", "NOAUTH", "WRONGPASS",
					       "ERR unknown command" };

	if (r->type != REDIS_REPLY_ERROR)
		return 0;
	if (begins_with(r, NODE_FAILS))
		return error_set(err, ERROR_UNAVAILABLE, "%s", r->str + strlen(NODE_FAILS));
	if (begins_with(r, NODE_REFUSES))
		return error_set(err, ERROR_REFUSED, "%s", r->str + strlen(NODE_REFUSES));
	if (begins_with(r, "ERR Protocol error: unauthenticated")) /* to a long command */
		return error_set(err, ERROR_REFUSED,
				 "Redis at %s refuses: NOAUTH Authentication required.", address);
	if (begins_with(r, "WRONGTYPE"))
		return error_set(err, ERROR_DAMAGED,
				 "Redis at %s holds a key of the index in another type: %s",
				 address, r->str);
	for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++)
		if (begins_with(r, denials[i]))
			return reply_refuse(r, address, err);
	return error_set(err, ERROR_UNAVAILABLE, "Redis at %s cannot serve now: %s", address,
			 r->str);
}

int reply_check(const redisReply *r, const char *address, struct error *err)
{
	int rc = check_one(r, address, err);

	for (size_t i = 0; !rc && r->type == REDIS_REPLY_ARRAY && i < r->elements; i++)
		rc = check_one(r->element[i], address, err);
	return rc;
}

int replies_check(const struct replies *r, const char *address, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < r->count; i++)
		rc = reply_check(r->list[i], address, err);
	return rc;
}

struct bytes reply_bytes(const struct redisReply *r)
{
	if (!r || (r->type != REDIS_REPLY_STRING && r->type != REDIS_REPLY_STATUS))
		return (struct bytes){ 0 };
	return (struct bytes){ (const uint8_t *)r->str, r->len };
}

int64_t reply_number(const struct redisReply *r, int64_t fallback)
{
	struct bytes text = reply_bytes(r);
	int64_t value;
	bool negative;

	if (r && r->type == REDIS_REPLY_INTEGER)
		return r->integer;
	negative = text.len && text.data[0] == '-';
	if (negative)
		text = (struct bytes){ text.data + 1, text.len - 1 };
	if (!number_parse(text, 0, INT64_MAX, &value))
		return fallback;
	return negative ? -value : value;
}

bool reply_time(const struct redisReply *r, int64_t *out)
{
	int64_t seconds;
	int64_t us;

	if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 ||
	    !number_parse(reply_bytes(r->element[0]), 0, INT64_MAX / 2000, &seconds) ||
	    !number_parse(reply_bytes(r->element[1]), 0, 999999, &us))
		return false;
	*out = seconds * 1000 + us / 1000;
	return true;
}
