#include "cache/stages.h"

#include "cache/self_report.h"

/* ---- the text ---- */

void stages_append_figures(struct buffer *out, const struct stage_figures *f)
{
	const int64_t numbers[] = { f->turns, f->us, f->max_us };

	self_report_append(out, numbers, 3);
	buffer_append(out, f->name.data, f->name.len);
	buffer_append(out, "\n", 1);
}

void stages_format(struct buffer *out, const struct stages *s)
{
	buffer_clear(out);
	self_report_append(out, &s->uptime_ms, 1);
	buffer_append(out, s->instance.data, s->instance.len);
	buffer_append(out, "\n", 1);
	for (size_t i = 0; i < s->count; i++)
		stages_append_figures(out, &s->list[i]);
}

bool stages_take_figures(struct stages *s, struct bytes line)
{
	struct stage_figures f = { .turns = 0 };
	int64_t *const numbers[] = { &f.turns, &f.us, &f.max_us };

	if (s->count == STAGES_MAX || !self_report_take_numbers(&line, numbers, 3) || !line.len)
		return false;
	f.name = line;
	s->list[s->count++] = f;
	return true;
}

bool stages_parse(struct stages *out, struct bytes text)
{
	struct stages s = { .count = 0 };
	int64_t *const uptime[] = { &s.uptime_ms };
	struct bytes line;

	if (!self_report_take(&text, '\n', &s.instance) ||
	    !self_report_take_numbers(&s.instance, uptime, 1))
		return false;
	while (text.len)
		if (!self_report_take(&text, '\n', &line) || !stages_take_figures(&s, line))
			return false;
	*out = s;
	return true;
}

/* ---- in Redis ---- */

int stages_write(struct index *ix, int partition, const struct stages *s, struct error *err)
{
	const struct replies *replies;
	struct pipeline *p = index_begin(ix);
	struct buffer text;
	int rc;

	buffer_init(&text);
	stages_format(&text, s);
	self_report_set(p, index_keys(ix, partition), "stages", buffer_bytes(&text));
	rc = index_ask(ix, &replies, err);
	buffer_done(&text);
	return rc;
}

int stages_read(struct stages **out, size_t *count, const struct marks_source *from, int partitions,
		struct arena *arena, struct error *err)
{
	static const struct self_reports_place place = { "stages", false };
	struct stages *list = arena_zalloc(arena, (size_t)partitions + 1, sizeof(*list));
	struct self_reports texts;
	size_t found = 0;
	int rc = self_reports_read(&texts, &place, from, partitions, arena, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < texts.count; i++)
		found += stages_parse(&list[found], texts.list[i]);
	*out = list;
	*count = found;
	return 0;
}
