#include "producer/operator/stages.h"

#include "cache/notifier_report.h"
#include "cache/stages.h"
#include "producer/cli/arguments.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"

#include <jansson.h>
#include <string.h>

enum { REDIS_TIMEOUT_MS = 3000, COLUMNS = 8 };

/* What has run: the figures of consumers come first, then those of notifiers. */
struct figures {
	struct stages *list;
	size_t count;
	size_t consumers;
};

static const char *program_of(const struct figures *f, size_t at)
{
	return at < f->consumers ? "consumer" : "notifier";
}

static struct bytes milliseconds_cell(struct arena *arena, int64_t us)
{
	return arena_printf(arena, "%.3f", (double)us / 1000);
}

static void add_row(struct table *t, const char *program, const struct stages *s,
		    const struct stage_figures *f)
{
	double of = s->uptime_ms > 0 ? (double)f->us / ((double)s->uptime_ms * 10) : 0;
	const struct bytes cells[COLUMNS] = {
		s->instance,
		bytes_of(program),
		f->name,
		arena_printf(t->arena, "%lld", (long long)f->turns),
		milliseconds_cell(t->arena, f->us),
		milliseconds_cell(t->arena, f->turns ? f->us / f->turns : 0),
		milliseconds_cell(t->arena, f->max_us),
		arena_printf(t->arena, "%.2f", of),
	};

	table_add(t, cells);
}

static void print_figures(struct session *s, const struct figures *all)
{
	static const char *const titles[COLUMNS] = { "INSTANCE",   "PROGRAM",  "STAGE",
						     "TURNS",      "TOTAL MS", "AVERAGE MS",
						     "LONGEST MS", "% OF TIME" };
	struct table t;

	table_init(&t, &s->arena, titles, COLUMNS);
	for (size_t i = 0; i < all->count; i++)
		for (size_t k = 0; k < all->list[i].count; k++)
			add_row(&t, program_of(all, i), &all->list[i], &all->list[i].list[k]);
	table_print(&t);
}

static json_t *figures_json(const struct stage_figures *f)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "stage", json_text(f->name));
	(void)json_object_set_new(o, "turns", json_integer(f->turns));
	(void)json_object_set_new(o, "us", json_integer(f->us));
	(void)json_object_set_new(o, "max_us", json_integer(f->max_us));
	return o;
}

static json_t *program_json(const char *program, const struct stages *s)
{
	json_t *o = json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < s->count; i++)
		(void)json_array_append_new(list, figures_json(&s->list[i]));
	(void)json_object_set_new(o, "instance", json_text(s->instance));
	(void)json_object_set_new(o, "program", json_string(program));
	(void)json_object_set_new(o, "uptime_ms", json_integer(s->uptime_ms));
	(void)json_object_set_new(o, "stages", list);
	return o;
}

static void print_figures_json(const struct figures *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++)
		(void)json_array_append_new(list, program_json(program_of(all, i), &all->list[i]));
	json_print(list);
}

static void add_notifiers(struct figures *out, const struct notifier_report *list, size_t count,
			  struct arena *arena)
{
	struct stages *all = arena_alloc(arena, (out->count + count + 1) * sizeof(*all));

	if (out->count)
		memcpy(all, out->list, out->count * sizeof(*all));
	for (size_t i = 0; i < count; i++)
		all[out->count + i] = list[i].stages;
	out->list = all;
	out->count += count;
}

static int read_figures(struct session *s, struct figures *out, struct error *err)
{
	const struct marks_source from = { redis_target_from(s->config),
					   config_get(s->config, "prefix"), REDIS_TIMEOUT_MS };
	struct notifier_report *reports = NULL;
	size_t count = 0;
	struct marks marks;
	int rc = marks_read(&marks, &from, 0, &s->arena, err);

	if (!rc)
		rc = stages_read(&out->list, &out->count, &from, (int)marks.count, &s->arena, err);
	if (!rc)
		rc = notifier_reports_read(&reports, &count, &from, (int)marks.count, &s->arena,
					   err);
	out->consumers = out->count;
	if (!rc)
		add_notifiers(out, reports, count, &s->arena);
	return rc;
}

enum exit_code show_stages(struct session *s)
{
	struct figures all = { 0 };
	struct error err = { 0 };

	if (read_figures(s, &all, &err))
		return failure_report(s, &err);
	if (s->output == OUTPUT_JSON)
		print_figures_json(&all);
	else
		print_figures(s, &all);
	if (!all.consumers)
		complain(&(struct error){ .text = "no consumer has written its figures lately" });
	return all.consumers ? EXIT_DONE : EXIT_NO;
}
