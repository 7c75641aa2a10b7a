/* sharebus directory apply: makes the index what a file states, by announcing what differs. */

#include "cache/wait.h"
#include "ops/support/clock.h"
#include "producer/bus.h"
#include "producer/cli/print.h"
#include "producer/operator/commands.h"
#include "producer/operator/directory_read.h"
#include "producer/operator/directory_report.h"
#include "producer/operator/inside.h"
#include "producer/operator/topic_limit.h"
#include "producer/send.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FLAG_DRY_RUN = 1,
	FLAG_PRUNE,
	DEFAULT_WAIT_MS = 10000,
	STEP_MS = 250,        /* how often one looks whether it goes on */
	LARGE_BYTES = 900000, /* what is smaller fits into any topic: Kafka's default is 1 MB */
	BYTES_A_REFERENCE = 1 + 36, /* an id in text */
	BYTES_BESIDES = 4096,       /* names, headers, frame, the batch around it */
	LIMIT_WAIT_MS = 5000,
	QUEUED_MAX = 10000, /* records between two looks at how many are under way */
};

const struct flag apply_flags[] = {
	{ "dry-run", FLAG_DRY_RUN, NULL, "only say what would be announced" },
	{ "prune", FLAG_PRUNE, NULL,
	  "delete what the file lacks, of those kinds that it has a section for" },
	{ NULL, 0, NULL, NULL },
};

/* One run of the command. */
struct applying {
	struct session *s;
	struct meter meter;
	bool dry_run;
	bool prune;
	struct directory_facts wanted;
	struct directory_facts have;
	struct directory_diff diff;
	struct directory_finder names;
};

/* ---- what differs ---- */

static int read_file(struct applying *a, const char *path, struct error *err)
{
	struct directory_names names;
	json_t *file = NULL;
	int rc;

	meter_tell(&a->meter, "reading the file", 0, 0);
	rc = directory_file_read(&file, path, err);
	if (rc)
		return rc;
	rc = directory_file_names(file, &names, err);
	if (!rc) {
		rc = inside_open_reader(a->s, err);
		if (!rc)
			rc = directory_read_names(a->s, &a->meter, &names, err);
		if (!rc)
			rc = directory_file_facts(file, &names, clock_unix_ms(), &a->s->arena,
						  &a->wanted, err);
		directory_names_done(&names);
	}
	json_decref(file);
	return rc == ERROR_INPUT ? error_prefix(err, "%s", path) : rc;
}

/*
 * To prune is to compare with everything. Workspaces are many: they are looked
 * for only if some may go, or may refer to an organization that goes.
 */
static int read_index(struct applying *a, struct error *err)
{
	const unsigned few =
		1U << DIRECTORY_ORGANIZATIONS | 1U << DIRECTORY_USERS | 1U << DIRECTORY_GROUPS;
	const unsigned workspaces = 1U << DIRECTORY_WORKSPACES;
	const unsigned concerned = workspaces | 1U << DIRECTORY_ORGANIZATIONS;

	if (!a->prune)
		return directory_read_same(a->s, &a->meter, &a->wanted, &a->have, err);
	return directory_read_all(a->s, &a->meter,
				  a->wanted.sections & concerned ? few | workspaces : few,
				  &a->wanted, &a->have, err);
}

/* The names of all whom the changes are about. */
static int find_names(struct applying *a, struct error *err)
{
	const struct directory_facts *lists[] = { &a->wanted, &a->have, NULL };
	struct arena *arena = &a->s->arena;
	struct directory_facts *more = arena_zalloc(arena, 1, sizeof(*more));
	struct directory_mentions told = {
		arena_alloc(arena, (2 * a->diff.count + 1) * sizeof(const struct record *)), 0
	};
	int rc;

	for (size_t i = 0; i < a->diff.count; i++) {
		if (a->diff.list[i].old)
			told.list[told.count++] = a->diff.list[i].old;
		if (a->diff.list[i].new)
			told.list[told.count++] = a->diff.list[i].new;
	}
	directory_finder_init(&a->names, lists, 2, arena);
	rc = directory_read_referred(a->s, &a->meter, &told, &a->names, more, err);
	lists[2] = more;
	if (!rc)
		directory_finder_init(&a->names, lists, 3, arena);
	return rc;
}

/* What is new must not take the id of something else: see directory_shares_ids(). */
static int check_ids(struct applying *a, struct error *err)
{
	struct directory_facts others;
	struct directory_finder finder;
	const struct directory_facts *list = &others;
	int rc = directory_read_others(a->s, &a->meter, &a->diff, &others, err);

	if (rc)
		return rc;
	directory_finder_init(&finder, &list, 1, &a->s->arena);
	for (size_t i = 0; i < a->diff.count; i++) {
		const struct directory_change *c = &a->diff.list[i];
		char id[UUID_TEXT_SIZE];
		struct bytes name;

		if (c->verb != DIRECTORY_CREATE || !directory_shares_ids(c->kind))
			continue;
		uuid_format(id, directory_id(c->new));
		name = directory_name(c->new);
		for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
			if (directory_find(&finder, (enum directory_kind)kind,
					   directory_id(c->new)))
				return error_set(err, ERROR_INPUT,
						 "%s %.*s has the id %s, which another %s has "
						 "already; nothing was sent",
						 directory_kinds[c->kind].one, (int)name.len,
						 (const char *)name.data, id,
						 directory_kinds[kind].one);
	}
	return 0;
}

static int compare(struct applying *a, const char *path, struct error *err)
{
	int rc = read_file(a, path, err);

	if (!rc)
		rc = read_index(a, err);
	if (rc)
		return rc;
	rc = directory_diff(&a->wanted, &a->have, a->prune, &a->s->arena, &a->diff, err);
	if (!rc)
		rc = check_ids(a, err);
	if (rc == ERROR_INPUT)
		return error_prefix(err, "%s", path);
	if (!rc && (a->dry_run || a->s->output == OUTPUT_JSON))
		rc = find_names(a, err);
	return rc;
}

/* ---- sending ---- */

static bool is_command(const struct directory_change *c)
{
	return c->kind == DIRECTORY_WORKSPACES;
}

/* About as many bytes as the change takes on the bus. */
static size_t size_of(const struct directory_change *c)
{
	const struct record *r = c->new;
	size_t references = 0;

	if (r && r->type == RECORD_GROUP_CHANGED)
		references = r->as.group_changed.member_count;
	else if (r && r->type == RECORD_USER_CHANGED)
		references = 2 * r->as.user_changed.organization_count;
	return references * BYTES_A_REFERENCE + BYTES_BESIDES;
}

/*
 * Half of a file must not be announced because something in it is too large for
 * the topic. Only a group can be so large.
 */
static int check_sizes(struct applying *a, struct error *err)
{
	const struct directory_change *largest = NULL;
	int64_t limit;

	for (size_t i = 0; i < a->diff.count; i++)
		if (!largest || size_of(&a->diff.list[i]) > size_of(largest))
			largest = &a->diff.list[i];
	if (!largest || size_of(largest) < LARGE_BYTES)
		return 0;
	limit = topic_limit(inside_bus(a->s), TOPIC_DIRECTORY, LIMIT_WAIT_MS);
	if (!limit || size_of(largest) <= (size_t)limit)
		return 0;
	return error_set(
		err, ERROR_REFUSED,
		"group %.*s with %zu members takes %zu bytes, but %s takes at most %lld bytes a "
		"record; raise its max.message.bytes (nothing was sent)",
		(int)largest->new->as.group_changed.name.len,
		(const char *)largest->new->as.group_changed.name.data,
		largest->new->as.group_changed.member_count, size_of(largest),
		topic_name(TOPIC_DIRECTORY), (long long)limit);
}

static int send_change(struct session *s, const struct directory_change *c, struct delivery *d,
		       struct error *err)
{
	const struct record *r = c->new ? c->new : c->old;
	char key[UUID_TEXT_SIZE] = "deployment";

	if (c->kind != DIRECTORY_SWITCH)
		uuid_format(key, directory_id(r));
	return send_record(s->client, is_command(c) ? TOPIC_COMMANDS : TOPIC_DIRECTORY, c->new,
			   bytes_of(key), d, err);
}

/* How many of those queued are delivered; ERROR_UNAVAILABLE when one was given up. */
static int count_delivered(const struct applying *a, const struct delivery *d, size_t queued,
			   size_t *out, struct error *err)
{
	*out = 0;
	for (size_t i = 0; i < queued; i++) {
		if (d[i].failed)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the brokers at %s did not take everything: %s",
					 config_get(a->s->config, "brokers"), d[i].why);
		*out += d[i].done;
	}
	return 0;
}

/*
 * Until at most `max` of those queued are under way, or the brokers have taken
 * nothing for as long as one waits.
 */
static int drain(struct applying *a, const struct delivery *d, size_t queued, int max,
		 struct error *err)
{
	int64_t wait_ms = a->s->wait_ms ? a->s->wait_ms : DEFAULT_WAIT_MS;
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	size_t before = 0;

	for (;;) {
		int64_t now = clock_monotonic_ms();
		int64_t step = now + STEP_MS < deadline ? now + STEP_MS : deadline;
		size_t done;
		struct error given_up;
		int rc = send_drain(a->s->client, max, step, err);

		if (count_delivered(a, d, queued, &done, &given_up)) {
			*err = given_up;
			return err->code;
		}
		if (rc != ERROR_UNAVAILABLE || now >= deadline)
			return rc;
		if (done > before)
			deadline = now + wait_ms;
		before = done;
		meter_tell(&a->meter, "sending", done, a->diff.count);
	}
}

static int send_changes(struct applying *a, struct delivery *d, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < a->diff.count; i++) {
		rc = send_change(a->s, &a->diff.list[i], &d[i], err);
		if (!rc && i % QUEUED_MAX == QUEUED_MAX - 1)
			rc = drain(a, d, i + 1, QUEUED_MAX / 2, err);
	}
	return rc ? rc : drain(a, d, a->diff.count, 0, err);
}

/* ---- waiting ---- */

/* Until the index has all before that offset, or has not moved for as long as one waits. */
static int wait_for(struct applying *a, int partition, int64_t offset, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + a->s->wait_ms;
	int64_t applied = -1;

	for (;;) {
		int64_t now = clock_monotonic_ms();
		struct error ignored;
		struct mark m;
		int rc = wait_applied(inside_reader(a->s), partition, offset,
				      now + STEP_MS < deadline ? now + STEP_MS : deadline, err);

		if (!rc || (rc != ERROR_UNAVAILABLE && rc != ERROR_STALE) || now >= deadline)
			return rc;
		if (!reader_mark(inside_reader(a->s), partition, &m, &ignored) &&
		    m.applied > applied) {
			applied = m.applied;
			deadline = now + a->s->wait_ms;
		}
		meter_tell(&a->meter, "waiting until the index has it", 0, 0);
	}
}

/* The last of each partition stands for all before it. */
static int wait_for_all(struct applying *a, const struct delivery *d, struct error *err)
{
	int partitions = inside_deployment(a->s)->partitions;
	int64_t *ends = arena_zalloc(&a->s->arena, (size_t)partitions, sizeof(*ends));
	int64_t directory = 0;
	int rc = 0;

	for (size_t i = 0; i < a->diff.count; i++) {
		int64_t *end = is_command(&a->diff.list[i]) ? &ends[d[i].partition] : &directory;

		if (d[i].offset >= *end)
			*end = d[i].offset + 1;
	}
	if (directory)
		rc = wait_for(a, KEYS_DIRECTORY, directory, err);
	for (int i = 0; !rc && i < partitions; i++)
		if (ends[i])
			rc = wait_for(a, i, ends[i], err);
	return rc;
}

static int announce(struct applying *a, struct error *err)
{
	struct delivery *d = arena_zalloc(&a->s->arena, a->diff.count + 1, sizeof(*d));
	int rc = check_sizes(a, err);

	if (!rc)
		rc = send_changes(a, d, err);
	if (!rc && a->s->wait_ms)
		rc = wait_for_all(a, d, err);
	return rc;
}

/* ---- the command ---- */

static void report(const struct applying *a)
{
	if (a->s->output == OUTPUT_JSON)
		directory_report_json(&a->diff, &a->names, a->dry_run);
	else if (a->dry_run)
		directory_report_lines(&a->diff, &a->names);
	else
		directory_report_counts(&a->diff, a->prune);
}

enum exit_code run_directory_apply(struct session *s, const struct arguments *arguments)
{
	struct applying a = { .s = s };
	struct error err = { 0 };
	int rc;

	a.dry_run = argument_has(arguments, FLAG_DRY_RUN);
	a.prune = argument_has(arguments, FLAG_PRUNE);
	meter_begin(&a.meter);
	rc = compare(&a, arguments->operands[0], &err);
	/* Also when nothing differs: that is true of one deployment only. */
	if (!rc && !a.dry_run)
		rc = inside_open_bus(s, &err);
	if (!rc && !a.dry_run && a.diff.count)
		rc = announce(&a, &err);
	meter_end(&a.meter);
	if (rc)
		complain(&err);
	else
		report(&a);
	return rc == ERROR_INPUT ? EXIT_USAGE : exit_code_of(rc);
}
