#include "producer/operator/directory/report.h"

#include "ops/support/buffer.h"
#include "producer/cli/json.h"
#include "producer/cli/text.h"
#include "producer/operator/directory/change.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 10 }; /* elements that come, and that go, in one line */

/* ---- lines ---- */

static void add_text(struct buffer *line, struct bytes text)
{
	buffer_append(line, text.data, text.len);
}

static void add_elements(struct buffer *line, const struct elements *c, const char *sign)
{
	char more[48];

	for (size_t i = 0; i < c->count && i < SHOWN_MAX; i++) {
		buffer_append_text(line, sign);
		add_text(line, c->list[i]);
	}
	(void)snprintf(more, sizeof(more), "%s… and %zu more", sign, c->count - SHOWN_MAX);
	if (c->count > SHOWN_MAX)
		buffer_append_text(line, more);
}

static void add_difference(const struct telling *t, struct buffer *line, unsigned difference)
{
	const struct directory_change *c = t->change;

	buffer_append_text(line, change_key(c->kind, difference));
	if (change_is_list(difference)) {
		struct elements in = change_added(t, difference);
		struct elements out = change_removed(t, difference);

		add_elements(line, &in, " +");
		add_elements(line, &out, " -");
		return;
	}
	buffer_append_text(line, " ");
	add_text(line, change_value(t, c->old, difference));
	buffer_append_text(line, " -> ");
	add_text(line, change_value(t, c->new, difference));
}

static void print_change(const struct telling *t, struct buffer *line)
{
	static const char *const signs[] = {
		[DIRECTORY_CREATE] = "+ ", [DIRECTORY_CHANGE] = "~ ", [DIRECTORY_DELETE] = "- "
	};
	const struct directory_change *c = t->change;
	struct bytes name = label_record(&t->labels, change_subject(c));
	const char *before = ": ";

	buffer_clear(line);
	buffer_append_text(line, signs[c->verb]);
	buffer_append_text(line, directory_kinds[c->kind].one);
	if (name.len)
		buffer_append_text(line, " ");
	add_text(line, name);
	for (unsigned rest = change_differences(c); rest; rest &= rest - 1) {
		buffer_append_text(line, before);
		add_difference(t, line, rest & -rest);
		before = ", ";
	}
	if (c->verb == DIRECTORY_CHANGE && !change_differences(c))
		buffer_append_text(line, ": again, because a later record under its key was passed "
					 "over");
	name = printable(buffer_bytes(line), t->labels.arena);
	(void)printf("%.*s\n", BYTES_ARG(name));
}

void directory_report_lines(const struct directory_diff *d, const struct directory_finder *names)
{
	struct arena arena;
	struct buffer line;

	arena_init(&arena);
	buffer_init(&line);
	for (size_t i = 0; i < d->count; i++) {
		print_change(&(struct telling){ &d->list[i], { .names = names, .arena = &arena } },
			     &line);
		arena_reset(&arena);
	}
	buffer_done(&line);
	arena_done(&arena);
}

/* ---- counts ---- */

void directory_report_counts(const struct directory_diff *d, bool pruned)
{
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		const struct directory_counts *c = &d->counts[kind];

		if (kind == DIRECTORY_SWITCH)
			continue;
		(void)printf("%s: %zu created, %zu changed, ", directory_kinds[kind].section,
			     c->created, c->changed);
		if (pruned)
			(void)printf("%zu deleted, ", c->deleted);
		(void)printf("%zu unchanged\n", c->unchanged);
	}
	if (d->counts[DIRECTORY_SWITCH].changed)
		(void)printf("%s: changed\n", directory_kinds[DIRECTORY_SWITCH].section);
}

/* ---- JSON ---- */

static json_t *elements_json(const struct elements *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->count; i++)
		(void)json_array_append_new(list, json_text(c->list[i]));
	return list;
}

static json_t *change_json(const struct telling *t)
{
	static const char *const verbs[] = { [DIRECTORY_CREATE] = "created",
					     [DIRECTORY_CHANGE] = "changed",
					     [DIRECTORY_DELETE] = "deleted" };
	const struct directory_change *c = t->change;
	struct elements in = { 0 };
	struct elements out = { 0 };
	json_t *differs = json_array();
	json_t *o = json_object();
	char id[UUID_TEXT_SIZE];

	for (unsigned rest = change_differences(c); rest; rest &= rest - 1) {
		unsigned one = rest & -rest;

		(void)json_array_append_new(differs, json_string(change_key(c->kind, one)));
		if (change_is_list(one)) {
			in = change_added(t, one);
			out = change_removed(t, one);
		}
	}
	uuid_format(id, directory_id(change_subject(c)));
	(void)json_object_set_new(o, "change", json_string(verbs[c->verb]));
	(void)json_object_set_new(o, "kind", json_string(directory_kinds[c->kind].one));
	(void)json_object_set_new(o, "name",
				  json_text(label_record(&t->labels, change_subject(c))));
	(void)json_object_set_new(o, "id",
				  c->kind == DIRECTORY_SWITCH ? json_null() : json_string(id));
	(void)json_object_set_new(o, "differs", differs);
	(void)json_object_set_new(o, "added", elements_json(&in));
	(void)json_object_set_new(o, "removed", elements_json(&out));
	return o;
}

static void print_counts(const struct directory_diff *d)
{
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		const struct directory_counts *c = &d->counts[kind];

		(void)printf("  \"%s\": {\"created\": %zu, \"changed\": %zu, \"deleted\": %zu, "
			     "\"unchanged\": %zu},\n",
			     directory_kinds[kind].section, c->created, c->changed, c->deleted,
			     c->unchanged);
	}
}

/* One change at a time: there may be hundreds of thousands, and jansson would hold them all. */
void directory_report_json(const struct directory_diff *d, const struct directory_finder *names,
			   bool dry_run)
{
	struct arena arena;

	arena_init(&arena);
	(void)printf("{\n  \"dry_run\": %s,\n", dry_run ? "true" : "false");
	print_counts(d);
	(void)printf("  \"changes\": [");
	for (size_t i = 0; i < d->count; i++) {
		json_t *o = change_json(
			&(struct telling){ &d->list[i], { .names = names, .arena = &arena } });

		(void)printf("%s\n    ", i ? "," : "");
		(void)json_dumpf(o, stdout, 0);
		json_decref(o);
		arena_reset(&arena);
	}
	(void)printf("%s]\n}\n", d->count ? "\n  " : "");
	arena_done(&arena);
}
