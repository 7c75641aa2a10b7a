#include "consumer/run.h"

#include "ops/support/clock.h"
#include "ops/support/crash.h"
#include "ops/support/log.h"
#include "schemas/cloudevent.h"
#include "schemas/murmur2.h"

#include <assert.h>
#include <stdio.h>

enum {
	DIRECTORY_WAIT_MS = 1000,
	VALUE_MAX = 512 << 20, /* bytes of one value in Redis: proto-max-bulk-len's default */
};

/* One record of the run. */
struct run_record {
	const struct message *message;
	struct source source;
	bool readable;
	struct record record;    /* if readable */
	struct bytes unreadable; /* else why not */
	struct held_workspace *held;
};

/* What the run changed of one workspace, and the last record that did. */
struct run_touched {
	struct touched touched; /* first: held_workspace points here */
	struct held_workspace *held;
	struct source source;
};

struct run {
	struct processor *processor;
	struct partition *partition;
	struct run_record *records;
	size_t count;
	struct run_touched *touched;
	size_t touched_count;
	size_t buried; /* records that went to the dead letter */
	const struct run_record *first_buried;
	int64_t applied; /* where the partition stands afterwards */
};

/* ---- read ---- */

static const struct uuid *workspace_of(const struct record *r)
{
	if (r->type == RECORD_WORKSPACE_CHANGED)
		return &r->as.workspace_changed.workspace_id;
	if (r->type == RECORD_WORKSPACE_DELETED)
		return &r->as.workspace_deleted.workspace_id;
	return record_command(r) ? &record_command(r)->workspace_id : NULL;
}

/* A workspace has one order because it has one partition; elsewhere it would have two owners. */
static int check_place(const struct run *run, const struct record *r, struct error *err)
{
	const struct uuid *id = workspace_of(r);
	char key[UUID_TEXT_SIZE];

	if (!id)
		return error_set(err, ERROR_INPUT, "%s does not belong on %s", record_name(r->type),
				 topic_name(TOPIC_COMMANDS));
	uuid_format(key, id);
	if (partition_of(bytes_of(key), run->processor->deployment.partitions) !=
	    run->partition->id)
		return error_set(err, ERROR_INPUT,
				 "the record belongs to workspace %s, which has another partition; "
				 "the key must be the workspace's id",
				 key);
	return 0;
}

static void read_record(struct run *run, struct run_record *r)
{
	const struct message *m = r->message;
	struct arena *arena = &run->processor->run.arena;
	struct error err = { 0 };

	r->source = (struct source){
		.offset = m->offset,
		.time = m->time,
		.traceparent = message_header(m, HEADER_TRACEPARENT),
	};
	r->readable = !codec_decode(run->processor->codec, m->value, arena, &r->record, &err) &&
		      !check_place(run, &r->record, &err);
	if (!r->readable)
		r->unreadable = arena_printf(arena, "%s", err.text);
}

static void read_records(struct run *run)
{
	struct arena *arena = &run->processor->run.arena;

	run->records = arena_zalloc(arena, run->count, sizeof(*run->records));
	run->touched = arena_zalloc(arena, run->count, sizeof(*run->touched));
	for (size_t i = 0; i < run->count; i++) {
		run->records[i].message = &run->partition->staged.list[i];
		read_record(run, &run->records[i]);
	}
}

/* How far the authors of the commands had seen the directory, of what lies not beyond `max`. */
static int64_t furthest_seen(const struct run *run, int64_t max)
{
	int64_t furthest = 0;

	for (size_t i = 0; i < run->count; i++) {
		const struct command *c =
			run->records[i].readable ? record_command(&run->records[i].record) : NULL;

		if (c && c->directory_offset > furthest && c->directory_offset <= max)
			furthest = c->directory_offset;
	}
	return furthest;
}

/* The view must be as far as the authors of the commands were, and so must readers' be. */
static int reach_directory(struct run *run, struct error *err)
{
	struct follower *f = run->processor->follower;
	int64_t wanted = furthest_seen(run, INT64_MAX);
	int rc = 0;

	if (wanted > follower_position(f)) {
		rc = follower_reach(f, wanted, DIRECTORY_WAIT_MS, err);
		if (!rc)
			rc = follower_project(f, err);
	}
	apply_rests_on(&run->processor->run.apply, furthest_seen(run, follower_position(f)));
	return rc;
}

/* Finds each record's workspace; those not at hand are added and listed in `missing`. */
static size_t hold_workspaces(struct run *run, struct workspace **missing)
{
	struct workspaces *all = run->processor->workspaces;
	size_t count = 0;

	for (size_t i = 0; i < run->count; i++) {
		struct run_record *r = &run->records[i];
		const struct uuid *id;

		if (!r->readable)
			continue;
		id = workspace_of(&r->record);
		r->held = workspaces_find(all, id);
		if (r->held)
			continue;
		r->held = workspaces_add(all, run->partition->id, id);
		missing[count++] = &r->held->workspace;
	}
	return count;
}

static int read_workspaces(struct run *run, struct error *err)
{
	struct processor *p = run->processor;
	struct workspace **missing =
		arena_alloc(&p->run.arena, run->count * sizeof(struct workspace *));
	size_t count = hold_workspaces(run, missing);

	return index_read(p->index, run->partition->id, &run->partition->mark, missing, count, err);
}

/* ---- decide ---- */

static struct run_touched *touch(struct run *run, const struct run_record *r)
{
	struct held_workspace *held = r->held;
	struct run_touched *t = (struct run_touched *)(void *)held->touched;

	if (!t) {
		t = &run->touched[run->touched_count++];
		t->touched.workspace = &held->workspace;
		t->held = held;
		held->touched = &t->touched;
	}
	return t;
}

static bool is_fact(const struct run_record *r)
{
	return !record_command(&r->record);
}

/* A fact may rename the workspace, move it to another owner, or end it. */
static void unlist_owner(struct run *run, const struct run_record *r)
{
	const struct workspace *w = &r->held->workspace;

	if (is_fact(r) && w->registered)
		apply_not_owned(&run->processor->run.apply, w);
}

/* A change that takes a grant away has no expiry. */
static void index_expiries(struct run *run, const struct workspace *w, const struct decision *d)
{
	for (size_t i = 0; i < d->change_count; i++) {
		const struct change *c = &d->changes[i];

		apply_expiry(&run->processor->run.apply, &w->id, &c->subject,
			     workspace_expiry(w, &c->subject), c->expires_at);
	}
}

/* before: its owner until now. */
static void index_fact(struct run *run, const struct run_record *r, struct run_touched *t,
		       bool was_registered, const struct uuid *before)
{
	const struct workspace *w = &r->held->workspace;
	struct apply *a = &run->processor->run.apply;

	if (w->registered) {
		t->touched.header = true;
		t->touched.whole = t->touched.whole || !was_registered;
		t->touched.grants = t->touched.grants || !uuid_equal(before, &w->owner_id);
		apply_owned(a, w);
		return;
	}
	apply_delete(a, &w->id);
	t->touched.whole = false;
	t->touched.grants = false;
	t->touched.command_places = 0;
	t->touched.subject_count = 0;
}

/* Takes the decision over into the workspace; returns whether the index must be told. */
static bool index_decision(struct run *run, const struct run_record *r, const struct decision *d)
{
	struct processor *p = run->processor;
	struct workspace *w = &r->held->workspace;
	bool was_registered = w->registered;
	struct uuid owner = w->owner_id;
	unsigned place = w->recent_next;
	struct run_touched *t;

	if (d->outcome == OUTCOME_APPLIED) {
		unlist_owner(run, r);
		index_expiries(run, w, d);
	}
	if (!decision_fold(d, &r->record, r->source.time, w))
		return false;
	t = touch(run, r);
	if (is_fact(r))
		index_fact(run, r, t, was_registered, &owner);
	else
		t->touched.command_places |= 1U << place;
	for (size_t i = 0; d->outcome == OUTCOME_APPLIED && i < d->change_count; i++) {
		apply_role(&p->run.apply, &w->id, &d->changes[i].subject, d->changes[i].after);
		if (w->registered)
			touched_subject(&t->touched, &d->changes[i].subject, &p->run.arena);
	}
	return true;
}

/* The workspace as events show it: after the decision, or before it ended. */
static struct workspace_ref show(const struct run *run, const struct workspace *w)
{
	struct workspace_ref ref = workspace_ref(w);

	ref.name = arena_copy(&run->processor->run.arena, ref.name);
	return ref;
}

static void note_outcome(struct run *run, const struct run_record *r, const struct decision *d,
			 int64_t version)
{
	outcome_append(&run->processor->run.outcomes, &(struct outcome_entry){
							      .offset = r->source.offset,
							      .command_id = d->command_id,
							      .outcome = d->outcome,
							      .code = d->code,
							      .version = version,
							      .message = d->message,
						      });
}

static int decide_record(struct run *run, struct run_record *r, struct error *err)
{
	struct processor *p = run->processor;
	struct workspace *w = &r->held->workspace;
	struct world world = {
		.workspace = w,
		.directory = follower_directory(p->follower),
		.directory_position = follower_position(p->follower),
		.limits = p->limits,
		.now = r->source.time,
		.arena = &p->run.arena,
	};
	struct workspace_ref before = is_fact(r) ? show(run, w) : (struct workspace_ref){ 0 };
	bool was_registered = w->registered;
	int64_t version = w->version;
	struct decision d;
	struct workspace_ref after;
	bool touched;
	int rc;

	if (!decide(&world, &r->record, &d))
		return error_set(err, ERROR_REFUSED, "%s has no rule", record_name(r->record.type));
	touched = index_decision(run, r, &d);
	after = workspace_ref(w);
	version = was_registered && !w->registered ? version + 1 : w->version;
	note_outcome(run, r, &d, version);
	rc = emit_decision(&p->run.emitter, &r->source, &d,
			   w->registered || !is_fact(r) ? &after : &before, version, err);
	if (touched)
		((struct run_touched *)(void *)r->held->touched)->source = r->source;
	return rc;
}

/* ---- dead letters ---- */

static void add_header(struct buffer *b, const char *name, struct bytes value)
{
	buffer_append_sized(b, bytes_of(name));
	buffer_append_optional(b, value);
}

/* The record's own headers, then ours: why it is here and from where. */
static struct bytes dead_letter_headers(const struct run *run, const struct run_record *r)
{
	struct arena *arena = &run->processor->run.arena;
	struct buffer b;
	const char *name;
	struct bytes value;
	struct bytes packed;

	buffer_init(&b);
	for (size_t i = 0; message_header_at(r->message, i, &name, &value); i++)
		add_header(&b, name, value);
	add_header(&b, "sharebus_reason", r->unreadable);
	add_header(&b, "sharebus_topic", bytes_of(topic_name(TOPIC_COMMANDS)));
	add_header(&b, "sharebus_partition", arena_printf(arena, "%d", run->partition->id));
	add_header(&b, "sharebus_offset", arena_printf(arena, "%lld", (long long)r->source.offset));
	add_header(&b, "sharebus_timestamp",
		   arena_printf(arena, "%lld", (long long)r->source.time));
	packed = arena_copy(arena, buffer_bytes(&b));
	buffer_done(&b);
	return packed;
}

static void bury_record(struct run *run, struct run_record *r)
{
	const struct message *m = r->message;
	struct processor *p = run->processor;

	if (!run->buried++)
		run->first_buried = r;
	emit_dead_letter(&p->run.emitter, &r->source, m->key, m->value,
			 dead_letter_headers(run, r));
	note_outcome(run, r, &(struct decision){ .outcome = OUTCOME_UNREADABLE }, 0);
	p->counts.dead_letters++;
}

/* ---- the whole run ---- */

/* Covers the offsets from begin up to applied, not included. */
static void begin(struct run *run, int64_t begin, int64_t applied)
{
	struct processor *p = run->processor;

	arena_reset(&p->run.arena);
	buffer_clear(&p->run.packed);
	buffer_clear(&p->run.outcomes);
	outputs_begin(&p->run.packed, &(struct run_range){ begin, applied });
	run->applied = applied;
	apply_begin(&p->run.apply, index_keys(p->index, run->partition->id), &run->partition->mark,
		    applied);
	p->run.emitter.partition = run->partition->id;
}

/* Ends the run behind its first `count` records; the others are left for the next one. */
static void cut(struct run *run, size_t count)
{
	run->count = count;
	run->applied = run->records[count - 1].message->offset + 1;
	run->processor->run.apply.applied = run->applied;
	outputs_end_at(&run->processor->run.packed, run->applied);
}

/*
 * What a record makes the consumer tell is many times its size when a large group is concerned:
 * Redis takes the outputs of a run as one value of at most 512 MB.
 */
static int decide_records(struct run *run, struct error *err)
{
	struct processor *p = run->processor;
	int rc = 0;

	p->run.emitter.directory = follower_directory(p->follower);
	for (size_t i = 0; !rc && i < run->count; i++) {
		struct run_record *r = &run->records[i];

		if (r->readable)
			rc = decide_record(run, r, err);
		else
			bury_record(run, r);
		if (!rc && p->run.packed.len >= p->run_outputs_max)
			cut(run, i + 1);
	}
	return rc;
}

/* What the run leaves behind: the state of each workspace it touched, and how far it got. */
static int conclude(struct run *run, struct error *err)
{
	struct processor *p = run->processor;
	struct emitter *e = &p->run.emitter;
	int rc = 0;

	for (size_t i = 0; !rc && i < run->touched_count; i++) {
		struct run_touched *t = &run->touched[i];

		apply_workspace(&p->run.apply, &t->touched);
		rc = emit_state(e, &t->source, t->touched.workspace, err);
	}
	if (rc)
		return rc;
	/* Behind what the last record sent, and the state of its workspace if there was one. */
	run->records[run->count - 1].source.n++;
	return emit_progress(e, &run->records[run->count - 1].source, run->applied, err);
}

static int apply_run(struct run *run, int next, struct error *err)
{
	struct processor *p = run->processor;
	struct partition *part = run->partition;
	int64_t last = run->applied - 1;
	int rc;

	for (size_t i = 0; i < part->sent.count; i++)
		apply_sent(&p->run.apply, part->sent.list[i]);
	if (p->run.packed.len >= VALUE_MAX)
		log_warn("what the record at %d:%lld makes known is %zu MB: Redis must have a "
			 "proto-max-bulk-len that is larger",
			 part->id, (long long)last, p->run.packed.len >> 20);
	apply_outcomes(&p->run.apply, last, buffer_bytes(&p->run.outcomes));
	apply_unsent(&p->run.apply, last, buffer_bytes(&p->run.packed));
	rc = index_apply(p->index, part->id, &part->mark, &p->run.apply, next, err);
	if (rc)
		return rc;
	crash_point("after-apply");
	part->sent.count = 0;
	publisher_push(p->publisher,
		       batch_new(part->id, last, run->applied, buffer_bytes(&p->run.packed)));
	return 0;
}

/* One line a run: garbage comes in floods. */
static void report_buried(const struct run *run)
{
	const struct run_record *r = run->first_buried;

	if (run->buried)
		log_warn("%zu records of %s partition %d went to %s; the first, at offset %lld: "
			 "%.*s",
			 run->buried, topic_name(TOPIC_COMMANDS), run->partition->id,
			 topic_name(TOPIC_DEADLETTER), (long long)r->source.offset,
			 (int)r->unreadable.len, (const char *)r->unreadable.data);
}

static void finish(struct run *run)
{
	struct processor *p = run->processor;

	report_buried(run);
	for (size_t i = 0; i < run->touched_count; i++)
		run->touched[i].held->touched = NULL;
	workspaces_trim(p->workspaces);
	staged_drop(&run->partition->staged, run->count);
	p->counts.records += run->count;
	p->counts.runs++;
}

int run_partition(struct processor *p, struct partition *part, size_t count, int next,
		  struct error *err)
{
	struct run run = { .processor = p, .partition = part, .count = count };
	int rc;

	assert(part->state == PARTITION_READY && count && count <= part->staged.count);
	begin(&run, part->mark.applied, part->staged.list[count - 1].offset + 1);
	read_records(&run);
	rc = reach_directory(&run, err);
	if (!rc)
		rc = read_workspaces(&run, err);
	crash_point("after-read");
	if (!rc)
		rc = decide_records(&run, err);
	if (!rc)
		rc = conclude(&run, err);
	if (!rc)
		rc = apply_run(&run, next, err);
	if (!rc)
		finish(&run);
	else
		processor_claim_again(p, part);
	return rc;
}

int run_skip(struct processor *p, struct partition *part, int64_t to, struct error *err)
{
	struct run run = { .processor = p, .partition = part };
	struct source source = { .offset = to - 1, .time = clock_unix_ms() };
	int rc;

	begin(&run, part->mark.applied, to);
	rc = emit_progress(&p->run.emitter, &source, to, err);
	if (!rc)
		rc = index_read(p->index, part->id, &part->mark, NULL, 0, err);
	return rc ? rc : apply_run(&run, -1, err);
}
