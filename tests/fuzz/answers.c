/*
 * A Redis in the hands of somebody else: whole questions, of readers and of owners,
 * each of whose replies may be what no Redis would send. The first byte chooses the
 * question. Then, for each command that is sent, a byte says whether the reply is an
 * honest one, an honest one with one element replaced, or anything; the bytes after
 * it make what is dishonest. When the input is at its end, Redis is honest.
 */

#include "cache/check.h"
#include "cache/facts.h"
#include "cache/layout.h"
#include "cache/marks.h"
#include "cache/notifier_report.h"
#include "cache/redis.h"
#include "cache/scan.h"
#include "cache/shape.h"
#include "cache/stages.h"
#include "cache/stale.h"
#include "cache/unsent.h"
#include "cache/wait.h"

#include "tests/fuzz/target.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

enum { PARTITIONS = 2, WORDS_MAX = 64, DEPTH_MAX = 4, ELEMENTS_MAX = 64, IDS = 2 };

#define NOW_SECONDS "1800000000"

static const struct uuid ids[IDS] = { { "0123456789abcdef" }, { "fedcba9876543210" } };
static const struct bytes names[IDS] = { { (const uint8_t *)"bob", 3 },
					 { (const uint8_t *)"x", 1 } };
static const char header[] = "0123456789abcdeffedcba9876543210a";

static struct bytes input; /* what is left of it */
static int64_t monotonic_ms;
static struct arena *replies_arena; /* of the replies that are being made */

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker wants these names */
int __wrap_redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
			   struct error *err);
int __wrap_redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
				    struct replies *out, struct error *err);
int64_t __wrap_clock_monotonic_ms(void);
void __wrap_clock_pause_ms(int ms);
/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- replies ---- */

static redisReply *make_reply(int type)
{
	redisReply *r = arena_zalloc(replies_arena, 1, sizeof(*r));

	r->type = type;
	return r;
}

static redisReply *make_text(int type, struct bytes text)
{
	redisReply *r = make_reply(type);

	r->str = arena_alloc(replies_arena, text.len + 1);
	if (text.len)
		memcpy(r->str, text.data, text.len);
	r->str[text.len] = 0;
	r->len = text.len;
	return r;
}

static redisReply *make_string(const char *text)
{
	return make_text(REDIS_REPLY_STRING, bytes_of(text));
}

static redisReply *make_list(size_t count)
{
	redisReply *r = make_reply(REDIS_REPLY_ARRAY);

	r->element = arena_zalloc(replies_arena, count + 1, sizeof(redisReply *));
	r->elements = count;
	return r;
}

static redisReply *make_texts(const char *const *texts, size_t count)
{
	redisReply *r = make_list(count);

	for (size_t i = 0; i < count; i++)
		r->element[i] = texts[i] ? make_string(texts[i]) : make_reply(REDIS_REPLY_NIL);
	return r;
}

static uint8_t take_byte(void)
{
	uint8_t byte = 0;

	(void)bytes_take_u8(&input, &byte);
	return byte;
}

/* Types 0 to 15 include those of later protocols, which are not to be taken for others. */
static redisReply *make_anything(int depth)
{
	int type = take_byte() % 16;
	size_t len = take_byte();
	struct bytes text = { 0 };
	redisReply *r;

	if (type == REDIS_REPLY_ARRAY && depth < DEPTH_MAX) {
		r = make_list(len % ELEMENTS_MAX);
		for (size_t i = 0; i < r->elements; i++)
			r->element[i] = make_anything(depth + 1);
		return r;
	}
	if (type == REDIS_REPLY_INTEGER) {
		r = make_reply(type);
		r->integer = len < 128 ? (long long)len : len == 255 ? INT64_MIN : INT64_MAX;
		return r;
	}
	if (type == REDIS_REPLY_STRING || type == REDIS_REPLY_STATUS || type == REDIS_REPLY_ERROR) {
		(void)bytes_take(&input, len < input.len ? len : input.len, &text);
		return make_text(type, text);
	}
	return make_reply(type == REDIS_REPLY_ARRAY ? REDIS_REPLY_NIL : type);
}

/* ---- an honest Redis ---- */

/* The words of a command. */
struct words {
	struct bytes list[WORDS_MAX];
	size_t count;
};

static size_t take_head(struct bytes *rest)
{
	char *end = NULL;
	size_t value = strtoul((const char *)rest->data + 1, &end, 10);
	size_t used = (size_t)((const uint8_t *)end - rest->data) + 2;

	*rest = (struct bytes){ rest->data + used, rest->len - used };
	return value;
}

static void take_words(struct bytes *rest, struct words *w)
{
	size_t count = take_head(rest);

	w->count = count;
	assert(count <= WORDS_MAX);
	for (size_t i = 0; i < count; i++) {
		size_t len = take_head(rest);

		w->list[i] = (struct bytes){ rest->data, len };
		*rest = (struct bytes){ rest->data + len + 2, rest->len - len - 2 };
	}
}

static bool has_part(struct bytes key, const char *part)
{
	size_t len = strlen(part);

	for (size_t i = 0; i + len <= key.len; i++)
		if (memcmp(key.data + i, part, len) == 0)
			return true;
	return false;
}

/* The value of a field of a mark or a workspace; NULL: nil. */
static const char *field_value(struct bytes field)
{
	static char layout[12];
	const struct {
		const char *name;
		const char *value;
	} fields[] = {
		{ "epoch", "7" },           { "applied", "100" },
		{ "cluster", "cluster-a" }, { "partitions", "2" },
		{ "layout", layout },       { "state", "ready" },
		{ "directory", "0" },       { "workspaces", "1" },
		{ "grants", "0" },          { "looked", NOW_SECONDS "000" },
		{ LAYOUT_HEADER, header },  { LAYOUT_NAME, "dev" },
	};

	(void)snprintf(layout, sizeof(layout), "%d", INDEX_LAYOUT);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (bytes_equal_text(field, fields[i].name))
			return fields[i].value;
	return NULL;
}

static redisReply *answer_fields(const struct words *w)
{
	redisReply *r = make_list(w->count - 2);

	for (size_t i = 0; i < r->elements; i++) {
		const char *value = field_value(w->list[2 + i]);

		r->element[i] = value ? make_string(value) : make_reply(REDIS_REPLY_NIL);
	}
	return r;
}

static redisReply *answer_hash(const struct words *w)
{
	static const char *const user[] = { "username", "bob",  "status",
					    "active",   "orgs", "0123456789abcdefm" };
	static const char *const organization[] = { "name",     "acme",     "sharing",
						    "everyone", "lifetime", "0" };
	static const char *const group[] = { "name", "crew", "org", "0123456789abcdef" };
	static const char *const workspace[] = { "h", header, "n", "dev", "v", "3 0 0 0" };
	static const char *const reverse[] = { "0123456789abcdef", "fedcba9876543210" };
	bool empty = has_part(w->list[1], "}:deployment") || has_part(w->list[1], "}:unsent");

	if (has_part(w->list[1], "}:user:"))
		return make_texts(user, 6);
	if (has_part(w->list[1], "}:org:"))
		return make_texts(organization, 6);
	if (has_part(w->list[1], "}:group:"))
		return make_texts(group, 4);
	if (has_part(w->list[1], "}:ws:"))
		return make_texts(workspace, 6);
	return make_texts(reverse, empty ? 0 : 2);
}

static redisReply *answer_scan(void)
{
	static const char *const keys[] = { "sb:{dir}:user:0123456789abcdef", "sb:{0}:due" };
	redisReply *r = make_list(2);

	r->element[0] = make_string("0");
	r->element[1] = make_texts(keys, 2);
	return r;
}

static redisReply *answer_honestly(const struct words *w)
{
	static const char *const time[] = { NOW_SECONDS, "900" };
	static const char *const bearers[] = { "3:bob0123456789abcdef", "1:xfedcba9876543210" };
	static const char *const members[] = { "fedcba9876543210" };
	const struct bytes verb = w->list[0];

	if (bytes_equal_text(verb, "HMGET"))
		return answer_fields(w);
	if (bytes_equal_text(verb, "HGETALL"))
		return answer_hash(w);
	if (bytes_equal_text(verb, "TIME"))
		return make_texts(time, 2);
	if (bytes_equal_text(verb, "ZRANGEBYLEX") || bytes_equal_text(verb, "ZRANGE"))
		return make_texts(bearers, 2);
	if (bytes_equal_text(verb, "SMEMBERS") || bytes_equal_text(verb, "HRANDFIELD"))
		return make_texts(members, 1);
	if (bytes_equal_text(verb, "SCAN"))
		return answer_scan();
	if (bytes_equal_text(verb, "ZRANGEBYSCORE"))
		return make_list(0);
	if (bytes_equal_text(verb, "WATCH"))
		return make_text(REDIS_REPLY_STATUS, bytes_of("OK"));
	return make_reply(bytes_equal_text(verb, "SCARD") ? REDIS_REPLY_INTEGER : REDIS_REPLY_NIL);
}

/* An honest reply, an element of which may be replaced. */
static redisReply *answer_nearly(const struct words *w)
{
	redisReply *r = answer_honestly(w);
	size_t at = take_byte();

	if (r->type != REDIS_REPLY_ARRAY || !r->elements)
		return r;
	at %= r->elements;
	r->element[at] = make_anything(DEPTH_MAX - 1);
	return r;
}

static redisReply *answer_command(const struct words *w)
{
	switch (take_byte() % 4) {
	case 1:
		return answer_nearly(w);
	case 2:
		return make_anything(0);
	default:
		return answer_honestly(w);
	}
}

int __wrap_redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
			   struct error *err)
{
	struct bytes rest = buffer_bytes(&p->bytes);
	int rc;

	(void)r;
	replies_clear(out);
	replies_arena = &out->arena;
	rc = replies_reserve(out, p->commands, NULL);
	assert(!rc);
	for (out->count = 0; out->count < p->commands; out->count++) {
		struct words w;

		take_words(&rest, &w);
		out->list[out->count] = answer_command(&w);
	}
	rc = shape_check(p, out->list, "redis", err);
	if (rc)
		replies_clear(out);
	return rc;
}

int __wrap_redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
				    struct replies *out, struct error *err)
{
	(void)wait_ms;
	return __wrap_redis_roundtrip(r, p, out, err);
}

/* Time passes only by asking for it, so every wait ends after a few turns. */
int64_t __wrap_clock_monotonic_ms(void)
{
	monotonic_ms += 400;
	return monotonic_ms;
}

void __wrap_clock_pause_ms(int ms)
{
	monotonic_ms += ms;
}

/* ---- questions of readers ---- */

static int check_two(struct reader *r, struct arena *arena, struct error *err)
{
	struct people *people = people_new();
	const struct check questions[] = { { ids[0], ids[1], ACTION_SSH },
					   { ids[1], ids[0], ACTION_SHARE_USE } };
	struct access answers[2];
	int rc = check_many(&(struct checker){ r, people, arena }, questions, 2, answers, err);

	for (size_t i = 0; !rc && i < 2; i++)
		assert(answers[i].allowed == (answers[i].reason <= ACCESS_SITE_OWNER));
	people_free(&people);
	return rc;
}

static int look_up_names(struct reader *r, struct arena *arena, struct error *err)
{
	struct named_list all;
	struct bearers found[IDS] = { { .count = 0 } };
	int rc = lookup_usernames(r, names, IDS, found, err);

	if (!rc)
		rc = lookup_groupnames(r, &ids[0], names, IDS, found, err);
	return rc ? rc : lookup_all_organizations(r, arena, &all, err);
}

static int look_up_entities(struct reader *r, struct arena *arena, struct error *err)
{
	struct user_changed users[IDS];
	struct group_changed groups[IDS];
	struct organization_changed organizations[IDS];
	struct uuid_list list;
	int rc = lookup_users(r, ids, IDS, arena, users, err);

	if (!rc)
		rc = lookup_groups_of(r, &users[0], arena, &list, err);
	if (!rc)
		rc = lookup_groups(r, ids, IDS, arena, groups, err);
	return rc ? rc : lookup_organizations(r, ids, IDS, arena, organizations, err);
}

static int look_up_reverse(struct reader *r, struct arena *arena, struct error *err)
{
	const struct subject s = { SUBJECT_GROUP, ids[0] };
	struct uuid_list list = { 0 };
	struct bearers found = { .count = 0 };
	int rc = lookup_owned_by_name(r, &ids[0], names[0], &found, err);

	if (!rc)
		rc = lookup_owned(r, &ids[0], arena, &list, err);
	if (!rc)
		rc = lookup_shared_with(r, &s, arena, &list, err);
	return rc ? rc : lookup_shared_with_groups(r, &list, arena, &list, err);
}

static int look_up_workspaces(struct reader *r, struct arena *arena, struct error *err)
{
	struct workspace found[IDS];
	int rc = lookup_workspaces(r, ids, IDS, found, err);

	(void)arena;
	for (size_t i = 0; !rc && i < IDS; i++)
		workspace_done(&found[i]);
	return rc;
}

static int gather_facts(struct reader *r, struct arena *arena, struct error *err)
{
	const struct child_name children[] = { { ids[0], names[0] }, { ids[1], names[1] } };
	struct group_changed groups[IDS] = { { .id = ids[0] }, { .id = ids[1] } };
	struct workspace_changed workspaces[IDS];
	struct deployment_changed deployment;
	struct bearers found[IDS] = { { .count = 0 } };
	int rc = facts_group_ids(r, children, IDS, found, err);

	if (!rc)
		rc = facts_workspace_ids(r, children, IDS, found, err);
	if (!rc)
		rc = facts_members(r, groups, IDS, arena, err);
	if (!rc)
		rc = facts_workspaces(r, ids, IDS, arena, workspaces, err);
	return rc ? rc : facts_deployment(r, &deployment, err);
}

static int scan_all(struct reader *r, struct arena *arena, struct error *err)
{
	struct scanned found;

	return scan_ids(r, SCAN_ORGANIZATIONS | SCAN_USERS | SCAN_GROUPS | SCAN_WORKSPACES, arena,
			&found, err);
}

static int wait_applied_and_asked(struct reader *r, struct arena *arena, struct error *err)
{
	(void)arena;
	reader_require(r, 0, 50);
	return wait_applied(r, 0, 100, monotonic_ms + 1000, err);
}

/* ---- questions of owners and operators ---- */

static int read_as_owner(struct index *ix, struct arena *arena, struct error *err)
{
	const struct mark ours = { .state = MARK_READY,
				   .epoch = 7,
				   .applied = 100,
				   .deployment = { "cluster-a", PARTITIONS },
				   .layout = INDEX_LAYOUT,
				   .workspaces = 1 };
	const struct stale_question q = { .now = 1, .max = 10 };
	struct stale_list stale = { .arena = arena };
	struct holder_list holders = { .arena = arena };
	struct unsent_list unsent = { 0 };
	struct workspace w;
	struct workspace *const list[] = { &w };
	const struct index_part of = { &(int){ 0 }, 1 };
	uint64_t cursor = 0;
	int rc;

	workspace_init(&w, &ids[0]);
	rc = index_read(ix, 0, &ours, list, 1, err);
	workspace_done(&w);
	if (!rc)
		rc = stale_read(ix, 0, &ours, &q, &stale, err);
	if (!rc)
		rc = stale_scan(ix, &of, &cursor, &holders, err);
	if (!rc)
		rc = unsent_read(ix, 0, NULL, &unsent, err);
	unsent_done(&unsent);
	return rc;
}

static int own(struct arena *arena, struct error *err)
{
	const struct index_options o = { { .address = "redis:1" },
					 "sb",
					 "sharing.commands",
					 { "cluster-a", PARTITIONS },
					 1000 };
	struct index *ix = NULL;
	int rc = index_open(&ix, &o, err);

	assert(!rc);
	rc = read_as_owner(ix, arena, err);
	index_close(&ix);
	return rc;
}

static int operate(struct arena *arena, struct error *err)
{
	const struct marks_source from = { { .address = "redis:1" }, "sb", 1000 };
	struct marks marks;
	struct notifier_report *reports;
	struct stages *stages;
	size_t count;
	int rc = marks_read(&marks, &from, 0, arena, err);

	if (rc)
		return rc;
	assert(marks.count <= 1024);
	rc = stages_read(&stages, &count, &from, PARTITIONS, arena, err);
	return rc ? rc : notifier_reports_read(&reports, &count, &from, PARTITIONS, arena, err);
}

/* ---- all of them ---- */

typedef int question(struct reader *r, struct arena *arena, struct error *err);

static question *const questions[] = {
	check_two,          look_up_names, look_up_entities, look_up_reverse,
	look_up_workspaces, gather_facts,  scan_all,         wait_applied_and_asked,
};
enum { QUESTIONS = sizeof(questions) / sizeof(*questions) };

static int read_index(question *ask, struct arena *arena, struct error *err)
{
	struct reader *r = NULL;
	int rc = reader_open(&r, &(struct redis_target){ .address = "redis:1" }, "sb", 1000, err);

	if (!rc)
		rc = ask(r, arena, err);
	reader_close(&r);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena arena;
	struct error err = { 0 };
	uint8_t which;
	int rc;

	input = (struct bytes){ data, len };
	which = take_byte() % (QUESTIONS + 2);
	monotonic_ms = 0;
	if (which < QUESTIONS)
		rc = read_index(questions[which], &arena, &err);
	else
		rc = which == QUESTIONS ? own(&arena, &err) : operate(&arena, &err);
	assert(rc <= 0 && (!rc || (err.code == (enum error_code)rc && err.text[0])));
	assert(len > 1 || !rc); /* an honest Redis gets an answer */
	arena_reset(&arena);
	return 0;
}
