#include "producer/operator/notifiers.h"

#include "producer/operator/group.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

enum { REDIS_TIMEOUT_MS = 3000 };

/* ---- Kafka ---- */

static void note_failed(struct notifiers *n, const char *what, const struct error *err)
{
	if (!n->failed.code)
		(void)error_set(&n->failed, ERROR_UNAVAILABLE, "%s: %s", what, err->text);
}

static struct seen_notifier *add_notifier(struct notifiers *n, struct bytes instance,
					  struct bytes group)
{
	struct arena *arena = &n->session->arena;
	size_t cap = n->count;

	n->list = arena_grow(arena, n->list, &cap, n->count + 1, sizeof(*n->list));
	n->list[n->count] =
		(struct seen_notifier){ .instance = (const char *)arena_copy(arena, instance).data,
					.group = (const char *)arena_copy(arena, group).data };
	return &n->list[n->count++];
}

static void take_share(void *context, const struct group_share *s)
{
	struct notifiers *n = context;
	struct seen_notifier *one;

	if ((size_t)s->member == n->count) {
		one = add_notifier(n, bytes_of(s->instance), bytes_of(n->group));
		one->has = arena_zalloc(&n->session->arena, (size_t)n->partitions + 1,
					sizeof(*one->has));
	}
	one = &n->list[s->member];
	if (s->topic && s->partition < n->partitions)
		one->has[s->partition] = true;
}

static int ask_ends(const struct survey *v, enum topic topic, int64_t *ends, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(v->partitions);
	rd_kafka_resp_err_t code;

	for (int i = 0; i < v->partitions; i++)
		rd_kafka_topic_partition_list_add(list, topic_name(topic), i)->offset =
			RD_KAFKA_OFFSET_END;
	code = rd_kafka_offsets_for_times(v->asker, list, v->wait_ms);
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];

		ends[p->partition] = p->offset;
		code = code ? code : p->err;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "%s: %s", topic_name(topic),
				rd_kafka_err2str(code))
		    : 0;
}

/* How much of the topic the group has not settled is added to the lag. */
static int measure_lag(struct notifiers *n, const struct survey *v, const struct group_asked *g,
		       enum topic topic, struct error *err)
{
	struct arena *arena = &n->session->arena;
	int64_t *committed = arena_zalloc(arena, (size_t)n->partitions, sizeof(*committed));
	int64_t *ends = arena_zalloc(arena, (size_t)n->partitions, sizeof(*ends));
	int rc = group_committed(g, topic, committed, n->partitions, err);

	if (!rc)
		rc = ask_ends(v, topic, ends, err);
	for (int i = 0; !rc && i < n->partitions; i++) {
		if (committed[i] == ABSENT)
			continue;
		if (n->lag == ABSENT)
			n->lag = 0;
		if (ends[i] > committed[i])
			n->lag += ends[i] - committed[i];
	}
	return rc;
}

static void ask_kafka(struct notifiers *n, const struct survey *v)
{
	const struct group_asked g = { v->asker, n->group, v->wait_ms };
	struct error err = { 0 };

	if (group_describe(&g, take_share, n, &n->group_state, &err)) {
		note_failed(n, "the group of the notifiers cannot be described", &err);
		return;
	}
	n->asked = true;
	if (measure_lag(n, v, &g, TOPIC_NOTIFICATIONS, &err) ||
	    measure_lag(n, v, &g, TOPIC_HANDOFFS, &err)) {
		n->lag = ABSENT;
		note_failed(n, "how far the notifiers are cannot be asked", &err);
	}
}

/* ---- Redis ---- */

static int by_name(const void *a, const void *b)
{
	const struct told_endpoint *x = a;
	const struct told_endpoint *y = b;

	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = memcmp(x->name.data, y->name.data, len);

	return order ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

const struct told_endpoint *notifiers_endpoint(const struct notifiers *n, const char *name)
{
	for (size_t i = 0; i < n->endpoint_count; i++)
		if (bytes_equal_text(n->endpoints[i].name, name))
			return &n->endpoints[i];
	return NULL;
}

static struct told_endpoint *find_endpoint(struct notifiers *n, struct bytes name)
{
	for (size_t i = 0; i < n->endpoint_count; i++)
		if (bytes_equal(n->endpoints[i].name, name))
			return &n->endpoints[i];
	return NULL;
}

/* Of two notifiers that tell the same endpoint, the one that it goes worse for says how it is. */
static void join_endpoint(struct told_endpoint *all, const struct told_endpoint *one)
{
	if (one->state > all->state)
		all->state = one->state;
	all->owed += one->owed;
	all->moving += one->moving;
	if (one->oldest_ms && (!all->oldest_ms || one->oldest_ms < all->oldest_ms))
		all->oldest_ms = one->oldest_ms;
	if (one->until_ms > all->until_ms)
		all->until_ms = one->until_ms;
	if (one->failed_ms > all->failed_ms) {
		all->failed_ms = one->failed_ms;
		all->problem = one->problem;
	}
}

static void take_endpoints(struct notifiers *n, const struct notifier_report *r)
{
	struct arena *arena = &n->session->arena;

	for (size_t i = 0; i < r->endpoint_count; i++) {
		struct told_endpoint *known = find_endpoint(n, r->endpoints[i].name);
		size_t cap = n->endpoint_count;

		if (known) {
			join_endpoint(known, &r->endpoints[i]);
			continue;
		}
		n->endpoints = arena_grow(arena, n->endpoints, &cap, n->endpoint_count + 1,
					  sizeof(*n->endpoints));
		n->endpoints[n->endpoint_count++] = r->endpoints[i];
	}
}

bool notifiers_is_ours(const struct notifiers *n, const struct seen_notifier *one)
{
	return strcmp(one->group, n->group) == 0;
}

static struct seen_notifier *find_notifier(struct notifiers *n, const struct notifier_report *r)
{
	for (size_t i = 0; i < n->count; i++)
		if (bytes_equal_text(r->instance, n->list[i].instance) &&
		    bytes_equal_text(r->group, n->list[i].group))
			return &n->list[i];
	return NULL;
}

/* The brokers were asked of our group alone. */
static void take_report(struct notifiers *n, const struct notifier_report *r)
{
	struct seen_notifier *one = find_notifier(n, r);

	take_endpoints(n, r);
	/* It has ended, and its report has yet to expire. */
	if (!one && n->asked && bytes_equal_text(r->group, n->group))
		return;
	if (!one)
		one = add_notifier(n, r->instance, r->group);
	one->report = r;
}

static int ask_redis(struct notifiers *n, struct error *err)
{
	const struct config *config = n->session->config;
	const struct marks_source from = { redis_target_from(config), config_get(config, "prefix"),
					   REDIS_TIMEOUT_MS };
	struct notifier_report *reports = NULL;
	size_t count = 0;
	int rc = notifier_reports_read(&reports, &count, &from, n->partitions, &n->session->arena,
				       err);

	for (size_t i = 0; !rc && i < count; i++)
		take_report(n, &reports[i]);
	if (n->endpoint_count)
		qsort(n->endpoints, n->endpoint_count, sizeof(*n->endpoints), by_name);
	return rc;
}

/* ---- asking ---- */

static void begin_asking(struct notifiers *n, struct session *s, int partitions)
{
	*n = (struct notifiers){ .session = s,
				 .partitions = partitions,
				 .configured = config_endpoint(s->config, 0) != NULL,
				 .lag = ABSENT };
	n->group = (const char *)arena_printf(&s->arena, "%s.notifier",
					      config_get(s->config, "consumer-group"))
			   .data;
}

/* Where the survey could not ask Redis either, that is said once, by it. */
void notifiers_ask(struct notifiers *out, const struct survey *v)
{
	struct error err = { 0 };

	begin_asking(out, v->session, v->partitions);
	if (v->deployment.partitions)
		ask_kafka(out, v);
	if (v->address && ask_redis(out, &err))
		note_failed(out, "what the notifiers say cannot be read", &err);
}

int notifiers_ask_endpoints(struct notifiers *out, struct session *s, struct error *err)
{
	const struct marks_source from = { redis_target_from(s->config),
					   config_get(s->config, "prefix"), REDIS_TIMEOUT_MS };
	struct marks marks;
	int rc = marks_read(&marks, &from, 0, &s->arena, err);

	begin_asking(out, s, rc ? 0 : (int)marks.count);
	return rc ? rc : ask_redis(out, err);
}
