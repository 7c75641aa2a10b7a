/* sharebus directory apply: makes the index what a file states, by announcing what differs. */

#include "cache/facts.h"
#include "ops/support/clock.h"
#include "producer/cli/failure.h"
#include "producer/operator/directory/announce.h"
#include "producer/operator/directory/build.h"
#include "producer/operator/directory/commands.h"
#include "producer/operator/directory/difference.h"
#include "producer/operator/directory/file.h"
#include "producer/operator/directory/kinds.h"
#include "producer/operator/directory/lookup.h"
#include "producer/operator/directory/read.h"
#include "producer/operator/directory/report.h"
#include "producer/operator/directory/rivals.h"
#include "producer/operator/inside.h"

#include <jansson.h>

enum { FLAG_DRY_RUN = 1, FLAG_PRUNE, FLAG_ALL };

const struct flag directory_apply_flags[] = {
	{ "dry-run", FLAG_DRY_RUN, NULL, "only say what would be announced" },
	{ "prune", FLAG_PRUNE, NULL,
	  "delete what the file lacks, of the kinds for which it has a section" },
	{ "all", FLAG_ALL, NULL,
	  "announce users, groups, organizations and the switch also if nothing differs" },
	{ NULL, 0, NULL, NULL },
};

/* One run of the command. */
struct applying {
	struct session *s;
	struct meter meter;
	bool dry_run;
	bool prune;
	bool all;
	struct directory_facts wanted;
	struct directory_facts have;
	struct directory_diff diff;
	struct directory_finder names;
};

/* ---- what differs ---- */

/* Finds the ids of all names in the file, and turns its entries into facts. */
static int resolve_file(struct applying *a, const json_t *file, struct error *err)
{
	struct directory_names names;
	int rc = directory_names(file, &names, err);

	if (rc)
		return rc;
	rc = inside_open_reader(a->s, err);
	if (!rc)
		rc = directory_look_up_names(a->s, &a->meter, &names, err);
	if (!rc)
		rc = directory_build(file, &names, clock_unix_ms(), &a->s->arena, &a->wanted, err);
	directory_names_done(&names);
	return rc;
}

static int read_file(struct applying *a, const char *path, struct error *err)
{
	json_t *file = NULL;
	int rc;

	meter_show(&a->meter, "reading the file", 0, 0);
	rc = directory_file_read(&file, path, err);
	if (rc)
		return rc;
	rc = resolve_file(a, file, err);
	json_decref(file);
	return rc == ERROR_INPUT ? error_prefix(err, "%s", directory_file_name(path)) : rc;
}

/*
 * Pruning means comparing with all of the index. There are many workspaces, so
 * they are only read if some may be deleted, or may refer to an organization that
 * is deleted.
 */
static int read_index(struct applying *a, struct error *err)
{
	const unsigned few =
		1U << DIRECTORY_ORGANIZATIONS | 1U << DIRECTORY_USERS | 1U << DIRECTORY_GROUPS;
	const unsigned workspaces = 1U << DIRECTORY_WORKSPACES;
	const unsigned concerned = workspaces | 1U << DIRECTORY_ORGANIZATIONS;
	struct uuid_list shadowed;
	int rc;

	if (a->prune)
		rc = directory_read_all(a->s, &a->meter,
					a->wanted.sections & concerned ? few | workspaces : few,
					&a->wanted, &a->have, err);
	else
		rc = directory_read_same(a->s, &a->meter, &a->wanted, &a->have, err);
	if (!rc)
		rc = facts_shadowed(inside_reader(a->s), &a->s->arena, &shadowed, err);
	if (rc)
		return rc;
	a->have.all_shadowed = a->all;
	a->have.shadowed = shadowed.list;
	a->have.shadowed_count = shadowed.count;
	return 0;
}

/* All facts that the changes mention. */
static struct directory_mentions list_mentions(struct applying *a)
{
	struct directory_mentions told = {
		arena_alloc(&a->s->arena, (2 * a->diff.count + 1) * sizeof(const struct record *)),
		0
	};

	for (size_t i = 0; i < a->diff.count; i++) {
		if (a->diff.list[i].old)
			told.list[told.count++] = a->diff.list[i].old;
		if (a->diff.list[i].new)
			told.list[told.count++] = a->diff.list[i].new;
	}
	return told;
}

/*
 * Finds all that the changes mention, and what has their ids as another kind. For
 * the checks, and for people.
 */
static int find_names(struct applying *a, struct error *err)
{
	struct arena *arena = &a->s->arena;
	const struct directory_mentions told = list_mentions(a);
	struct directory_facts *more = arena_zalloc(arena, 1, sizeof(*more));
	struct directory_facts *others = arena_zalloc(arena, 1, sizeof(*others));
	const struct directory_facts *lists[] = { &a->wanted, &a->have, more, others };
	struct kind_candidates candidates;
	int rc;

	directory_finder_init(&a->names, lists, 2, arena);
	rc = directory_read_referred(a->s, &a->meter, &told, &a->names, more, err);
	if (!rc && more->count)
		directory_finder_init(&a->names, lists, 3, arena);
	candidates = kinds_candidates(&a->diff, &a->names, arena);
	if (!rc)
		rc = directory_read_candidates(a->s, &a->meter, candidates.list, candidates.count,
					       others, err);
	if (!rc && others->count)
		directory_finder_init(&a->names, lists, 4, arena);
	return rc;
}

/* Nothing is announced that nobody could name, or that refers to what it must not. */
static int check_changes(struct applying *a, struct error *err)
{
	struct claim_rivals rivals;
	int rc = kinds_check(&a->diff, &a->wanted, &a->names, err);

	if (!rc)
		rc = rivals_read(a->s, &a->meter, &a->diff, &rivals, err);
	return rc ? rc : claims_check(&a->diff, &a->wanted, &rivals, &a->s->arena, err);
}

static int compare_index(struct applying *a, const char *path, struct error *err)
{
	int rc = read_file(a, path, err);

	if (!rc)
		rc = read_index(a, err);
	if (rc)
		return rc;
	rc = directory_diff(&a->wanted, &a->have, a->prune, &a->s->arena, &a->diff, err);
	if (!rc)
		rc = find_names(a, err);
	if (!rc)
		rc = check_changes(a, err);
	return rc == ERROR_INPUT ? error_prefix(err, "%s", directory_file_name(path)) : rc;
}

/* ---- whether it was taken ---- */

/* The last change announced on that topic whose fact must be in the index then; NULL: none. */
static const struct directory_change *last_announced(const struct directory_diff *d,
						     bool workspaces)
{
	for (size_t i = d->count; i > 0; i--) {
		const struct directory_change *c = &d->list[i - 1];

		if (c->new && c->verb != DIRECTORY_DELETE &&
		    (c->kind == DIRECTORY_WORKSPACES) == workspaces)
			return c;
	}
	return NULL;
}

/*
 * A fact that was passed over leaves the index as it was. Where the index says
 * neither what was before nor what was announced, somebody else has announced it
 * since, and ours was taken before.
 */
static int is_taken(struct applying *a, const struct directory_change *c, bool *taken,
		    struct error *err)
{
	struct record wanted = *c->new;
	const struct directory_facts ask = { .list = &wanted, .count = 1 };
	struct directory_facts have;
	const struct directory_facts *list = &have;
	struct directory_finder finder;
	struct uuid_list shadowed;
	const struct record *found;
	int rc = directory_read_same(a->s, &a->meter, &ask, &have, err);

	if (!rc)
		rc = facts_shadowed(inside_reader(a->s), &a->s->arena, &shadowed, err);
	if (rc)
		return rc;
	directory_finder_init(&finder, &list, 1, &a->s->arena);
	found = directory_find(&finder, c->kind, directory_id(c->new));
	*taken = found && !directory_is_shadowed(c->new, shadowed.list, shadowed.count) &&
		 (!directory_differences(found, c->new) || !c->old ||
		  directory_differences(found, c->old));
	return 0;
}

/*
 * The consumer tells nobody of the facts that it does not take. So one of each topic
 * is looked up: if that lacks a signature, so do all.
 */
static int check_taken(struct applying *a, bool workspaces, struct error *err)
{
	const struct directory_change *c = last_announced(&a->diff, workspaces);
	bool taken = true;
	int rc = c ? is_taken(a, c, &taken, err) : 0;

	if (rc || taken)
		return rc;
	return error_set(err, ERROR_REFUSED,
			 "%s %.*s was announced, but the index does not have it so; the consumer's "
			 "log says why: perhaps it requires the signature of a key that may "
			 "`facts` (keys-file)",
			 directory_kinds[c->kind].one, BYTES_ARG(directory_name(c->new)));
}

static int announce_changes(struct applying *a, struct error *err)
{
	int rc = directory_announce(a->s, &a->meter, &a->diff, err);

	if (rc || !a->s->wait_ms)
		return rc;
	rc = check_taken(a, false, err);
	return rc ? rc : check_taken(a, true, err);
}

/* ---- the command ---- */

static void print_report(const struct applying *a)
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
	a.all = argument_has(arguments, FLAG_ALL);
	meter_begin(&a.meter);
	rc = compare_index(&a, arguments->operands[0], &err);
	/* Even if nothing differs: the brokers may be those of another deployment. */
	if (!rc && !a.dry_run)
		rc = inside_open_bus(s, &err);
	if (!rc && !a.dry_run && a.diff.count)
		rc = announce_changes(&a, &err);
	meter_end(&a.meter);
	if (rc)
		return rc == ERROR_INPUT ? failure_report_usage(s, &err) : failure_report(s, &err);
	print_report(&a);
	return EXIT_DONE;
}
