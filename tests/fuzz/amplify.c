/*
 * Records of sharing.commands and sharing.directory, up to the largest that the
 * client hands out once it has unpacked a batch, through the runner itself: what they
 * make is within what allowance.h allows for their size, in bytes of each kind, in
 * memory and in steps, and each output fits its topic.
 *
 * The fuzzer's bytes say what the records are like: how long their texts and lists
 * are, and what the first items are (shapes.h). The first byte has a bit for each
 * limit that differs; then each record begins with its kind.
 */

#include "consumer/output.h"
#include "consumer/runner.h"
#include "ops/support/hash.h"
#include "ops/support/log.h"
#include "schemas/bounds.h"

#include "tests/fuzz/allowance.h"
#include "tests/fuzz/meter.h"
#include "tests/fuzz/offline.h"
#include "tests/fuzz/populace.h"
#include "tests/fuzz/sending.h"
#include "tests/fuzz/target.h"

#include <stdio.h>

enum { RECORDS_MAX = 8, GRANTS_FEW = 40, GRANTS_MANY = 2000 };

static const char URL[] = "https://coder.example.com";

static struct codec *codec;
static struct arena arena; /* for what is sent */
static struct populace populace;
static struct limits limits;

/* A run that is being put together, or judged. */
static struct {
	struct sent list[RECORDS_MAX];
	bool shares[RECORDS_MAX]; /* it is a ShareWorkspace */
	size_t count;
	struct arrived arrived;
} run;

/* ---- what is made ---- */

/* Fails if there is more than is allowed. */
static void require_within(const char *what, size_t is, size_t allowed)
{
	if (is <= allowed)
		return;
	(void)fprintf(stderr, "%s: %zu, where %zu are allowed\n", what, is, allowed);
	abort();
}

static bool is_of_share(const struct output *o)
{
	for (size_t i = 0; i < run.count; i++)
		if (run.list[i].message.offset == o->offset)
			return run.shares[i];
	return false;
}

/* What a share makes known fits what it was told; all else fits the topics as they should be. */
static size_t limit_of(const struct output *o)
{
	bool shared = is_of_share(o);

	if (o->topic == TOPIC_DEADLETTER)
		return limits.dead_letter_bytes;
	if (shared && o->type == RECORD_SHARING_CHANGED)
		return limits.event_bytes;
	if (shared && o->type == RECORD_NOTIFICATION)
		return limits.notification_bytes;
	return topic_max_bytes(o->topic);
}

static size_t size_of(const struct output *o)
{
	size_t around = o->headers.data ? 0 : ENVELOPE_BYTES;

	return o->key.len + o->value.len + o->headers.len + around;
}

/* Returns the number of outputs. What one share makes known has a limit, too. */
static size_t judge_outputs(struct bytes packed)
{
	struct run_range range;
	struct output o;
	size_t outputs = 0;
	size_t told = 0; /* of the share with the offset `last` */
	int64_t last = -1;
	bool opened = outputs_open(&packed, &range);

	assert(opened);
	for (; output_take(&packed, &o); outputs++) {
		require_within(topic_name(o.topic), size_of(&o), limit_of(&o));
		told = o.offset == last ? told : 0;
		told += is_of_share(&o) ? o.value.len : 0;
		last = o.offset;
		if (o.topic == TOPIC_NOTIFICATIONS)
			require_within("what a share tells", told, limits.outputs_bytes);
	}
	assert(!packed.len);
	return outputs;
}

static void judge_run(const struct meter *took)
{
	const struct allowance allowed = allowance_of(&run.arrived);
	struct batch *b = offline_take_batch();
	size_t outputs = judge_outputs((struct bytes){ b->packed, b->len });

	require_within("outputs", outputs, allowed.outputs);
	require_within("bytes of outputs", b->len, allowed.bytes);
	require_within("bytes for Redis", offline_written(), b->len + allowed.commands);
	require_within("steps", took->steps, allowed.work);
	require_within("bytes allocated", took->memory,
		       allowance_of_memory(&run.arrived, offline_written()));
	batch_free_list(b);
}

/* ---- runs ---- */

static void add_subjects(const void *list, size_t size, size_t number)
{
	for (size_t i = 0; i < number; i++)
		run.arrived.people += populace_people(
			&populace, (const void *)((const uint8_t *)list + i * size));
	run.arrived.subjects += number;
}

/* Also reads the record, if it is no larger than what the consumer reads. */
static void weigh_bytes(const struct sent *s, struct record *r)
{
	const struct message *m = &s->message;
	struct arrived *sum = &run.arrived;
	size_t bytes = m->key.len + m->value.len;
	struct error err;

	for (size_t i = 0; i < s->header_count; i++)
		bytes += strlen(s->headers[i].name) + s->headers[i].value.len;
	r->type = RECORD_TYPE_COUNT;
	if (m->value.len <= COMMAND_BYTES_MAX) {
		sum->read += m->value.len;
		if (codec_decode(codec, m->value, &arena, r, &err))
			r->type = RECORD_TYPE_COUNT;
	}
	sum->records++;
	sum->headers += s->header_count;
	if (r->type == RECORD_TYPE_COUNT || !record_command(r))
		sum->unreadable += bytes;
}

static void weigh_share(const struct share_workspace *s)
{
	add_subjects(s->grants, sizeof(*s->grants), s->grant_count);
	run.arrived.artifacts += s->handoff ? s->handoff->artifact_count : 0;
}

/* Whom a handoff concerns is not known here; at most, everybody. */
static void weigh_answer(const struct answer_handoff *a)
{
	run.arrived.people += populace.users;
	run.arrived.artifacts += a->artifact_count;
}

/* Returns whether it is a ShareWorkspace. */
static bool weigh_record(const struct sent *s)
{
	struct arrived *sum = &run.arrived;
	struct record r;

	weigh_bytes(s, &r);
	if (r.type == RECORD_SHARE_WORKSPACE)
		weigh_share(&r.as.share_workspace);
	if (r.type == RECORD_ANSWER_HANDOFF)
		weigh_answer(&r.as.answer_handoff);
	if (r.type == RECORD_REMOVE_SHARING)
		add_subjects(r.as.remove_sharing.subjects, sizeof(*r.as.remove_sharing.subjects),
			     r.as.remove_sharing.subject_count);
	if (r.type == RECORD_WORKSPACE_CHANGED || r.type == RECORD_WORKSPACE_DELETED) {
		sum->subjects += sum->grants;
		sum->people += sum->holders;
	}
	return r.type == RECORD_SHARE_WORKSPACE;
}

static void weigh_run(const struct workspace *w)
{
	run.arrived = (struct arrived){ .grants = w->grant_count,
					.users = populace.users,
					.memberships = populace.memberships };
	for (size_t i = 0; i < w->grant_count; i++)
		run.arrived.holders += populace_people(&populace, &w->grants[i].subject);
	for (size_t i = 0; i < run.count; i++)
		run.shares[i] = weigh_record(&run.list[i]);
}

/* Carries out what was sent; more than one run if the outputs are large. */
static void carry_out(struct runner *runner, struct partition *part, const struct workspace *w)
{
	struct error err = { 0 };

	while (part->staged.count) {
		struct meter took;
		int rc;

		weigh_run(w);
		meter_start();
		rc = runner_run(runner, part, part->staged.count, -1, &err);
		took = meter_stop();
		assert(!rc);
		judge_run(&took);
	}
	run.count = 0;
}

static void stage_message(struct partition *part, enum what what, struct maker *m)
{
	const struct staged *staged = &part->staged;
	struct sent *s = &run.list[run.count++];

	sending_make(s, what, (uint8_t)run.count, codec, m);
	s->message.offset =
		staged->count ? message_end(&staged->list[staged->count - 1]) : part->mark.applied;
	staged_add(&part->staged, &s->message);
}

/* ---- the directory ---- */

static void announce_value(struct bytes value, const struct uuid *key)
{
	size_t replaced = populace_weight(&populace, key);
	struct allowance allowed = allowance_of_fact(value.len, replaced);
	struct projection changes;
	struct meter took;

	projection_init(&changes, offline_index());
	meter_start();
	populace_follow(&populace, codec, value, key, &changes);
	took = meter_stop();
	require_within("bytes for Redis", projection_size(&changes), allowed.commands);
	require_within("steps", took.steps, allowed.work);
	require_within("bytes allocated", took.memory,
		       allowance_of_fact_memory(value.len, replaced));
	projection_done(&changes);
}

static void announce(struct maker *m, bool tombstone)
{
	static const enum record_type types[] = { RECORD_USER_CHANGED, RECORD_GROUP_CHANGED,
						  RECORD_ORGANIZATION_CHANGED,
						  RECORD_DEPLOYMENT_CHANGED };
	uint8_t flaws = take_byte(m);
	enum record_type type = types[take_byte(m) % (sizeof(types) / sizeof(*types))];
	struct uuid key = { { 0 } };
	struct bytes value = { 0 };
	struct record r;

	make_record_of(&r, type, m);
	if (type != RECORD_DEPLOYMENT_CHANGED)
		key = r.as.user_changed.id; /* all begin with it */
	if (flaws & FLAW_ID)
		key.bytes[0] ^= 1;
	if (!tombstone)
		value = sending_encode(codec, &r, m, flaws);
	announce_value(value, &key);
}

/* ---- all of it ---- */

/* Bits of the first byte. */
enum option { MANY_GRANTS = 1, HIGH_MAX = 2, SMALL_TOPICS = 4, SMALL_LETTERS = 8, SMALL_RUNS = 16 };

static void set_limits(uint8_t options)
{
	limits = limits_default();
	limits.access_url_bytes = strlen(URL);
	if (options & HIGH_MAX)
		limits.grants_per_workspace = GRANTS_MAX;
	if (options & SMALL_TOPICS) {
		limits.event_bytes = 8192;
		limits.notification_bytes = 4096;
		limits.outputs_bytes = 128 * 1024;
	}
	if (options & SMALL_LETTERS)
		limits.dead_letter_bytes = 32 * 1024;
}

/* How large the records of one input may be in all; seldom as large as a topic takes. */
static size_t choose_size(uint8_t byte)
{
	if (byte < 192)
		return 4096;
	if (byte < 240)
		return 65536;
	return byte < 252 ? 1024 * 1024 : TOPIC_BYTES_DEAD;
}

static void send_all(struct runner *runner, struct partition *part, const struct workspace *w,
		     struct maker *m)
{
	for (size_t i = 0; i < RECORDS_MAX && m->from.len; i++) {
		uint8_t byte = take_byte(m);
		enum what what = byte % 8 < 4 ? SEND_RECORD : byte % 8 - 3;

		if (what == SEND_FACT || what == SEND_TOMBSTONE) {
			carry_out(runner, part, w);
			announce(m, what == SEND_TOMBSTONE);
			continue;
		}
		stage_message(part, what, m);
		if (byte & 0x80)
			carry_out(runner, part, w);
	}
	carry_out(runner, part, w);
}

static void run_all(uint8_t options, struct maker *m)
{
	const struct uuid id = numbered_id(ID_WORKSPACE, 0);
	struct workspaces *workspaces = workspaces_new(SIZE_MAX);
	const struct runner_options o = { .codec = codec,
					  .workspaces = workspaces,
					  .access_url = URL,
					  .partitions = 1,
					  .limits = &limits };
	struct runner *runner = runner_new(&o);
	struct held_workspace *held = workspaces_add(workspaces, 0, &id);
	struct partitions all;

	offline_own(&all);
	if (options & SMALL_RUNS)
		runner_limit_outputs(runner, 65536);
	populace_share(&held->workspace, options & MANY_GRANTS ? GRANTS_MANY : GRANTS_FEW, &arena);
	send_all(runner, &all.list[0], &held->workspace, m);
	partitions_done(&all);
	runner_free(&runner);
	workspaces_free(&workspaces);
}

static void prepare_once(void)
{
	static const uint8_t key[HASH_KEY_SIZE];
	struct error err = { 0 };
	int rc = codec_new(&codec, &err);

	assert(!rc);
	hash_fix_key(key);
	log_set_level(LOG_LEVEL_ERROR);
	meter_install();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct maker m = { { data, len }, &arena, true, 0 };
	uint8_t options = take_byte(&m);

	if (!codec)
		prepare_once();
	m.left = choose_size(take_byte(&m));
	set_limits(options);
	populace_fill(&populace, &arena);
	offline_show(populace.directory);
	run_all(options, &m);
	arena_done(&arena);
	return 0;
}
