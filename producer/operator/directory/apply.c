/* sharebus directory apply: makes the index what a file states, by announcing what differs. */

#include "cache/facts.h"
#include "ops/support/clock.h"
#include "producer/ids.h"
#include "producer/operator/directory/announce.h"
#include "producer/operator/directory/build.h"
#include "producer/operator/directory/commands.h"
#include "producer/operator/directory/file.h"
#include "producer/operator/directory/lookup.h"
#include "producer/operator/directory/read.h"
#include "producer/operator/directory/report.h"
#include "producer/operator/inside.h"

#include <jansson.h>

enum { FLAG_DRY_RUN = 1, FLAG_PRUNE };

const struct flag directory_apply_flags[] = {
	{ "dry-run", FLAG_DRY_RUN, NULL, "only say what would be announced" },
	{ "prune", FLAG_PRUNE, NULL,
	  "delete what the file lacks, of the kinds for which it has a section" },
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
	return rc == ERROR_INPUT ? error_prefix(err, "%s", path) : rc;
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
	a->have.shadowed = shadowed.list;
	a->have.shadowed_count = shadowed.count;
	return 0;
}

/* Finds the names of all that the changes mention. */
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

/* The kind that has the id of what is to be created; DIRECTORY_KINDS if none has. */
static enum directory_kind kind_of_id(const struct directory_finder *others,
				      const struct directory_change *c)
{
	int kind = 0;

	while (kind < DIRECTORY_KINDS &&
	       !directory_find(others, (enum directory_kind)kind, directory_id(c->new)))
		kind++;
	return (enum directory_kind)kind;
}

/* Nothing new may take an id that another kind has: see directory_shares_ids(). */
static int check_ids(struct applying *a, struct error *err)
{
	struct arena *arena = &a->s->arena;
	struct directory_facts others;
	struct directory_finder finder;
	const struct directory_facts *list = &others;
	int rc = directory_read_others(a->s, &a->meter, &a->diff, &others, err);

	if (rc)
		return rc;
	directory_finder_init(&finder, &list, 1, arena);
	for (size_t i = 0; i < a->diff.count; i++) {
		const struct directory_change *c = &a->diff.list[i];
		enum directory_kind kind;

		if (c->verb != DIRECTORY_CREATE || !directory_shares_ids(c->kind))
			continue;
		kind = kind_of_id(&finder, c);
		if (kind != DIRECTORY_KINDS)
			return error_set(err, ERROR_INPUT,
					 "%s %.*s has the id %s, which another %s has already; "
					 "nothing was sent",
					 directory_kinds[c->kind].one,
					 BYTES_ARG(directory_name(c->new)),
					 text_of(id_text(arena, directory_id(c->new))),
					 directory_kinds[kind].one);
	}
	return 0;
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
		rc = check_ids(a, err);
	if (rc == ERROR_INPUT)
		return error_prefix(err, "%s", path);
	if (!rc && (a->dry_run || a->s->output == OUTPUT_JSON))
		rc = find_names(a, err);
	return rc;
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
	meter_begin(&a.meter);
	rc = compare_index(&a, arguments->operands[0], &err);
	/* Even if nothing differs: the brokers may be those of another deployment. */
	if (!rc && !a.dry_run)
		rc = inside_open_bus(s, &err);
	if (!rc && !a.dry_run && a.diff.count)
		rc = directory_announce(s, &a.meter, &a.diff, &err);
	meter_end(&a.meter);
	if (rc)
		complain(&err);
	else
		print_report(&a);
	return rc == ERROR_INPUT ? EXIT_USAGE : exit_code_of(rc);
}
