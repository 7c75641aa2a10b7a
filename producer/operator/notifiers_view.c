#include "producer/operator/notifiers_view.h"

#include "ops/support/clock.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "schemas/ranges.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* ---- judging ---- */

static struct bytes moment_text(struct arena *arena, int64_t ms)
{
	char text[RFC3339_SIZE];

	if (!ms)
		return (struct bytes){ 0 };
	clock_format_rfc3339(text, ms);
	return arena_printf(arena, "%s", text);
}

static struct bytes waiting_text(struct arena *arena, const struct told_endpoint *e)
{
	if (!e->owed)
		return bytes_of("");
	return arena_printf(arena, "; %lld %s for it", (long long)e->owed,
			    e->owed == 1 ? "delivery waits" : "deliveries wait");
}

/* Absent: nothing is wrong with it. */
static struct bytes judge_endpoint(struct arena *arena, const struct told_endpoint *e)
{
	struct bytes waiting = waiting_text(arena, e);
	struct bytes why = e->problem.len ? e->problem : bytes_of("no reason is known");

	switch (e->state) {
	case TOLD_OPEN:
	case TOLD_PAUSED: /* as it wished */
		return (struct bytes){ 0 };
	case TOLD_LEFT_ALONE:
		return arena_printf(arena, "endpoint %.*s is left alone until %.*s: %.*s%.*s",
				    BYTES_ARG(e->name),
				    BYTES_ARG(e->until_ms ? moment_text(arena, e->until_ms)
							  : bytes_of("one delivery has arrived")),
				    BYTES_ARG(why), BYTES_ARG(waiting));
	case TOLD_DISABLED:
		return arena_printf(arena,
				    "endpoint %.*s is disabled until `sharebus endpoints enable "
				    "%.*s`: %.*s%.*s",
				    BYTES_ARG(e->name), BYTES_ARG(e->name), BYTES_ARG(why),
				    BYTES_ARG(waiting));
	}
	return (struct bytes){ 0 };
}

static bool has_ours(const struct notifiers *n)
{
	for (size_t i = 0; i < n->count; i++)
		if (notifiers_is_ours(n, &n->list[i]))
			return true;
	return false;
}

static void judge_absence(const struct notifiers *n, struct verdict *v)
{
	struct arena *arena = &n->session->arena;
	struct bytes sentence;

	if (!n->configured || !n->asked || has_ours(n))
		return;
	sentence = arena_printf(arena, "no notifier of group %s runs: start sharebus-notifier",
				n->group);
	if (n->lag > 0)
		sentence = arena_printf(arena, "%.*s; nobody is told of %lld records",
					BYTES_ARG(sentence), (long long)n->lag);
	verdict_add(v, &sentence, 1, arena);
}

static bool tells_endpoint(const struct seen_notifier *one, struct bytes name)
{
	for (size_t i = 0; one->report && i < one->report->endpoint_count; i++)
		if (bytes_equal(one->report->endpoints[i].name, name))
			return true;
	return false;
}

/*
 * What is owed stands in the ledger under the endpoint's name alone: of two groups that
 * have one of that name, each delivers what the other owes, to its own address.
 */
static void judge_name(const struct notifiers *n, struct bytes name, struct verdict *v)
{
	struct arena *arena = &n->session->arena;
	const char *first = NULL;

	for (size_t i = 0; i < n->count; i++) {
		const char *group = n->list[i].group;
		struct bytes sentence;

		if (!tells_endpoint(&n->list[i], name) || (first && strcmp(first, group) == 0))
			continue;
		if (!first) {
			first = group;
			continue;
		}
		sentence = arena_printf(
			arena,
			"the groups %s and %s both have an endpoint %.*s, and take what "
			"is owed to it from each other: give it another name in one of "
			"them",
			first, group, BYTES_ARG(name));
		verdict_add(v, &sentence, 1, arena);
		return;
	}
}

void notifiers_judge(const struct notifiers *n, struct verdict *v)
{
	struct arena *arena = &n->session->arena;

	judge_absence(n, v);
	for (size_t i = 0; i < n->count; i++) {
		const struct notifier_report *r = n->list[i].report;
		struct bytes sentence;

		if (!r || !r->trouble_ms)
			continue;
		sentence =
			arena_printf(arena, "notifier %s of group %s: %.*s (since %.*s)",
				     n->list[i].instance, n->list[i].group, BYTES_ARG(r->trouble),
				     BYTES_ARG(moment_text(arena, r->trouble_ms)));
		verdict_add(v, &sentence, 1, arena);
	}
	for (size_t i = 0; i < n->endpoint_count; i++) {
		struct bytes sentence = judge_endpoint(arena, &n->endpoints[i]);

		if (sentence.data)
			verdict_add(v, &sentence, 1, arena);
		judge_name(n, n->endpoints[i].name, v);
	}
	if (n->failed.code) {
		struct bytes sentence = arena_printf(arena, "%s", n->failed.text);

		verdict_add(v, &sentence, 1, arena);
	}
}

/* ---- showing ---- */

/* What a notifier owes, and since when the oldest of it is owed. */
static int64_t sum_owed(const struct notifier_report *r, int64_t *oldest_ms)
{
	int64_t owed = 0;

	*oldest_ms = 0;
	for (size_t i = 0; i < r->endpoint_count; i++) {
		const struct told_endpoint *e = &r->endpoints[i];

		owed += e->owed;
		if (e->oldest_ms && (!*oldest_ms || e->oldest_ms < *oldest_ms))
			*oldest_ms = e->oldest_ms;
	}
	return owed;
}

static struct bytes partitions_text(const struct notifiers *n, const struct seen_notifier *one)
{
	char text[RANGES_SIZE];

	if (!one->has || !ranges_format(text, sizeof(text), one->has, n->partitions))
		return (struct bytes){ 0 };
	return arena_printf(&n->session->arena, "%s", strchr(text, ' ') + 1);
}

static struct bytes number_text(struct arena *arena, int64_t number)
{
	return arena_printf(arena, "%lld", (long long)number);
}

static void print_list(const struct notifiers *n)
{
	static const char *const titles[] = { "NOTIFIER", "GROUP",     "PARTITIONS", "OWED",
					      "OLDEST",   "DELIVERED", "FAILED",     "DEAD" };
	struct arena *arena = &n->session->arena;
	struct table t;

	table_init(&t, arena, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < n->count; i++) {
		const struct notifier_report *r = n->list[i].report;
		struct bytes cells[sizeof(titles) / sizeof(titles[0])] = {
			bytes_of(n->list[i].instance), bytes_of(n->list[i].group),
			partitions_text(n, &n->list[i])
		};
		int64_t oldest_ms = 0;

		if (r) {
			cells[3] = number_text(arena, sum_owed(r, &oldest_ms));
			cells[4] = moment_text(arena, oldest_ms);
			cells[5] = number_text(arena, r->delivered);
			cells[6] = number_text(arena, r->failed);
			cells[7] = number_text(arena, r->dead);
		}
		table_add(&t, cells);
	}
	if (n->count)
		(void)printf("\n");
	table_print(&t);
}

static void print_endpoints(const struct notifiers *n)
{
	static const char *const titles[] = { "ENDPOINT", "STATE",       "UNTIL",       "OWED",
					      "OLDEST",   "LAST FAILED", "LAST PROBLEM" };
	struct arena *arena = &n->session->arena;
	struct table t;

	table_init(&t, arena, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < n->endpoint_count; i++) {
		const struct told_endpoint *e = &n->endpoints[i];

		table_add(&t,
			  (const struct bytes[]){
				  e->name,
				  bytes_of(e->state == TOLD_LEFT_ALONE ? "left alone"
								       : told_state_name(e->state)),
				  moment_text(arena, e->until_ms),
				  number_text(arena, e->owed),
				  moment_text(arena, e->oldest_ms),
				  moment_text(arena, e->failed_ms),
				  e->problem.len ? e->problem : (struct bytes){ 0 },
			  });
	}
	if (n->endpoint_count)
		(void)printf("\n");
	table_print(&t);
}

void notifiers_print(const struct notifiers *n)
{
	print_list(n);
	print_endpoints(n);
}

static json_t *partitions_json(const struct notifiers *n, const struct seen_notifier *one)
{
	json_t *list = one->has ? json_array() : json_null();

	for (int i = 0; one->has && i < n->partitions; i++)
		if (one->has[i])
			(void)json_array_append_new(list, json_integer(i));
	return list;
}

static json_t *notifier_json(const struct notifiers *n, const struct seen_notifier *one)
{
	const struct notifier_report *r = one->report;
	int64_t oldest_ms = 0;
	int64_t owed = r ? sum_owed(r, &oldest_ms) : 0;
	json_t *o = json_object();

	(void)json_object_set_new(o, "instance", json_text(bytes_of(one->instance)));
	(void)json_object_set_new(o, "group", json_text(bytes_of(one->group)));
	(void)json_object_set_new(o, "partitions", partitions_json(n, one));
	(void)json_object_set_new(o, "uptime_ms", r ? json_integer(r->uptime_ms) : json_null());
	(void)json_object_set_new(o, "owed", r ? json_integer(owed) : json_null());
	(void)json_object_set_new(o, "oldest", time_json(oldest_ms));
	(void)json_object_set_new(o, "records", r ? json_integer(r->records) : json_null());
	(void)json_object_set_new(o, "delivered", r ? json_integer(r->delivered) : json_null());
	(void)json_object_set_new(o, "failed", r ? json_integer(r->failed) : json_null());
	(void)json_object_set_new(o, "dead", r ? json_integer(r->dead) : json_null());
	(void)json_object_set_new(o, "trouble",
				  r && r->trouble_ms ? json_text(r->trouble) : json_null());
	(void)json_object_set_new(o, "trouble_since", time_json(r ? r->trouble_ms : 0));
	return o;
}

static json_t *endpoint_json(const struct told_endpoint *e)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "endpoint", json_text(e->name));
	(void)json_object_set_new(o, "state", json_string(told_state_name(e->state)));
	(void)json_object_set_new(o, "until", time_json(e->until_ms));
	(void)json_object_set_new(o, "owed", json_integer(e->owed));
	(void)json_object_set_new(o, "moving", json_integer(e->moving));
	(void)json_object_set_new(o, "oldest", time_json(e->oldest_ms));
	(void)json_object_set_new(o, "failed_at", time_json(e->failed_ms));
	(void)json_object_set_new(o, "problem",
				  e->problem.len ? json_text(e->problem) : json_null());
	return o;
}

json_t *notifiers_json(const struct notifiers *n)
{
	json_t *all = json_object();
	json_t *list = json_array();
	json_t *endpoints = json_array();

	for (size_t i = 0; i < n->count; i++)
		(void)json_array_append_new(list, notifier_json(n, &n->list[i]));
	for (size_t i = 0; i < n->endpoint_count; i++)
		(void)json_array_append_new(endpoints, endpoint_json(&n->endpoints[i]));
	(void)json_object_set_new(all, "group", json_string(n->group));
	(void)json_object_set_new(all, "group_state", json_text(bytes_of(n->group_state)));
	(void)json_object_set_new(all, "lag",
				  n->lag == ABSENT ? json_null() : json_integer(n->lag));
	(void)json_object_set_new(all, "running", list);
	(void)json_object_set_new(all, "endpoints", endpoints);
	return all;
}
