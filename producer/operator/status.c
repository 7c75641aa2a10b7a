/* sharebus status: which process owns which partition, how far it is, and what is wrong. */

#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "producer/operator/commands.h"
#include "producer/operator/notifiers_view.h"
#include "producer/operator/stages.h"
#include "producer/operator/survey.h"
#include "producer/operator/verdict.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { FLAG_STAGES = 1, COLUMNS = 9 };

const struct flag status_flags[] = {
	{ "stages", FLAG_STAGES, NULL, "show how consumers and notifiers spend their time" },
	{ NULL, 0, NULL, NULL },
};

/* ---- showing ---- */

static struct bytes number_cell(struct arena *arena, int64_t value)
{
	return value == ABSENT ? (struct bytes){ 0 }
			       : arena_printf(arena, "%lld", (long long)value);
}

static struct bytes state_cell(struct arena *arena, const struct survey_row *r)
{
	int percent = seen_mark_percent(&r->seen);

	if (!r->state || percent < 0 || strcmp(r->state, "rebuilding") != 0)
		return bytes_of(r->state);
	return arena_printf(arena, "%s %d %%", r->state, percent);
}

static bool is_on_cluster(const struct survey *v)
{
	for (int i = 0; i <= v->partitions; i++)
		if (v->rows[i].seen.node)
			return true;
	return false;
}

static void print_table(const struct survey *v)
{
	static const char *const titles[COLUMNS] = { "PARTITION", "OWNER",     "EPOCH",
						     "APPLIED",   "COMMITTED", "END",
						     "LAG",       "STATE",     "NODE" };
	struct arena *arena = &v->session->arena;
	struct table t;

	table_init(&t, arena, titles, is_on_cluster(v) ? COLUMNS : COLUMNS - 1);
	for (int i = 0; i <= v->partitions; i++) {
		const struct survey_row *r = &v->rows[i];
		const struct bytes cells[COLUMNS] = {
			i < v->partitions ? number_cell(arena, i) : bytes_of("directory"),
			bytes_of(r->owner),
			number_cell(arena, survey_has_mark(r) ? r->seen.mark.epoch : ABSENT),
			number_cell(arena, survey_has_mark(r) ? r->seen.mark.applied : ABSENT),
			number_cell(arena, r->committed),
			number_cell(arena, r->end),
			number_cell(arena, r->lag),
			state_cell(arena, r),
			bytes_of(r->seen.node),
		};

		table_add(&t, cells);
	}
	table_print(&t);
}

static json_t *number_json(int64_t value)
{
	return value == ABSENT ? json_null() : json_integer(value);
}

static json_t *trouble_json(const struct trouble *t)
{
	json_t *o;

	if (!t->text.data)
		return json_null();
	o = json_object();
	(void)json_object_set_new(o, "text", json_text(t->text));
	(void)json_object_set_new(o, "since", time_json(t->since_ms));
	(void)json_object_set_new(o, "seen", time_json(t->seen_ms));
	(void)json_object_set_new(o, "instance", json_text(t->instance));
	return o;
}

static void add_row(json_t *o, const struct survey_row *r)
{
	(void)json_object_set_new(o, "owner", json_text(bytes_of(r->owner)));
	(void)json_object_set_new(o, "epoch",
				  number_json(survey_has_mark(r) ? r->seen.mark.epoch : ABSENT));
	(void)json_object_set_new(o, "applied",
				  number_json(survey_has_mark(r) ? r->seen.mark.applied : ABSENT));
	(void)json_object_set_new(o, "committed", number_json(r->committed));
	(void)json_object_set_new(o, "end", number_json(r->end));
	(void)json_object_set_new(o, "lag", number_json(r->lag));
	(void)json_object_set_new(o, "state", json_text(bytes_of(r->state)));
	(void)json_object_set_new(o, "node", json_text(bytes_of(r->seen.node)));
	(void)json_object_set_new(o, "loaded",
				  number_json(survey_has_mark(r) ? r->seen.loaded : ABSENT));
	(void)json_object_set_new(o, "goal",
				  number_json(survey_has_mark(r) ? r->seen.goal : ABSENT));
	(void)json_object_set_new(o, "trouble", trouble_json(&r->seen.trouble));
}

static json_t *problems_json(const struct verdict *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->count; i++)
		(void)json_array_append_new(list, json_text(problems->list[i]));
	return list;
}

static void print_json(const struct survey *v, const struct notifiers *n,
		       const struct verdict *problems)
{
	json_t *all = json_object();
	json_t *list = json_array();
	json_t *directory = json_object();

	for (int i = 0; i < v->partitions; i++) {
		json_t *o = json_object();

		(void)json_object_set_new(o, "partition", json_integer(i));
		add_row(o, &v->rows[i]);
		(void)json_array_append_new(list, o);
	}
	add_row(directory, &v->rows[v->partitions]);
	(void)json_object_set_new(all, "group",
				  json_string(config_get(v->session->config, "consumer-group")));
	(void)json_object_set_new(all, "group_state", json_text(bytes_of(v->group_state)));
	(void)json_object_set_new(all, "partitions", list);
	(void)json_object_set_new(all, "directory", directory);
	(void)json_object_set_new(all, "notifiers", notifiers_json(n));
	(void)json_object_set_new(all, "problems", problems_json(problems));
	json_print(all);
}

/* ---- the command ---- */

static void print_tables(const struct survey *v, const struct notifiers *n)
{
	print_table(v);
	notifiers_print(n);
}

/* A table without any answer would be empty; JSON keeps its shape. */
static void show_status(const struct survey *v, const struct notifiers *n,
			const struct verdict *problems)
{
	if (v->trouble.code == ERROR_USAGE)
		return;
	if (v->session->output == OUTPUT_JSON)
		print_json(v, n, problems);
	else if (v->partitions || !v->trouble.code)
		print_tables(v, n);
}

/* If a server did not answer, that explains the rest. */
static enum exit_code conclude_status(const struct survey *v, const struct verdict *problems)
{
	if (v->trouble.code == ERROR_USAGE)
		return failure_report(v->session, &v->trouble);
	if (v->trouble.code) {
		complain(&v->trouble);
		return EXIT_UNAVAILABLE;
	}
	if (v->foreign.code)
		complain(&v->foreign);
	for (size_t i = 0; i < problems->count; i++) {
		struct error problem = { 0 };

		(void)error_set(&problem, ERROR_UNAVAILABLE, "%.*s", BYTES_ARG(problems->list[i]));
		complain(&problem);
	}
	return v->foreign.code || problems->count || !v->partitions ? EXIT_NO : EXIT_DONE;
}

enum exit_code run_status(struct session *s, const struct arguments *a)
{
	struct verdict problems = { 0 };
	struct notifiers n;
	struct survey v;

	if (argument_has(a, FLAG_STAGES))
		return show_stages(s);
	survey_ask(&v, s);
	notifiers_ask(&n, &v);
	verdict_watch(v.rows, v.partitions + 1);
	if (!v.trouble.code)
		verdict_give(&problems, v.rows, v.partitions,
			     config_get(s->config, "consumer-group"), bytes_of(v.evicting.text),
			     &s->arena);
	verdict_add(&problems, v.topics, v.topics_count, &s->arena);
	notifiers_judge(&n, &problems);
	show_status(&v, &n, &problems);
	survey_done(&v);
	return conclude_status(&v, &problems);
}
