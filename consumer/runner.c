#include "consumer/runner.h"

#include "cache/unsent.h"
#include "consumer/decide.h"
#include "consumer/effects.h"
#include "consumer/emit.h"
#include "consumer/foresight.h"
#include "consumer/input.h"
#include "ops/support/crash.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "schemas/bounds.h"

#include <assert.h>
#include <stdlib.h>

enum {
	DIRECTORY_WAIT_MS = 1000,
	HOLE_OUTCOMES_MAX = 1000, /* of the records of one batch that are listed */
};

/* Keeps its scratch memory from run to run, so that the hot path does not allocate. */
struct runner {
	struct runner_options options;
	size_t outputs_max;
	struct arena arena;
	struct apply apply;
	struct emitter emitter;
	struct buffer packed;
	struct buffer outcomes;
	struct runner_counts counts;
};

struct run {
	struct runner *runner;
	struct partition *part;
	struct input *inputs;
	size_t count;
	struct effects effects;
	size_t states; /* an upper bound of what the states of its workspaces will take */
	size_t buried; /* records that became dead letters */
	const struct input *first_buried;
	int64_t applied; /* the partition's mark.applied after the run */
};

/* ---- read ---- */

static void read_inputs(struct run *run)
{
	struct runner *r = run->runner;
	const struct input_reader reader = { r->options.codec, r->options.signing, run->part->id,
					     r->options.partitions };

	run->inputs = arena_zalloc(&r->arena, run->count, sizeof(*run->inputs));
	for (size_t i = 0; i < run->count; i++)
		input_read(&run->inputs[i], &run->part->staged.list[i], &reader, &r->arena);
}

/* The command of an input that counts; else NULL. */
static const struct command *trusted_command(const struct input *in)
{
	if (!in->readable || author_refuse(&in->author, &in->record, NULL))
		return NULL;
	return record_command(&in->record);
}

/* How far the authors of the commands had seen the directory; offsets beyond `max` do not count. */
static int64_t furthest_seen(const struct run *run, int64_t max)
{
	int64_t furthest = 0;

	for (size_t i = 0; i < run->count; i++) {
		const struct command *c = trusted_command(&run->inputs[i]);

		if (c && c->directory_offset > furthest && c->directory_offset <= max)
			furthest = c->directory_offset;
	}
	return furthest;
}

/* Nothing is decided, and no reader answers, on less of the directory than an author had seen. */
static int reach_directory(struct run *run, struct error *err)
{
	struct follower *f = run->runner->options.follower;
	int64_t wanted = furthest_seen(run, INT64_MAX);
	int rc = 0;

	if (wanted > follower_position(f)) {
		rc = follower_reach(f, wanted, DIRECTORY_WAIT_MS, err);
		if (!rc)
			rc = follower_project(f, err);
	}
	apply_rests_on(&run->runner->apply, furthest_seen(run, follower_position(f)));
	return rc;
}

/* Finds each input's workspace; those that are not at hand are read from the index. */
static int read_workspaces(struct run *run, struct error *err)
{
	struct runner *r = run->runner;
	struct workspace **missing =
		arena_alloc(&r->arena, run->count * sizeof(struct workspace *));
	size_t missing_count = 0;

	for (size_t i = 0; i < run->count; i++) {
		struct input *in = &run->inputs[i];

		foresee_look_up(run->inputs, run->count, i, r->options.workspaces);
		if (in->readable)
			in->held = workspaces_hold(r->options.workspaces, run->part->id,
						   input_workspace(in), missing, &missing_count);
	}
	return index_read(r->options.index, run->part->id, &run->part->mark, missing, missing_count,
			  err);
}

/* ---- decide ---- */

/* The id in the header ce_id; nil if that is none. A hole has no headers. */
static struct uuid event_id(const struct message *m)
{
	struct uuid id;

	if (m->hole || uuid_parse(&id, message_header(m, "ce_id")))
		id = (struct uuid){ { 0 } };
	return id;
}

/* The command's id, or else the event's: whoever waits for the outcome recognises it by that. */
static struct uuid outcome_id(const struct input *in, const struct decision *d)
{
	return uuid_is_nil(&d->command_id) ? event_id(in->message) : d->command_id;
}

static void note_outcome(struct run *run, const struct input *in, const struct decision *d,
			 int64_t version)
{
	outcome_append(&run->runner->outcomes, &(struct outcome_entry){
						       .offset = in->source.offset,
						       .command_id = outcome_id(in, d),
						       .outcome = d->outcome,
						       .code = d->code,
						       .version = version,
						       .message = d->rejection,
					       });
}

/* The workspace as it is before a fact, with a copy of its name, which the fact may free. */
static struct workspace_ref ref_before(const struct run *run, const struct input *in)
{
	struct workspace_ref ref = { 0 };

	if (!input_is_fact(in))
		return ref;
	ref = workspace_ref(&in->held->workspace);
	ref.name = arena_copy(&run->runner->arena, ref.name);
	return ref;
}

static struct world world_of(const struct run *run, const struct input *in)
{
	struct follower *f = run->runner->options.follower;

	return (struct world){
		.workspace = &in->held->workspace,
		.author = in->author,
		.directory = follower_directory(f),
		.directory_position = follower_position(f),
		.limits = *run->runner->options.limits,
		.now = in->source.time,
		.arena = &run->runner->arena,
	};
}

/* Counts the state that a decision will make the run emit at its end. */
static void count_state(struct run *run, const struct workspace *w, const struct decision *d,
			bool first)
{
	run->states +=
		first ? ENVELOPE_BYTES + bounds_state(w->name.len, w->grant_count, w->recent.count)
		      : d->change_count * GRANT_BYTES_MAX + COMMAND_MEMORY_BYTES;
	for (size_t i = 0; first && i < w->handoffs.count; i++)
		run->states += bounds_handoff(&w->handoffs.list[i]);
	for (size_t i = 0; !first && i < d->kept_count; i++)
		run->states += bounds_handoff(&d->kept[i]);
}

/* Decides on one record, changes its workspace accordingly, and emits the outputs. */
static int decide_input(struct run *run, struct input *in, struct error *err)
{
	const struct workspace *w = &in->held->workspace;
	const struct world world = world_of(run, in);
	struct consequence c = { ref_before(run, in), w->version + 1, { 0 } };
	bool was_registered = w->registered;
	size_t workspaces = run->effects.count;
	struct touched_workspace *touched;
	struct decision d;
	int rc;

	if (!decide(&world, &in->record, &d))
		return error_set(err, ERROR_REFUSED, "a record of type %s cannot be decided",
				 record_name(in->record.type));
	audience_find(&world, &in->record, &d, &c.audience);
	touched = effects_carry_out(&run->effects, in, &d);
	/* A deletion has cleared the workspace, but its event shows it as it was. */
	if (!was_registered || w->registered)
		c.version = w->version;
	if (w->registered || !input_is_fact(in))
		c.workspace = workspace_ref(w);
	note_outcome(run, in, &d, c.version);
	rc = emit_decision(&run->runner->emitter, &in->source, &d, &c, err);
	if (touched) {
		touched->source = in->source;
		count_state(run, w, &d, run->effects.count > workspaces);
	}
	return rc;
}

/*
 * A batch of a megabyte can hold millions of records. Whoever waits for one of
 * those that are not listed learns that its outcome is not kept.
 */
static void note_unreadable(struct run *run, const struct input *in)
{
	int64_t end = message_end(in->message);

	if (end > in->source.offset + HOLE_OUTCOMES_MAX)
		end = in->source.offset + HOLE_OUTCOMES_MAX;
	for (int64_t offset = in->source.offset; offset < end; offset++)
		outcome_append(&run->runner->outcomes,
			       &(struct outcome_entry){ .offset = offset,
							.command_id = event_id(in->message),
							.outcome = OUTCOME_UNREADABLE });
}

static void bury_input(struct run *run, struct input *in)
{
	struct runner *r = run->runner;
	const struct dead_record record = input_dead_record(in, &r->arena);
	struct dead_letter letter;

	if (!run->buried++)
		run->first_buried = in;
	dead_letter_write(&letter, &record, r->options.limits->dead_letter_bytes, &r->arena);
	emit_dead_letter(&r->emitter, &in->source, &letter);
	note_unreadable(run, in);
}

/* Ends the run after its first `count` records; the others are left for the next run. */
static void cut_run(struct run *run, size_t count)
{
	run->count = count;
	run->applied = message_end(run->inputs[count - 1].message);
	run->runner->apply.applied = run->applied;
	outputs_end_at(&run->runner->packed, run->applied);
}

/*
 * The outputs of a record are many times its own size when a large group is
 * notified, and Redis takes the outputs of a run as one value: so a run ends when
 * its outputs, with the states that come at its end, are large.
 */
static int decide_inputs(struct run *run, struct error *err)
{
	struct runner *r = run->runner;
	int rc = 0;

	r->emitter.directory = follower_directory(r->options.follower);
	for (size_t i = 0; !rc && i < run->count; i++) {
		struct input *in = &run->inputs[i];

		foresee_decision(run->inputs, run->count, i, r->emitter.directory);
		if (in->readable)
			rc = decide_input(run, in, err);
		else
			bury_input(run, in);
		if (!rc && r->packed.len + run->states >= r->outputs_max)
			cut_run(run, i + 1);
	}
	return rc;
}

static int emit_end(struct run *run, struct source *source, struct error *err)
{
	const struct apply *a = &run->runner->apply;

	return emit_progress(
		&run->runner->emitter, source,
		&(struct progress){ run->applied, a->log, a->tip.offset, a->tip.time, a->tip.hash },
		err);
}

/* A hole is no tip, for it cannot be read back: the last record before it stays the tip. */
static void take_tip(struct run *run)
{
	const struct message *tip = NULL;

	for (size_t i = run->count; !tip && i > 0; i--)
		if (!run->inputs[i - 1].message->hole)
			tip = run->inputs[i - 1].message;
	if (tip)
		run->runner->apply.tip = tip_of(tip->offset, tip->time, tip->key, tip->value);
}

/* Emits the state of each workspace that the run touched, and the partition's Progress. */
static int emit_results(struct run *run, struct error *err)
{
	struct emitter *e = &run->runner->emitter;
	struct source *last = &run->inputs[run->count - 1].source;
	int rc = 0;

	take_tip(run);
	for (size_t i = 0; !rc && i < run->effects.count; i++) {
		struct touched_workspace *t = &run->effects.list[i];

		foresee_state(run->effects.list, run->effects.count, i);
		apply_workspace(&run->runner->apply, &t->touched);
		rc = emit_state(e, &t->source, t->touched.workspace, err);
	}
	if (rc)
		return rc;
	/*
	 * The state of the last record's workspace may have taken the next
	 * number. Records of sharing.grants are sent without it, but the
	 * simulation tells a record's outputs apart by it.
	 */
	last->n++;
	return emit_end(run, last, err);
}

/* ---- apply ---- */

static int apply_run(struct run *run, int next, struct error *err)
{
	struct runner *r = run->runner;
	struct partition *part = run->part;
	struct bytes packed = buffer_bytes(&r->packed);
	int64_t last = run->applied - 1;
	struct seal seal;
	int rc = unsent_seal(r->options.signing, &r->apply.keys, last, packed, &seal, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < part->committed_runs_count; i++)
		apply_sent(&r->apply, part->committed_runs[i]);
	if (last >= 0) /* a log that is accepted may begin at 0 */
		apply_outcomes(&r->apply, last, buffer_bytes(&r->outcomes));
	apply_unsent(&r->apply, last, (struct bytes){ seal.bytes, seal.len }, packed);
	rc = index_apply(r->options.index, part->id, &part->mark, &r->apply, next, err);
	if (rc)
		return rc;
	crash_point("after-apply");
	part->committed_runs_count = 0;
	publisher_push(r->options.publisher, batch_new(part->id, last, run->applied, packed));
	return 0;
}

/* One line for each run, because unreadable records come in floods. */
static void report_buried(const struct run *run)
{
	const struct input *in = run->first_buried;

	if (run->buried)
		log_partition(LOG_LEVEL_WARN, run->part->id,
			      "%zu records went to %s; the first, at offset %lld: %.*s",
			      run->buried, topic_name(TOPIC_DEADLETTER),
			      (long long)in->source.offset, BYTES_ARG(in->why_unreadable));
}

/* Taking access away is never too large; but then not everybody may be told. */
static void report_untold(const struct run *run)
{
	if (run->runner->emitter.untold)
		log_partition(LOG_LEVEL_WARN, run->part->id,
			      "%zu people are not told of what was taken away before "
			      "offset %lld: the notifications of one record may take %d MB in all",
			      run->runner->emitter.untold, (long long)run->applied,
			      COMMAND_OUTPUTS_MAX >> 20);
}

static void finish_run(struct run *run)
{
	struct runner *r = run->runner;

	report_buried(run);
	report_untold(run);
	effects_end(&run->effects);
	workspaces_trim(r->options.workspaces);
	staged_drop(&run->part->staged, run->count);
	r->counts.records += run->count;
	r->counts.dead_letters += run->buried;
	r->counts.runs++;
}

/* ---- the whole run ---- */

/*
 * The run goes on from the mark to the offset `applied` of that log. The first
 * run of a log that was accepted goes on from what is committed.
 */
static void begin_run(struct run *run, int64_t log, int64_t applied)
{
	const struct mark *mark = &run->part->mark;
	int64_t begin = log > mark->log ? run->part->progress.applied : mark->applied;
	struct runner *r = run->runner;
	int partition = run->part->id;

	assert(log > mark->log || applied >= mark->applied);
	arena_reset(&r->arena);
	buffer_trim(&r->packed, PIPELINE_KEEP_BYTES);
	buffer_trim(&r->outcomes, PIPELINE_KEEP_BYTES);
	outputs_begin(&r->packed, &(struct run_range){ begin, applied, log });
	run->applied = applied;
	apply_begin(&r->apply, index_keys(r->options.index, partition), mark, applied);
	r->apply.log = log;
	effects_begin(&run->effects, &r->apply, &r->arena, run->count);
	r->emitter.partition = partition;
	r->emitter.log = log;
	r->emitter.untold = 0;
}

int runner_run(struct runner *r, struct partition *part, size_t count, int next, struct error *err)
{
	struct run run = { .runner = r, .part = part, .count = count };
	int rc;

	assert(part->state == PARTITION_READY && count && count <= part->staged.count);
	assert(part->staged.list[0].offset >= part->mark.applied);
	begin_run(&run, part->mark.log, message_end(&part->staged.list[count - 1]));
	read_inputs(&run);
	rc = reach_directory(&run, err);
	if (!rc)
		rc = read_workspaces(&run, err);
	crash_point("after-read");
	if (!rc)
		rc = decide_inputs(&run, err);
	if (!rc)
		rc = emit_results(&run, err);
	if (!rc)
		rc = apply_run(&run, next, err);
	if (!rc)
		finish_run(&run);
	else
		partition_claim_again(part);
	return rc;
}

/* Carries out a run without records, which only moves the mark. */
static int apply_nothing(struct run *run, struct source *source, struct error *err)
{
	int rc = emit_end(run, source, err);

	if (!rc)
		rc = index_read(run->runner->options.index, run->part->id, &run->part->mark, NULL,
				0, err);
	return rc ? rc : apply_run(run, -1, err);
}

int runner_skip(struct runner *r, struct partition *part, int64_t to, int64_t unix_ms,
		struct error *err)
{
	struct run run = { .runner = r, .part = part };
	struct source source = { .offset = to - 1, .time = unix_ms };

	assert(to > part->mark.applied);
	begin_run(&run, part->mark.log, to);
	return apply_nothing(&run, &source, err);
}

int runner_begin_log(struct runner *r, struct partition *part, int64_t from, const struct tip *tip,
		     int64_t unix_ms, struct error *err)
{
	struct run run = { .runner = r, .part = part };
	struct source source = { .offset = from - 1, .time = unix_ms };

	begin_run(&run, part->mark.log + 1, from);
	r->apply.tip = *tip;
	apply_forget_log(&r->apply);
	part->mark.suspect = false;
	return apply_nothing(&run, &source, err);
}

/* ---- lifecycle ---- */

struct runner *runner_new(const struct runner_options *o)
{
	struct runner *r = memory_zalloc(1, sizeof(*r));

	r->options = *o;
	r->outputs_max = RUN_OUTPUTS_BYTES;
	arena_init(&r->arena);
	apply_init(&r->apply);
	buffer_init(&r->packed);
	buffer_init(&r->outcomes);
	r->emitter = (struct emitter){ .codec = o->codec,
				       .access_url = o->access_url,
				       .outputs_max = COMMAND_OUTPUTS_MAX,
				       .arena = &r->arena,
				       .packed = &r->packed };
	emitter_init(&r->emitter);
	return r;
}

void runner_free(struct runner **rp)
{
	struct runner *r = *rp;

	if (!r)
		return;
	arena_done(&r->arena);
	apply_done(&r->apply);
	emitter_done(&r->emitter);
	buffer_done(&r->packed);
	buffer_done(&r->outcomes);
	free(r);
	*rp = NULL;
}

void runner_limit_outputs(struct runner *r, size_t bytes)
{
	r->outputs_max = bytes;
}

struct runner_counts runner_counts(const struct runner *r)
{
	return r->counts;
}
