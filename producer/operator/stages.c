#include "producer/operator/stages.h"

#include "cache/stages.h"
#include "producer/cli/arguments.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"

#include <jansson.h>

enum { REDIS_TIMEOUT_MS = 3000, COLUMNS = 7 };

static struct bytes milliseconds_cell(struct arena *arena, int64_t us)
{
	return arena_printf(arena, "%.3f", (double)us / 1000);
}

static void add_row(struct table *t, const struct stages *s, const struct stage_figures *f)
{
	double of = s->uptime_ms > 0 ? (double)f->us / ((double)s->uptime_ms * 10) : 0;
	const struct bytes cells[COLUMNS] = {
		s->instance,
		f->name,
		arena_printf(t->arena, "%lld", (long long)f->turns),
		milliseconds_cell(t->arena, f->us),
		milliseconds_cell(t->arena, f->turns ? f->us / f->turns : 0),
		milliseconds_cell(t->arena, f->max_us),
		arena_printf(t->arena, "%.2f", of),
	};

	table_add(t, cells);
}

static void print_figures(struct session *s, const struct stages *list, size_t count)
{
	static const char *const titles[COLUMNS] = { "INSTANCE", "STAGE",      "TURNS",
						     "TOTAL MS", "AVERAGE MS", "LONGEST MS",
						     "% OF TIME" };
	struct table t;

	table_init(&t, &s->arena, titles, COLUMNS);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < list[i].count; k++)
			add_row(&t, &list[i], &list[i].list[k]);
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

static json_t *consumer_json(const struct stages *s)
{
	json_t *o = json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < s->count; i++)
		(void)json_array_append_new(list, figures_json(&s->list[i]));
	(void)json_object_set_new(o, "instance", json_text(s->instance));
	(void)json_object_set_new(o, "uptime_ms", json_integer(s->uptime_ms));
	(void)json_object_set_new(o, "stages", list);
	return o;
}

static void print_figures_json(const struct stages *list, size_t count)
{
	json_t *all = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, consumer_json(&list[i]));
	json_print(all);
}

static int read_figures(struct session *s, struct stages **list, size_t *count, struct error *err)
{
	const struct marks_source from = { config_get(s->config, "redis"),
					   config_get(s->config, "prefix"), REDIS_TIMEOUT_MS };
	struct marks marks;
	int rc = marks_read(&marks, &from, 0, &s->arena, err);

	return rc ? rc : stages_read(list, count, &from, (int)marks.count, &s->arena, err);
}

enum exit_code show_stages(struct session *s)
{
	struct stages *list = NULL;
	struct error err = { 0 };
	size_t count = 0;
	int rc = read_figures(s, &list, &count, &err);

	if (rc) {
		complain(&err);
		return exit_code_of(rc);
	}
	if (s->output == OUTPUT_JSON)
		print_figures_json(list, count);
	else
		print_figures(s, list, count);
	if (!count)
		complain(&(struct error){ .text = "no consumer has written its figures lately" });
	return count ? EXIT_DONE : EXIT_NO;
}
