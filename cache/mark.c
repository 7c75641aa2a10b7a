#include "cache/mark.h"

#include "cache/redis.h"
#include "ops/support/number.h"
#include "schemas/topics.h"

#include <hiredis/hiredis.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char LOOKED[] = "looked";
static const char *const fields[] = { "epoch",     "applied", "cluster",     "partitions",
				      "layout",    "state",   "directory",   "workspaces",
				      "grants",    "log",     "last_offset", "last_time",
				      "last_hash", "suspect" };
enum {
	EPOCH,
	APPLIED,
	CLUSTER,
	PARTITIONS,
	LAYOUT,
	STATE,
	DIRECTORY,
	WORKSPACES,
	GRANTS,
	LOG,
	LAST_OFFSET,
	LAST_TIME,
	LAST_HASH,
	SUSPECT,
	FIELD_COUNT
};
/* What mark_append_vouch() asks for. */
static const int vouching[] = {
	EPOCH, CLUSTER, PARTITIONS, LAYOUT, STATE, DIRECTORY, LOG, SUSPECT
};
_Static_assert(sizeof(vouching) / sizeof(*vouching) == VOUCH_FIELDS, "VOUCH_FIELDS");
_Static_assert((int)FIELD_COUNT + 1 == (int)MARK_FIELDS, "MARK_FIELDS"); /* and `looked` */

void mark_append_read(struct pipeline *p, const struct keys *k)
{
	pipeline_command(p, 2 + FIELD_COUNT + 1);
	pipeline_text(p, "HMGET");
	pipeline_key(p, k, "mark", NULL);
	for (int i = 0; i < FIELD_COUNT; i++)
		pipeline_text(p, fields[i]);
	pipeline_text(p, LOOKED);
}

void mark_append_vouch(struct pipeline *p, const struct keys *k)
{
	pipeline_command(p, 2 + VOUCH_FIELDS);
	pipeline_text(p, "HMGET");
	pipeline_key(p, k, "mark", NULL);
	for (int i = 0; i < VOUCH_FIELDS; i++)
		pipeline_text(p, fields[vouching[i]]);
}

/* ---- damage ---- */

/* The numbers in the reply to mark_append_read(), and what they can be. */
static const struct number {
	const char *name;
	int64_t min;
	int64_t max;
	int field;
	bool needed; /* an older layout may lack the others, and a mark without a stamp one */
} numbers[] = {
	{ "epoch", 0, INT64_MAX, EPOCH, true },
	{ "applied", 0, INT64_MAX, APPLIED, true },
	{ "partitions", 1, PARTITIONS_MAX, PARTITIONS, true },
	{ "layout", 0, INT_MAX, LAYOUT, false },
	{ "directory", 0, INT64_MAX, DIRECTORY, false },
	{ "log", 0, INT64_MAX, LOG, false },
	{ "last_offset", 0, INT64_MAX, LAST_OFFSET, false },
	{ "last_time", 0, INT64_MAX, LAST_TIME, false },
	{ "last_hash", 0, INT64_MAX, LAST_HASH, false },
	{ "suspect", 0, 1, SUSPECT, false },
	{ "workspaces", 0, INT64_MAX, WORKSPACES, false },
	{ "grants", 0, INT64_MAX, GRANTS, false },
	{ "looked", 0, INT64_MAX, FIELD_COUNT, false },
};

/* A mark, or a part of it, by its fields. What was not asked for is NULL. */
struct parts {
	const redisReply *of[FIELD_COUNT + 1];
};

/* False when the reply is no mark. */
static bool take_parts(struct parts *out, const redisReply *reply)
{
	*out = (struct parts){ { NULL } };
	if (reply->type != REDIS_REPLY_ARRAY)
		return false;
	if (reply->elements == MARK_FIELDS)
		memcpy((void *)out->of, (void *)reply->element, sizeof(out->of));
	else if (reply->elements == VOUCH_FIELDS)
		for (int i = 0; i < VOUCH_FIELDS; i++)
			out->of[vouching[i]] = reply->element[i];
	return out->of[STATE] != NULL;
}

/* The numbers of a mark by their fields; those that it lacks are 0. */
struct numbers {
	int64_t of[FIELD_COUNT + 1];
};

/* Sets *out. Returns the first number that the mark cannot have; NULL: there is none, or no mark. */
static const struct number *parse_numbers(struct numbers *out, const struct parts *mark)
{
	const struct number *damaged = NULL;

	*out = (struct numbers){ { 0 } };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		const struct number *n = &numbers[i];
		const redisReply *part = mark->of[n->field];
		struct bytes text = reply_bytes(part);
		int64_t *value = &out->of[n->field];

		if (!part || number_parse(text, n->min, n->max, value) ||
		    (!text.data && !n->needed))
			continue;
		*value = reply_number(part, 0);
		if (!damaged)
			damaged = n;
	}
	return reply_bytes(mark->of[STATE]).data ? damaged : NULL;
}

/* Is the text so short and plain that a message may repeat it? */
static bool is_printable(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < ' ' || text.data[i] > '~')
			return false;
	return text.data && text.len <= 40;
}

static int fail_damaged(const struct number *n, const struct parts *mark, const struct keys *k,
			const char *address, struct error *err)
{
	struct bytes text = reply_bytes(mark->of[n->field]);

	if (!is_printable(text))
		text = bytes_of(text.data ? "(not a text)" : "(missing)");
	return error_set(err, ERROR_UNAVAILABLE,
			 "the mark %smark in Redis at %s is damaged: its field %s is %s, but must "
			 "be a number from %lld to %lld; a running sharebus-consumer rebuilds the "
			 "partition, so try again shortly",
			 k->base, address, n->name, text_of(text), (long long)n->min,
			 (long long)n->max);
}

/* ---- reading ---- */

static enum mark_state parse_state(struct bytes text)
{
	if (bytes_equal_text(text, "ready"))
		return MARK_READY;
	return bytes_equal_text(text, "rebuilding") ? MARK_REBUILDING : MARK_MISSING;
}

/* Does it have its counts, as far as it was asked for them? */
static bool is_counted(const struct parts *mark)
{
	return !mark->of[WORKSPACES] ||
	       (reply_bytes(mark->of[WORKSPACES]).data && reply_bytes(mark->of[GRANTS]).data);
}

/* Sets *out from the parts, whose numbers those are. */
static void set_mark(struct mark *out, const struct parts *mark, const struct numbers *n)
{
	struct bytes cluster = reply_bytes(mark->of[CLUSTER]);

	*out = (struct mark){
		.state = parse_state(reply_bytes(mark->of[STATE])),
		.epoch = n->of[EPOCH],
		.applied = n->of[APPLIED],
		.deployment.partitions = (int)n->of[PARTITIONS],
		.layout = (int)n->of[LAYOUT],
		.suspect = n->of[SUSPECT] != 0,
		.directory = n->of[DIRECTORY],
		.looked = n->of[FIELD_COUNT],
		.log = n->of[LOG],
		.tip = { n->of[LAST_OFFSET], n->of[LAST_TIME], n->of[LAST_HASH] },
		.workspaces = n->of[WORKSPACES],
		.grants = n->of[GRANTS],
	};
	if (out->state == MARK_READY && (!is_counted(mark) || out->layout < INDEX_LAYOUT))
		out->state = MARK_REBUILDING;
	if (!cluster.len)
		out->state = MARK_MISSING; /* it is nobody's */
	else
		memcpy(out->deployment.cluster, cluster.data,
		       cluster.len < CLUSTER_ID_SIZE ? cluster.len : CLUSTER_ID_SIZE - 1);
}

void mark_parse(struct mark *out, const struct redisReply *reply)
{
	struct parts mark;
	struct numbers n;

	*out = (struct mark){ .state = MARK_MISSING };
	if (take_parts(&mark, reply) && !parse_numbers(&n, &mark))
		set_mark(out, &mark, &n);
}

int mark_take(struct mark *out, const struct redisReply *reply, const struct keys *k,
	      const char *address, struct error *err)
{
	const struct number *damaged;
	struct parts mark;
	struct numbers n;

	if (!take_parts(&mark, reply)) {
		*out = (struct mark){ .state = MARK_MISSING };
		return 0;
	}
	damaged = parse_numbers(&n, &mark);
	if (damaged)
		return fail_damaged(damaged, &mark, k, address, err);
	set_mark(out, &mark, &n);
	return 0;
}

void mark_append_glance(struct pipeline *p, const struct keys *k)
{
	pipeline_command(p, 2 + GLANCE_FIELDS);
	pipeline_text(p, "HMGET");
	pipeline_key(p, k, "mark", NULL);
	pipeline_text(p, fields[EPOCH]);
	pipeline_text(p, fields[APPLIED]);
	pipeline_text(p, fields[STATE]);
	pipeline_text(p, LOOKED);
}

void mark_parse_glance(struct mark_glance *out, const struct redisReply *reply)
{
	enum { AT_EPOCH, AT_APPLIED, AT_STATE, AT_LOOKED };
	struct mark_glance g = { .state = MARK_MISSING };
	struct bytes looked;

	*out = g;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != GLANCE_FIELDS)
		return;
	g.state = parse_state(reply_bytes(reply->element[AT_STATE]));
	looked = reply_bytes(reply->element[AT_LOOKED]);
	if (number_parse(reply_bytes(reply->element[AT_EPOCH]), 0, INT64_MAX, &g.epoch) &&
	    number_parse(reply_bytes(reply->element[AT_APPLIED]), 0, INT64_MAX, &g.applied) &&
	    (!looked.data || number_parse(looked, 0, INT64_MAX, &g.looked)))
		*out = g;
}

struct mark_glance mark_glance_of(const struct mark *m)
{
	return (struct mark_glance){ m->state, m->epoch, m->applied, m->looked };
}

/* ---- writing ---- */

static const char *state_name(enum mark_state state)
{
	return state == MARK_REBUILDING ? "rebuilding" : "ready";
}

static void append_field(struct pipeline *p, int field, int64_t value)
{
	pipeline_text(p, fields[field]);
	pipeline_number(p, value);
}

static void append_tip(struct pipeline *p, const struct mark *m)
{
	append_field(p, LOG, m->log);
	append_field(p, LAST_OFFSET, m->tip.offset);
	append_field(p, LAST_TIME, m->tip.time);
	append_field(p, LAST_HASH, m->tip.hash);
	append_field(p, SUSPECT, m->suspect);
}

void mark_append_write(struct pipeline *p, const struct keys *k, const struct mark *m,
		       const char *topic)
{
	pipeline_command(p, 2 + 2 * (FIELD_COUNT + 1));
	pipeline_text(p, "HSET");
	pipeline_key(p, k, "mark", NULL);
	append_field(p, EPOCH, m->epoch);
	append_field(p, APPLIED, m->applied);
	pipeline_text(p, fields[CLUSTER]);
	pipeline_text(p, m->deployment.cluster);
	append_field(p, PARTITIONS, m->deployment.partitions);
	append_field(p, LAYOUT, INDEX_LAYOUT);
	pipeline_text(p, fields[STATE]);
	pipeline_text(p, state_name(m->state));
	append_field(p, DIRECTORY, m->directory);
	append_tip(p, m);
	append_field(p, WORKSPACES, m->workspaces);
	append_field(p, GRANTS, m->grants);
	pipeline_text(p, "topic");
	pipeline_text(p, topic);
}

void mark_append_applied(struct pipeline *p, const struct keys *k, const struct mark *m)
{
	pipeline_command(p, 2 + 2 * 9);
	pipeline_text(p, "HSET");
	pipeline_key(p, k, "mark", NULL);
	append_field(p, APPLIED, m->applied);
	append_field(p, DIRECTORY, m->directory);
	append_tip(p, m);
	append_field(p, WORKSPACES, m->workspaces);
	append_field(p, GRANTS, m->grants);
}

bool mark_lags(const struct mark *m, int64_t log, int64_t applied)
{
	return m->log != log ? m->log < log : m->applied < applied;
}

void mark_append_stamp(struct pipeline *p, const struct keys *k, const struct mark *m)
{
	pipeline_command(p, 7);
	pipeline_text(p, "EVAL");
	pipeline_text(p, MARK_STAMP_SCRIPT);
	pipeline_text(p, "1");
	pipeline_key(p, k, "mark", NULL);
	pipeline_number(p, m->epoch);
	pipeline_number(p, m->applied);
	pipeline_text(p, state_name(m->state));
}

bool mark_equal(const struct mark *a, const struct mark *b)
{
	return a->state == b->state && a->epoch == b->epoch && a->applied == b->applied &&
	       a->workspaces == b->workspaces && a->grants == b->grants &&
	       a->deployment.partitions == b->deployment.partitions &&
	       strcmp(a->deployment.cluster, b->deployment.cluster) == 0;
}

void mark_append_loading(struct pipeline *p, const struct keys *k, int64_t loaded, int64_t goal)
{
	pipeline_command(p, 6);
	pipeline_text(p, "HSET");
	pipeline_key(p, k, "mark", NULL);
	pipeline_text(p, "loaded");
	pipeline_number(p, loaded);
	pipeline_text(p, "goal");
	pipeline_number(p, goal);
}

void mark_append_loaded(struct pipeline *p, const struct keys *k)
{
	pipeline_command(p, 4);
	pipeline_text(p, "HDEL");
	pipeline_key(p, k, "mark", NULL);
	pipeline_text(p, "loaded");
	pipeline_text(p, "goal");
}

int mark_check(const struct mark *m, const struct deployment *d, const char *address,
	       struct error *err)
{
	if (m->state == MARK_MISSING)
		return 0;
	if (strcmp(m->deployment.cluster, d->cluster) != 0)
		return error_set(err, ERROR_REFUSED,
				 "the index in Redis at %s belongs to Kafka cluster %s, not to %s; "
				 "give each deployment its own Redis or its own prefix",
				 address, m->deployment.cluster, d->cluster);
	if (m->deployment.partitions != d->partitions)
		return error_set(
			err, ERROR_REFUSED,
			"the index in Redis at %s was made for %d partitions, but sharing.commands "
			"has %d; restore that number, which is fixed for the life of a "
			"deployment",
			address, m->deployment.partitions, d->partitions);
	if (m->layout > INDEX_LAYOUT)
		return error_set(err, ERROR_REFUSED,
				 "the index in Redis at %s has layout %d, but this program reads "
				 "layout %d; use programs of the same version",
				 address, m->layout, INDEX_LAYOUT);
	return 0;
}
