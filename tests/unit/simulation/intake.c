/*
 * Stands in for consumer/intake.h, lookback.h and message.h: what a process sees of the
 * consumer group and of sharing.commands.
 */

#include "consumer/intake.h"

#include "consumer/lookback.h"
#include "ops/support/memory.h"
#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdlib.h>

enum {
	STOP_CHANCE = 250, /* that nothing more has arrived: so there are runs of all sizes */
	TURN_MAX_MS = 400, /* of a turn before which the loop did not wait */
};

/* ---- message.h ---- */

struct message message_hole(int partition, int64_t offset, int64_t unix_ms, const char *why)
{
	return (struct message){
		.partition = partition,
		.offset = offset,
		.time = unix_ms,
		.hole = 1,
		.why = memory_must(strdup(why)),
	};
}

void message_done(struct message *m)
{
	free(m->why);
	*m = (struct message){ 0 };
}

struct bytes message_header(const struct message *m, const char *name)
{
	const struct input *in = m->handle;

	return strcmp(name, "ce_id") == 0 ? in->ce_id : (struct bytes){ 0 };
}

struct author message_author(const struct message *m, const char *topic, struct signing *s)
{
	(void)m;
	(void)topic;
	(void)s;
	return (struct author){ .proof = PROOF_NONE };
}

bool message_header_at(const struct message *m, size_t i, const char **name, struct bytes *value)
{
	const struct input *in = m->handle;

	if (i || !in)
		return false;
	*name = "ce_id";
	*value = in->ce_id;
	return true;
}

/* ---- lookback.h ---- */

struct lookback {
	char unused;
};

int lookback_open(struct lookback **out, const struct config *config, struct error *err)
{
	(void)config;
	(void)err;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	return 0;
}

void lookback_close(struct lookback **l)
{
	free(*l);
	*l = NULL;
}

int lookback_read(struct lookback *l, const struct lookback_range *range, int wait_ms,
		  struct tip *out, struct error *err)
{
	const struct input *in = model.inputs[range->partition];
	int64_t log_end = broker_end(range->partition);
	int64_t end = log_end < range->until ? log_end : range->until;

	(void)l;
	(void)wait_ms;
	step("looks back");
	if (request_fails())
		return request_failed("looking back", err);
	*out = (struct tip){ 0 };
	for (int64_t at = range->from; at < end; at++) {
		if (in[at].hole && at < range->until - LOOKBACK_LAST_OFFSETS)
			at = range->until - LOOKBACK_LAST_OFFSETS;
		if (at < end && !in[at].hole && !in[at].marker)
			*out = tip_of(at, in[at].time, in[at].key, in[at].value);
	}
	return 0;
}

/* ---- intake.h ---- */

struct intake {
	struct intake_owner owner;
	int member;
	bool joined;
	int generation; /* of which the process believes to be a member; -1: of none */
	bool assigned[PARTITIONS];
	bool paused[PARTITIONS];
	int64_t position[PARTITIONS];
	int64_t told_end[PARTITIONS]; /* the end that was reported last; NO_OFFSET: none */
};

int intake_open(struct intake **out, const struct config *config, const struct intake_owner *owner,
		const struct waker *waker, struct error *err)
{
	struct intake *in = calloc(1, sizeof(*in));

	(void)config;
	(void)waker;
	(void)err;
	assert(in);
	in->owner = *owner;
	in->member = process_current()->number;
	in->generation = -1;
	*out = in;
	return 0;
}

int intake_deployment(struct intake *in, struct deployment *out, struct error *err)
{
	(void)in;
	step("asks for the deployment");
	if (request_fails())
		return request_failed("asking for the deployment", err);
	*out = (struct deployment){ .cluster = "simulated", .partitions = PARTITIONS };
	return 0;
}

int intake_join(struct intake *in, struct error *err)
{
	(void)err;
	step("joins");
	broker_leave(in->member); /* its predecessor, if that is still a member */
	broker_join(in->member);
	in->joined = true;
	return 0;
}

static void give_back(struct intake *in, bool lost)
{
	bool had = in->generation >= 0;

	if (had)
		in->owner.taken(in->owner.context, lost);
	in->generation = -1;
	memset(in->assigned, 0, sizeof(in->assigned));
}

static void take_assignment(struct intake *in)
{
	struct member *m = &broker.members[in->member];
	int partitions[PARTITIONS];
	size_t count = 0;

	m->to_give = false;
	in->generation = broker.generation;
	memcpy(in->assigned, m->assigned, sizeof(in->assigned));
	for (int p = 0; p < PARTITIONS; p++) {
		in->paused[p] = true;
		if (in->assigned[p])
			partitions[count++] = p;
	}
	in->owner.given(in->owner.context, partitions, count, false);
}

/* Does what the group demands, which comes before any record. True: it had to join again. */
static bool serve_group(struct intake *in)
{
	const struct member *m = &broker.members[in->member];

	if (!m->active) {
		give_back(in, true);
		step("joins again");
		broker_join(in->member);
		return true;
	}
	if (broker.preparing && !m->rejoined) {
		give_back(in, false);
		step("is ready for the next generation");
		broker_rejoin(in->member);
		return true;
	}
	if (m->to_give)
		take_assignment(in);
	return false;
}

/* Skips markers, which nobody is given. False: the partition is not being fetched. */
static bool skip_markers(struct intake *in, int partition)
{
	int64_t *at = &in->position[partition];

	if (!in->assigned[partition] || in->paused[partition])
		return false;
	while (*at < broker_end(partition) && model.inputs[partition][*at].marker)
		(*at)++;
	return true;
}

static bool fetch(struct intake *in, struct message *out)
{
	int first = (int)draw(PARTITIONS);

	for (int i = 0; i < PARTITIONS; i++) {
		int p = (first + i) % PARTITIONS;
		struct input *record;

		if (!skip_markers(in, p) || in->position[p] >= broker_end(p))
			continue;
		record = &model.inputs[p][in->position[p]];
		if (record->hole) { /* and it comes again */
			*out = message_hole(p, record->hole_begin, record->time, "too large");
			return true;
		}
		*out = (struct message){ .partition = p,
					 .offset = in->position[p]++,
					 .time = record->time,
					 .key = record->key,
					 .value = record->value,
					 .handle = record };
		return true;
	}
	return false;
}

/* A fetch beyond the log's end makes the real intake join the group anew. */
static bool is_beyond_end(const struct intake *in)
{
	for (int p = 0; p < PARTITIONS; p++)
		if (in->assigned[p] && !in->paused[p] && in->position[p] > broker_end(p))
			return true;
	return false;
}

/* Reports each end of a log once. */
static bool reach_end(struct intake *in, struct message *out)
{
	for (int p = 0; p < PARTITIONS; p++) {
		if (!skip_markers(in, p) || in->position[p] < broker_end(p) ||
		    in->told_end[p] == broker_end(p))
			continue;
		in->told_end[p] = broker_end(p);
		*out = (struct message){ .partition = p, .offset = broker_end(p) };
		return true;
	}
	return false;
}

/*
 * A loop that has work left turns again without waiting. A rebuild or a survey
 * takes thousands of turns outside, with room for anything to happen between
 * them, and a handful here: so such a turn takes time, and the others go on.
 */
static void take_time(void)
{
	struct process *p = process_current();

	if (!p->waited)
		step_sleep((int)draw(TURN_MAX_MS));
	p->waited = false;
}

enum fetched intake_poll(struct intake *in, struct message *out)
{
	step("polls");
	if (serve_group(in) || chance(STOP_CHANCE))
		return FETCHED_NOTHING;
	if (is_beyond_end(in)) {
		give_back(in, false);
		error_ignore(intake_join(in, NULL));
		return FETCHED_TROUBLE;
	}
	if (fetch(in, out))
		return out->hole ? FETCHED_HOLE : FETCHED_MESSAGE;
	if (reach_end(in, out))
		return FETCHED_END;
	take_time();
	return FETCHED_NOTHING;
}

int intake_committed(struct intake *in, struct position *positions, size_t count, struct error *err)
{
	(void)in;
	step("asks for the committed offsets");
	if (request_fails())
		return request_failed("asking for the committed offsets", err);
	for (size_t i = 0; i < count; i++)
		positions[i].offset = broker.committed[positions[i].partition];
	return 0;
}

int intake_commit(struct intake *in, int partition, int64_t offset, struct error *err)
{
	step("commits an offset");
	if (request_fails() || !broker_knows_member(process_current()->number, intake_epoch(in)))
		return request_failed("committing an offset", err);
	broker.committed[partition] = offset;
	broker.signed_by_us[partition] = true;
	broker.committed_added[partition] = ++broker.additions;
	return 0;
}

int intake_range(struct intake *in, int partition, int64_t *begin, int64_t *end, struct error *err)
{
	(void)in;
	step("asks where the log begins and ends");
	if (request_fails())
		return request_failed("asking where the log begins and ends", err);
	*begin = 0;
	*end = broker_end(partition);
	return 0;
}

int64_t intake_high(const struct intake *in, int partition)
{
	(void)in;
	return (int64_t)model.count[partition];
}

int intake_after(struct intake *in, int partition, int64_t time, int64_t *offset, struct error *err)
{
	(void)in;
	step("asks what the log has after a time");
	if (request_fails())
		return request_failed("asking what the log has after a time", err);
	*offset = 0;
	while (*offset < broker_end(partition) && model.inputs[partition][*offset].time <= time)
		(*offset)++;
	return 0;
}

unsigned intake_doubts(const struct intake *in)
{
	(void)in;
	return broker.doubts;
}

static void move_to(struct intake *in, const struct position *to)
{
	in->position[to->partition] = to->offset;
	in->told_end[to->partition] = NO_OFFSET;
}

int intake_seek(struct intake *in, const struct position *positions, size_t count,
		struct error *err)
{
	step("seeks");
	if (request_fails())
		return request_failed("seeking", err);
	for (size_t i = 0; i < count; i++)
		move_to(in, &positions[i]);
	return 0;
}

void intake_pause(struct intake *in, int partition, bool pause)
{
	in->paused[partition] = pause;
}

bool intake_is_doubled(struct intake *in)
{
	(void)in;
	return false;
}

int64_t intake_epoch(struct intake *in)
{
	return in->generation < 0 ? -1 : (int64_t)in->generation * EPOCHS_PER_GENERATION;
}

void intake_close(struct intake **inp)
{
	struct intake *in = *inp;

	if (!in)
		return;
	if (in->joined) {
		give_back(in, false);
		step("leaves the group");
		broker_leave(in->member);
	}
	free(in);
	*inp = NULL;
}

struct rd_kafka_s *intake_client(const struct intake *in)
{
	(void)in;
	return NULL;
}
