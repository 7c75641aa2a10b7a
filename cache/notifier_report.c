#include "cache/notifier_report.h"

#include "cache/redis.h"
#include "cache/self_report.h"
#include "ops/support/memory.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const state_names[] = { NULL, "open", "paused", "left_alone", "disabled" };

const char *told_state_name(enum told_state state)
{
	return state_names[state];
}

/* ---- writing the text ---- */

/* The rest of a line: whatever it is, the line ends after it and nowhere before. */
static void append_rest(struct buffer *out, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		buffer_append(out, text.data[i] == '\n' ? (const void *)" " : &text.data[i], 1);
	buffer_append(out, "\n", 1);
}

static void append_endpoint(struct buffer *out, const struct told_endpoint *e)
{
	const int64_t numbers[] = { e->state,     e->owed,     e->moving,
				    e->oldest_ms, e->until_ms, e->failed_ms };

	buffer_append(out, "e ", 2);
	self_report_append(out, numbers, sizeof(numbers) / sizeof(numbers[0]));
	buffer_append(out, e->name.data, e->name.len);
	buffer_append(out, " ", 1);
	append_rest(out, e->problem);
}

void notifier_report_format(struct buffer *out, const struct notifier_report *r)
{
	const int64_t times[] = { r->written_ms, r->uptime_ms };
	const int64_t counts[] = { r->records, r->delivered, r->failed, r->dead };

	buffer_clear(out);
	self_report_append(out, times, 2);
	append_rest(out, r->instance);
	append_rest(out, r->group);
	self_report_append(out, &r->trouble_ms, 1);
	append_rest(out, r->trouble);
	self_report_append(out, counts, 4);
	append_rest(out, (struct bytes){ 0 });
	for (size_t i = 0; i < r->endpoint_count; i++)
		append_endpoint(out, &r->endpoints[i]);
	for (size_t i = 0; i < r->stages.count; i++) {
		buffer_append(out, "s ", 2);
		stages_append_figures(out, &r->stages.list[i]);
	}
}

/* ---- reading it ---- */

static bool parse_head(struct notifier_report *r, struct bytes *text)
{
	int64_t *const times[] = { &r->written_ms, &r->uptime_ms };
	int64_t *const troubled[] = { &r->trouble_ms };
	int64_t *const counts[] = { &r->records, &r->delivered, &r->failed, &r->dead };
	struct bytes line;

	if (!self_report_take(text, '\n', &r->instance) ||
	    !self_report_take_numbers(&r->instance, times, 2) ||
	    !self_report_take(text, '\n', &r->group) ||
	    !self_report_take(text, '\n', &r->trouble) ||
	    !self_report_take_numbers(&r->trouble, troubled, 1))
		return false;
	return self_report_take(text, '\n', &line) && self_report_take_numbers(&line, counts, 4) &&
	       !line.len;
}

static bool parse_endpoint(struct told_endpoint *e, struct bytes line)
{
	int64_t state = 0;
	int64_t *const numbers[] = { &state,        &e->owed,     &e->moving,
				     &e->oldest_ms, &e->until_ms, &e->failed_ms };

	if (!self_report_take_numbers(&line, numbers, sizeof(numbers) / sizeof(numbers[0])) ||
	    state < TOLD_OPEN || state > TOLD_DISABLED || !self_report_take(&line, ' ', &e->name) ||
	    !e->name.len)
		return false;
	e->state = (enum told_state)state;
	e->problem = line;
	return true;
}

static bool parse_line(struct notifier_report *r, size_t *cap, struct bytes line,
		       struct arena *arena)
{
	struct bytes kind;

	if (!self_report_take(&line, ' ', &kind))
		return false;
	if (bytes_equal_text(kind, "s"))
		return stages_take_figures(&r->stages, line);
	if (!bytes_equal_text(kind, "e"))
		return false;
	r->endpoints =
		arena_grow(arena, r->endpoints, cap, r->endpoint_count + 1, sizeof(*r->endpoints));
	r->endpoints[r->endpoint_count] = (struct told_endpoint){ .state = TOLD_OPEN };
	return parse_endpoint(&r->endpoints[r->endpoint_count++], line);
}

bool notifier_report_parse(struct notifier_report *out, struct bytes text, struct arena *arena)
{
	struct notifier_report r = { .written_ms = 0 };
	struct bytes line;
	size_t cap = 0;

	if (!parse_head(&r, &text))
		return false;
	while (text.len)
		if (!self_report_take(&text, '\n', &line) || !parse_line(&r, &cap, line, arena))
			return false;
	r.stages.instance = r.instance;
	r.stages.uptime_ms = r.uptime_ms;
	*out = r;
	return true;
}

/* ---- in Redis ---- */

int notifier_reports_read(struct notifier_report **out, size_t *count,
			  const struct marks_source *from, int partitions, struct arena *arena,
			  struct error *err)
{
	static const struct self_reports_place place = { "notifiers", true };
	struct notifier_report *list;
	struct self_reports texts;
	size_t found = 0;
	int rc = self_reports_read(&texts, &place, from, partitions, arena, err);

	if (rc)
		return rc;
	list = arena_zalloc(arena, texts.count + 1, sizeof(*list));
	for (size_t i = 0; i < texts.count; i++)
		found += notifier_report_parse(&list[found], texts.list[i], arena);
	*out = list;
	*count = found;
	return 0;
}

struct notifier_desk {
	struct redis *redis;
	char prefix[PREFIX_MAX + 1];
	struct pipeline pipeline;
	struct replies replies;
};

int notifier_desk_open(struct notifier_desk **out, const struct redis_target *redis,
		       const char *prefix, int timeout_ms, struct error *err)
{
	struct notifier_desk *d;
	int rc = keys_check_prefix(prefix, err);

	if (rc)
		return rc;
	d = memory_zalloc(1, sizeof(*d));
	pipeline_init(&d->pipeline);
	(void)snprintf(d->prefix, sizeof(d->prefix), "%s", prefix);
	rc = redis_new(&d->redis, redis, timeout_ms, err);
	if (rc)
		notifier_desk_close(&d);
	else
		*out = d;
	return rc;
}

void notifier_desk_close(struct notifier_desk **dp)
{
	struct notifier_desk *d = *dp;

	if (!d)
		return;
	redis_free(&d->redis);
	replies_done(&d->replies);
	pipeline_done(&d->pipeline);
	free(d);
	*dp = NULL;
}

int notifier_desk_write(struct notifier_desk *d, int partition, struct bytes group,
			struct bytes text, struct error *err)
{
	struct pipeline *p = &d->pipeline;
	struct keys k;
	int rc;

	keys_init(&k, d->prefix, partition);
	pipeline_clear(p);
	self_report_set_of(p, &k, "notifiers", group, text);
	rc = redis_roundtrip(d->redis, p, &d->replies, err);
	pipeline_trim(p);
	return rc ? rc : replies_check(&d->replies, redis_address(d->redis), err);
}
