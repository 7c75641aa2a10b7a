/*
 * Stands in for cache/redis.h, with the same connections and replies. The commands
 * are carried out here, on store.h. As with the real Redis, commands of others may
 * come between two commands of a pipeline, but not between MULTI and EXEC.
 */

#include "cache/redis.h"

#include "cache/keys.h"
#include "cache/mark.h"
#include "cache/shape.h"
#include "ops/support/clock.h"
#include "tests/unit/simulation/check.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"
#include "tests/unit/simulation/store.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARGUMENTS_MAX = 96, QUEUE_MAX = 512, WATCHES_MAX = 8, SCAN_BUCKETS = 24, LATE_CHANCE = 500 };

struct watch {
	struct store_key *key;
	uint64_t version;
};

struct redis {
	char *address;
	const char *who; /* for the trace */
	unsigned connection;
	bool connected;
	bool full; /* Redis takes no writes in this round trip */
	unsigned restarts;
	struct watch watches[WATCHES_MAX];
	size_t watch_count;
	bool multi;
	bool spoilt; /* a command of the transaction was refused */
	struct bytes queue[QUEUE_MAX];
	size_t queue_count;
};

struct words {
	struct bytes list[ARGUMENTS_MAX];
	size_t count;
};

/* ---- replies ---- */

static redisReply *reply_of(int type)
{
	redisReply *r = calloc(1, sizeof(*r));

	assert(r);
	r->type = type;
	return r;
}

static redisReply *text(int type, struct bytes b)
{
	redisReply *r = reply_of(b.data ? type : REDIS_REPLY_NIL);

	if (!b.data)
		return r;
	r->str = malloc(b.len + 1);
	assert(r->str);
	memcpy(r->str, b.data, b.len);
	r->str[b.len] = 0;
	r->len = b.len;
	return r;
}

static redisReply *word(const char *s)
{
	return text(REDIS_REPLY_STATUS, bytes_of(s));
}

static redisReply *refusal(const char *s)
{
	return text(REDIS_REPLY_ERROR, bytes_of(s));
}

static redisReply *number(long long n)
{
	redisReply *r = reply_of(REDIS_REPLY_INTEGER);

	r->integer = n;
	return r;
}

static redisReply *array(size_t count)
{
	redisReply *r = reply_of(REDIS_REPLY_ARRAY);

	r->element = calloc(count + 1, sizeof(redisReply *));
	assert(r->element);
	r->elements = count;
	return r;
}

static void reply_free(redisReply *r)
{
	for (size_t i = 0; i < r->elements; i++)
		reply_free(r->element[i]);
	free((void *)r->element);
	free(r->str);
	free(r);
}

/* ---- commands ---- */

static redisReply *do_hset(const struct words *c)
{
	struct store_key *k = store_find(c->list[1], true);

	for (size_t i = 2; i + 1 < c->count; i += 2)
		store_set(k, c->list[i], c->list[i + 1]);
	return number(0);
}

static redisReply *do_hdel(const struct words *c)
{
	struct store_key *k = store_find(c->list[1], true);
	long long gone = 0;

	for (size_t i = 2; i < c->count; i++)
		gone += store_drop(k, c->list[i]);
	return number(gone);
}

static redisReply *do_del(const struct words *c)
{
	store_delete(store_find(c->list[1], true));
	return number(0);
}

static redisReply *do_hmget(const struct words *c)
{
	const struct store_key *k = store_find(c->list[1], false);
	redisReply *r = array(c->count - 2);

	for (size_t i = 2; i < c->count; i++)
		r->element[i - 2] = text(REDIS_REPLY_STRING, store_get(k, c->list[i]));
	return r;
}

static redisReply *do_hgetall(const struct words *c)
{
	const struct store_key *k = store_find(c->list[1], false);
	size_t count = k ? k->count : 0;
	redisReply *r = array(2 * count);

	for (size_t i = 0; i < count; i++) {
		r->element[2 * i] = text(REDIS_REPLY_STRING, k->fields[i].name);
		r->element[2 * i + 1] = text(REDIS_REPLY_STRING, k->fields[i].value);
	}
	return r;
}

/* ZADD key score member: a field whose value is the score. */
static redisReply *do_zadd(const struct words *c)
{
	store_set(store_find(c->list[1], true), c->list[3], c->list[2]);
	return number(0);
}

static int64_t score_of(const struct store_field *f)
{
	char digits[24] = "";

	memcpy(digits, f->value.data,
	       f->value.len < sizeof(digits) ? f->value.len : sizeof(digits) - 1);
	return strtoll(digits, NULL, 10);
}

/* By score, then by member. */
static int by_score(const void *a, const void *b)
{
	const struct store_field *x = a;
	const struct store_field *y = b;

	if (score_of(x) != score_of(y))
		return score_of(x) < score_of(y) ? -1 : 1;
	return memcmp(x->name.data, y->name.data, x->name.len);
}

/* ZRANGEBYSCORE key -inf max WITHSCORES LIMIT 0 count */
static redisReply *do_zrange(const struct words *c)
{
	const struct store_key *k = store_find(c->list[1], false);
	int64_t max = strtoll((const char *)c->list[3].data, NULL, 10);
	size_t limit = strtoul((const char *)c->list[7].data, NULL, 10);
	size_t count = 0;
	redisReply *r;

	if (k && k->count)
		qsort(k->fields, k->count, sizeof(*k->fields), by_score);
	while (k && count < k->count && count < limit && score_of(&k->fields[count]) <= max)
		count++;
	r = array(2 * count);
	for (size_t i = 0; i < count; i++) {
		r->element[2 * i] = text(REDIS_REPLY_STRING, k->fields[i].name);
		r->element[2 * i + 1] = text(REDIS_REPLY_STRING, k->fields[i].value);
	}
	return r;
}

/* HRANDFIELD or ZRANDMEMBER key count: the first ones are as random as any. */
static redisReply *do_hrandfield(const struct words *c)
{
	const struct store_key *k = store_find(c->list[1], false);
	size_t limit = strtoul((const char *)c->list[2].data, NULL, 10);
	size_t count = !k ? 0 : k->count < limit ? k->count : limit;
	redisReply *r = array(count);

	for (size_t i = 0; i < count; i++)
		r->element[i] = text(REDIS_REPLY_STRING, k->fields[i].name);
	return r;
}

/* HGET key field, or ZSCORE key member: the score is the value. */
static redisReply *do_hget(const struct words *c)
{
	return text(REDIS_REPLY_STRING, store_get(store_find(c->list[1], false), c->list[2]));
}

static redisReply *do_hexists(const struct words *c)
{
	return number(store_get(store_find(c->list[1], false), c->list[2]).data != NULL);
}

/* HLEN, ZCARD or XLEN key */
static redisReply *do_hlen(const struct words *c)
{
	const struct store_key *k = store_find(c->list[1], false);

	return number(k ? (long long)k->count : 0);
}

static bool ends_with(struct bytes key, const char *tail)
{
	size_t len = strlen(tail);

	return key.len >= len && memcmp(key.data + key.len - len, tail, len) == 0;
}

/* Is it "sb:{p}:o:<id>"? */
static bool names_owner(struct bytes key)
{
	const uint8_t *brace = memchr(key.data, '}', key.len);

	return brace && key.data + key.len - brace > 4 && memcmp(brace, "}:o:", 4) == 0;
}

/* TYPE key: the store does not know it, but the names do. */
static redisReply *do_type(const struct words *c)
{
	const struct store_key *k = store_find(c->list[1], false);

	if (!k || !k->count)
		return word("none");
	if (ends_with(k->name, ":due") || names_owner(k->name))
		return word("zset");
	return word(ends_with(k->name, ":outcomes") ? "stream" : "hash");
}

/* XADD key MINID ~ n id field value; an entry's id must be above all others. */
static redisReply *do_xadd(const struct words *c)
{
	struct store_key *k = store_find(c->list[1], true);
	long long id = strtoll((const char *)c->list[5].data, NULL, 10);

	for (size_t i = 0; i < k->count; i++)
		if (strtoll((const char *)k->fields[i].name.data, NULL, 10) >= id)
			return refusal("ERR The ID specified in XADD is equal or smaller than the "
				       "target stream top item");
	store_set(k, c->list[5], c->list[7]);
	return text(REDIS_REPLY_STRING, c->list[5]);
}

/* EVAL MARK_STAMP_SCRIPT 1 key epoch applied state, and no other script. */
static redisReply *do_eval(const struct words *c)
{
	static const char *const fields[] = { "epoch", "applied", "state" };
	struct store_key *k = store_find(c->list[3], true);
	char looked[24];

	assert(bytes_equal_text(c->list[1], MARK_STAMP_SCRIPT));
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!bytes_equal(store_get(k, bytes_of(fields[i])), c->list[4 + i]))
			return number(0);
	(void)snprintf(looked, sizeof(looked), "%lld", (long long)clock_unix_ms());
	store_set(k, bytes_of("looked"), bytes_of(looked));
	return number(1);
}

/* SCAN cursor ...: the cursor is a bucket; all keys match the prefix. */
static redisReply *do_scan(const struct words *c)
{
	size_t from = strtoul((const char *)c->list[1].data, NULL, 10);
	size_t to = from + SCAN_BUCKETS < STORE_BUCKETS ? from + SCAN_BUCKETS : STORE_BUCKETS;
	redisReply *r = array(2);
	char cursor[24];
	size_t count = 0;
	size_t at = 0;

	for (size_t i = from; i < to; i++)
		for (const struct store_key *k = store_bucket(i); k; k = k->next)
			count += k->count > 0;
	(void)snprintf(cursor, sizeof(cursor), "%zu", to == STORE_BUCKETS ? 0 : to);
	r->element[0] = text(REDIS_REPLY_STRING, bytes_of(cursor));
	r->element[1] = array(count);
	for (size_t i = from; i < to; i++)
		for (const struct store_key *k = store_bucket(i); k; k = k->next)
			if (k->count)
				r->element[1]->element[at++] = text(REDIS_REPLY_STRING, k->name);
	return r;
}

static redisReply *do_info(const struct words *c)
{
	(void)c;
	return text(REDIS_REPLY_STRING, bytes_of("maxmemory_policy:noeviction"));
}

static const struct verb {
	const char *name;
	bool writes;
	redisReply *(*act)(const struct words *c);
} verbs[] = {
	{ "HMGET", false, do_hmget },
	{ "HGETALL", false, do_hgetall },
	{ "HSET", true, do_hset },
	{ "HDEL", true, do_hdel },
	{ "DEL", true, do_del },
	{ "UNLINK", true, do_del },
	{ "XADD", true, do_xadd },
	{ "SCAN", false, do_scan },
	{ "EVAL", true, do_eval },
	{ "INFO", false, do_info },
	{ "ZADD", true, do_zadd },
	{ "ZREM", true, do_hdel },
	{ "ZRANGEBYSCORE", false, do_zrange },
	{ "HRANDFIELD", false, do_hrandfield },
	{ "ZRANDMEMBER", false, do_hrandfield },
	{ "HGET", false, do_hget },
	{ "HEXISTS", false, do_hexists },
	{ "ZSCORE", false, do_hget },
	{ "HLEN", false, do_hlen },
	{ "ZCARD", false, do_hlen },
	{ "XLEN", false, do_hlen },
	{ "TYPE", false, do_type },
};

static const struct verb *verb_of(const struct words *c)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (bytes_equal_text(c->list[0], verbs[i].name))
			return &verbs[i];
	broken_promise("the simulated Redis has no command %.*s", (int)c->list[0].len,
		       (const char *)c->list[0].data);
}

/* ---- RESP ---- */

/* Takes "<mark><number>\r\n". */
static size_t take_number(struct bytes *rest, char mark)
{
	size_t used = 1;
	size_t n = 0;

	for (; used < rest->len && rest->data[used] != '\r'; used++)
		n = 10 * n + (size_t)(rest->data[used] - '0');
	used += 2;
	assert(rest->data[0] == (uint8_t)mark && used <= rest->len);
	*rest = (struct bytes){ rest->data + used, rest->len - used };
	return n;
}

/* Takes the next command off *rest; *raw is all its bytes. */
static void take_command(struct bytes *rest, struct words *c, struct bytes *raw)
{
	const uint8_t *begin = rest->data;

	c->count = take_number(rest, '*');
	assert(c->count && c->count <= ARGUMENTS_MAX);
	for (size_t i = 0; i < c->count; i++) {
		size_t len = take_number(rest, '$');

		c->list[i] = (struct bytes){ rest->data, len };
		*rest = (struct bytes){ rest->data + len + 2, rest->len - len - 2 };
	}
	*raw = (struct bytes){ begin, (size_t)(rest->data - begin) };
}

/* ---- transactions ---- */

static bool is_word(const struct words *c, const char *name)
{
	return bytes_equal_text(c->list[0], name);
}

static redisReply *watch(struct redis *r, const struct words *c)
{
	struct store_key *k = store_find(c->list[1], true);

	assert(r->watch_count < WATCHES_MAX);
	r->watches[r->watch_count++] = (struct watch){ k, k->version };
	return word("OK");
}

static redisReply *queue(struct redis *r, const struct words *c, struct bytes raw)
{
	if (r->full && verb_of(c)->writes) {
		r->spoilt = true;
		return refusal("OOM command not allowed when used memory > 'maxmemory'.");
	}
	assert(r->queue_count < QUEUE_MAX);
	r->queue[r->queue_count++] = raw;
	return word("QUEUED");
}

static bool is_undisturbed(const struct redis *r)
{
	for (size_t i = 0; i < r->watch_count; i++)
		if (r->watches[i].key->version != r->watches[i].version)
			return false;
	return true;
}

static redisReply *carry_out(struct redis *r)
{
	redisReply *all = array(r->queue_count);
	struct words c;
	struct bytes raw;

	for (size_t i = 0; i < r->queue_count; i++) {
		struct bytes one = r->queue[i];

		take_command(&one, &c, &raw);
		all->element[i] = verb_of(&c)->act(&c);
	}
	return all;
}

static void end_transaction(struct redis *r)
{
	r->multi = false;
	r->spoilt = false;
	r->queue_count = 0;
	r->watch_count = 0;
}

static redisReply *exec(struct redis *r)
{
	redisReply *reply;

	if (r->spoilt)
		reply = refusal("EXECABORT Transaction discarded because of previous errors.");
	else if (is_undisturbed(r))
		reply = carry_out(r);
	else
		reply = reply_of(REDIS_REPLY_NIL);
	trace("%s EXEC of %zu commands: %s", r->who, r->queue_count,
	      reply->type == REDIS_REPLY_ARRAY ? "done"
	      : reply->type == REDIS_REPLY_NIL ? "the mark has moved"
					       : reply->str);
	end_transaction(r);
	if (reply->type == REDIS_REPLY_ARRAY)
		check_readers();
	return reply;
}

static redisReply *act(struct redis *r, const struct words *c, struct bytes raw)
{
	if (is_word(c, "WATCH"))
		return watch(r, c);
	if (is_word(c, "UNWATCH")) {
		r->watch_count = 0;
		return word("OK");
	}
	if (is_word(c, "MULTI")) {
		r->multi = true;
		return word("OK");
	}
	if (is_word(c, "EXEC"))
		return exec(r);
	if (r->multi)
		return queue(r, c, raw);
	if (r->full && verb_of(c)->writes)
		return refusal("OOM command not allowed when used memory > 'maxmemory'.");
	return verb_of(c)->act(c);
}

/* ---- cache/redis.h ---- */

int redis_new(struct redis **out, const struct redis_target *target, int timeout_ms,
	      struct error *err)
{
	struct redis *r = calloc(1, sizeof(*r));

	(void)timeout_ms;
	(void)err;
	assert(r);
	r->address = strdup(target->address);
	r->who = process_current()->instance;
	*out = r;
	return 0;
}

void redis_free(struct redis **r)
{
	if (!*r)
		return;
	free((*r)->address);
	free(*r);
	*r = NULL;
}

const char *redis_address(const struct redis *r)
{
	return r->address;
}

bool redis_is_connected(const struct redis *r)
{
	(void)r;
	return true;
}

unsigned redis_connection(const struct redis *r)
{
	return r->connection;
}

bool redis_is_cluster(const struct redis *r)
{
	(void)r;
	return false;
}

unsigned redis_node(const struct redis *r, struct bytes key)
{
	(void)r;
	(void)key;
	return 0;
}

void redis_name_node(const struct redis *r, struct bytes key, char out[static REDIS_NODE_SIZE])
{
	(void)r;
	(void)key;
	*out = '\0';
}

/* The last pipeline that Redis had not read completely when its connection broke. */
static struct {
	struct redis connection;
	struct bytes rest;
	size_t commands;
} late;

void redis_begin(void)
{
	late.commands = 0;
}

static void keep_for_later(const struct redis *r, struct bytes rest, size_t commands)
{
	late.connection = *r;
	late.rest = world_copy(rest);
	late.commands = commands;
}

void redis_read_late(void)
{
	struct redis *r = &late.connection;
	struct words c;
	struct bytes raw;

	if (!late.commands || r->restarts != store_restarts())
		return;
	trace("      Redis reads %zu late commands of %s", late.commands, r->who);
	for (; late.commands; late.commands--) {
		take_command(&late.rest, &c, &raw);
		reply_free(act(r, &c, raw));
	}
}

static int broken(struct redis *r, const struct pipeline *p, struct bytes rest, struct error *err)
{
	size_t left = p->commands;

	for (struct bytes at = buffer_bytes(&p->bytes); at.len > rest.len; left--) {
		struct words c;
		struct bytes raw;

		take_command(&at, &c, &raw);
	}
	trace("%s its connection to Redis breaks with %zu of %zu commands left", r->who, left,
	      p->commands);
	if (left && !r->multi && chance(LATE_CHANCE))
		keep_for_later(r, rest, left);
	end_transaction(r);
	r->connected = false;
	r->connection++;
	return error_set(err, ERROR_UNAVAILABLE, "the connection to Redis at %s broke", r->address);
}

static void connect_now(struct redis *r)
{
	if (r->connected)
		return;
	r->connected = true;
	r->restarts = store_restarts();
}

static void reserve(struct replies *out, size_t count)
{
	replies_clear(out);
	if (out->cap >= count)
		return;
	out->list = realloc((void *)out->list, count * sizeof(struct redisReply *));
	assert(out->list);
	out->cap = count;
}

int redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
		    struct error *err)
{
	bool breaks = chance(schedule.rates.redis_breaks);
	size_t breaks_at = breaks ? draw((unsigned)p->commands + 1) : SIZE_MAX;
	struct bytes rest = buffer_bytes(&p->bytes);
	struct words c;
	struct bytes raw;

	reserve(out, p->commands);
	connect_now(r);
	r->full = chance(schedule.rates.redis_full);
	for (size_t i = 0; i < p->commands; i++) {
		if (!r->multi)
			step("asks Redis");
		if (r->restarts != store_restarts() || i == breaks_at)
			return broken(r, p, rest, err);
		take_command(&rest, &c, &raw);
		out->list[out->count++] = act(r, &c, raw);
	}
	if (breaks)
		return broken(r, p, rest, err);
	return shape_check(p, out->list, r->address, err);
}

void replies_clear(struct replies *r)
{
	for (size_t i = 0; i < r->count; i++)
		reply_free(r->list[i]);
	r->count = 0;
}

void replies_done(struct replies *r)
{
	replies_clear(r);
	free((void *)r->list);
	*r = (struct replies){ 0 };
}

static int check_one(const redisReply *r, struct error *err)
{
	return r->type == REDIS_REPLY_ERROR
		       ? error_set(err, ERROR_UNAVAILABLE, "Redis cannot serve now: %s", r->str)
		       : 0;
}

int reply_check(const struct redisReply *r, const char *address, struct error *err)
{
	int rc = check_one(r, err);

	(void)address;
	for (size_t i = 0; !rc && i < r->elements; i++)
		rc = check_one(r->element[i], err);
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
	struct bytes digits = reply_bytes(r);
	char *end = NULL;
	long long value;

	if (r && r->type == REDIS_REPLY_INTEGER)
		return r->integer;
	if (!digits.len)
		return fallback;
	value = strtoll((const char *)digits.data, &end, 10);
	return *end ? fallback : value;
}
