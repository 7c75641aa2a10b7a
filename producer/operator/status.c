/*
 * sharebus status: who works on what, how far, and what is wrong. Made for when
 * things are broken.
 */

#include "cache/marks.h"
#include "producer/bus.h"
#include "producer/cli/print.h"
#include "producer/operator/commands.h"
#include "producer/operator/stages.h"

#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>

enum { REDIS_TIMEOUT_MS = 3000, KAFKA_WAIT_MS = 5000, ADMIN_GRACE_MS = 1000, COLUMNS = 8 };

enum { FLAG_STAGES = 1 };

const struct flag status_flags[] = {
	{ "stages", FLAG_STAGES, NULL, "show how the consumers spend their time" },
	{ NULL, 0, NULL, NULL },
};

/* The directory stands behind the partitions. What could not be learnt is NULL or ABSENT. */
struct row {
	const char *owner;
	const char *state;
	struct seen_mark seen; /* good if state is not NULL */
	int64_t committed;
	int64_t end;
	int64_t lag;
};

struct status {
	struct session *session;
	struct deployment deployment; /* of the bus */
	int wait_ms;
	rd_kafka_t *asker;     /* is told the logs' real ends */
	rd_kafka_t *committed; /* is told stable offsets only */
	int partitions;
	struct row *rows; /* partitions, then the directory */
	const char *group_state;
	struct error
		trouble; /* what could not be asked, in one sentence; its code is 0 if all could */
	struct error foreign; /* whose index this is, if not ours */
};

static struct row *row_of(const struct status *v, const char *topic, int partition)
{
	if (strcmp(topic, topic_name(TOPIC_DIRECTORY)) == 0)
		return &v->rows[v->partitions];
	if (strcmp(topic, topic_name(TOPIC_COMMANDS)) == 0 && partition < v->partitions)
		return &v->rows[partition];
	return NULL;
}

/* Adds what could not be asked to the sentence. */
static void note(struct status *v, const struct error *err)
{
	struct error before = v->trouble;

	if (!before.code)
		v->trouble = *err;
	else
		(void)error_set(&v->trouble, before.code, "%s; %s", before.text, err->text);
}

static void make_rows(struct status *v, int partitions)
{
	v->partitions = partitions;
	v->rows = arena_zalloc(&v->session->arena, (size_t)partitions + 1, sizeof(*v->rows));
	for (int i = 0; i <= partitions; i++)
		v->rows[i].committed = v->rows[i].end = v->rows[i].lag = ABSENT;
}

/* ---- Kafka: who owns what ---- */

static void take_member(struct status *v, const rd_kafka_MemberDescription_t *member)
{
	const char *id = rd_kafka_MemberDescription_client_id(member);
	const rd_kafka_topic_partition_list_t *list =
		rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));

	for (int i = 0; list && i < list->cnt; i++) {
		struct row *r = row_of(v, list->elems[i].topic, list->elems[i].partition);

		if (r)
			r->owner = (const char *)arena_copy(&v->session->arena, bytes_of(id)).data;
	}
}

static int take_group(struct status *v, rd_kafka_event_t *event, struct error *err)
{
	size_t count = 0;
	const rd_kafka_ConsumerGroupDescription_t **groups =
		rd_kafka_DescribeConsumerGroups_result_groups(
			rd_kafka_event_DescribeConsumerGroups_result(event), &count);
	const rd_kafka_error_t *e =
		count ? rd_kafka_ConsumerGroupDescription_error(groups[0]) : NULL;

	if (e && rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
		return 0;
	if (e || !count)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the consumer group cannot be described: %s",
				 e ? rd_kafka_error_string(e) : "no answer");
	v->group_state = rd_kafka_consumer_group_state_name(
		rd_kafka_ConsumerGroupDescription_state(groups[0]));
	for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(groups[0]); i++)
		take_member(v, rd_kafka_ConsumerGroupDescription_member(groups[0], i));
	return 0;
}

static int ask_owners(struct status *v, struct error *err)
{
	const char *group = config_get(v->session->config, "consumer-group");
	char why[256];
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(v->asker, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(v->asker);
	rd_kafka_event_t *event;
	int rc;

	(void)rd_kafka_AdminOptions_set_request_timeout(options, v->wait_ms, why, sizeof(why));
	rd_kafka_DescribeConsumerGroups(v->asker, &group, 1, options, queue);
	event = rd_kafka_queue_poll(queue, v->wait_ms + ADMIN_GRACE_MS);
	if (!event || rd_kafka_event_error(event))
		rc = error_set(err, ERROR_UNAVAILABLE, "the consumer group cannot be described: %s",
			       event ? rd_kafka_event_error_string(event) : "no answer in time");
	else
		rc = take_group(v, event, err);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	return rc;
}

/* ---- Kafka: how far ---- */

static int ask_committed(struct status *v, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(v->partitions);
	rd_kafka_resp_err_t code;

	for (int i = 0; i < v->partitions; i++)
		rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_COMMANDS), i);
	code = rd_kafka_committed(v->committed, list, v->wait_ms);
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];

		if (!code && !p->err && p->offset >= 0)
			v->rows[p->partition].committed = p->offset;
		code = code ? code : p->err;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "the committed offsets cannot be asked: %s",
				rd_kafka_err2str(code))
		    : 0;
}

static int ask_ends(struct status *v, struct error *err)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(v->partitions + 1);
	rd_kafka_resp_err_t code;

	for (int i = 0; i < v->partitions; i++)
		rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_COMMANDS), i);
	rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_DIRECTORY), 0);
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = RD_KAFKA_OFFSET_END;
	code = rd_kafka_offsets_for_times(v->asker, list, v->wait_ms);
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];

		if (!code && !p->err && p->offset >= 0)
			row_of(v, p->topic, p->partition)->end = p->offset;
		code = code ? code : p->err;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "the logs' ends cannot be asked: %s",
				rd_kafka_err2str(code))
		    : 0;
}

static int open_bus(struct status *v, struct error *err)
{
	struct session *s = v->session;
	int rc = bus_open_reader(&v->asker, s->config, false, err);

	if (!rc)
		rc = bus_open_reader(&v->committed, s->config, true, err);
	return rc ? rc
		  : bus_deployment(v->asker, config_get(s->config, "brokers"), v->wait_ms,
				   &v->deployment, err);
}

static void ask_kafka(struct status *v)
{
	struct error err = { 0 };

	if (ask_owners(v, &err))
		note(v, &err);
	if (ask_committed(v, &err))
		note(v, &err);
	if (ask_ends(v, &err))
		note(v, &err);
}

/* ---- Redis: the marks ---- */

/* "missing", "rebuilding", "ready", or "foreign": of another Kafka cluster, or another layout. */
static const char *state_of(struct status *v, const struct mark *m)
{
	const struct deployment *d = &v->deployment;

	if (d->partitions && mark_check(m, d, config_get(v->session->config, "redis"), &v->foreign))
		return "foreign";
	switch (m->state) {
	case MARK_READY:
		return "ready";
	case MARK_REBUILDING:
		return "rebuilding";
	case MARK_MISSING:
		break;
	}
	return "missing";
}

static void take_mark(struct status *v, struct row *r, const struct seen_mark *seen)
{
	r->seen = *seen;
	r->state = state_of(v, &seen->mark);
}

static int ask_redis(struct status *v, struct error *err)
{
	struct session *s = v->session;
	const struct marks_source from = { config_get(s->config, "redis"),
					   config_get(s->config, "prefix"), REDIS_TIMEOUT_MS };
	struct marks marks;
	int rc = marks_read(&marks, &from, v->deployment.partitions, &s->arena, err);

	if (rc)
		return rc;
	if (!v->partitions)
		make_rows(v, (int)marks.count);
	for (int i = 0; i < v->partitions; i++)
		take_mark(v, &v->rows[i], &marks.partitions[i]);
	take_mark(v, &v->rows[v->partitions], &marks.directory);
	return 0;
}

/* ---- what it comes to ---- */

static bool has_mark(const struct row *r)
{
	return r->state && r->seen.mark.state != MARK_MISSING;
}

/* The directory is nobody's offset in the group: its mark says how far it is. */
static void measure(struct status *v)
{
	for (int i = 0; i <= v->partitions; i++) {
		struct row *r = &v->rows[i];
		int64_t at = r->committed;

		if (i == v->partitions)
			at = has_mark(r) ? r->seen.mark.applied : ABSENT;
		if (r->end != ABSENT && at != ABSENT)
			r->lag = r->end - at;
	}
}

static bool all_well(const struct status *v)
{
	for (int i = 0; i <= v->partitions; i++)
		if (!v->rows[i].owner || !v->rows[i].state ||
		    strcmp(v->rows[i].state, "ready") != 0)
			return false;
	return v->partitions > 0;
}

/* ---- showing ---- */

static struct bytes number_cell(struct arena *arena, int64_t value)
{
	return value == ABSENT ? (struct bytes){ 0 }
			       : arena_printf(arena, "%lld", (long long)value);
}

static struct bytes state_cell(struct arena *arena, const struct row *r)
{
	int percent = seen_mark_percent(&r->seen);

	if (!r->state || percent < 0 || strcmp(r->state, "rebuilding") != 0)
		return bytes_of(r->state);
	return arena_printf(arena, "%s %d %%", r->state, percent);
}

static void print_table(const struct status *v)
{
	static const char *const titles[COLUMNS] = { "PARTITION", "OWNER", "EPOCH", "APPLIED",
						     "COMMITTED", "END",   "LAG",   "STATE" };
	struct arena *arena = &v->session->arena;
	struct table t;

	table_init(&t, arena, titles, COLUMNS);
	for (int i = 0; i <= v->partitions; i++) {
		const struct row *r = &v->rows[i];
		const struct bytes cells[COLUMNS] = {
			i < v->partitions ? number_cell(arena, i) : bytes_of("directory"),
			bytes_of(r->owner),
			number_cell(arena, has_mark(r) ? r->seen.mark.epoch : ABSENT),
			number_cell(arena, has_mark(r) ? r->seen.mark.applied : ABSENT),
			number_cell(arena, r->committed),
			number_cell(arena, r->end),
			number_cell(arena, r->lag),
			state_cell(arena, r),
		};

		table_add(&t, cells);
	}
	table_print(&t);
}

static json_t *number_json(int64_t value)
{
	return value == ABSENT ? json_null() : json_integer(value);
}

static void add_row(json_t *o, const struct row *r)
{
	(void)json_object_set_new(o, "owner", json_text(bytes_of(r->owner)));
	(void)json_object_set_new(o, "epoch",
				  number_json(has_mark(r) ? r->seen.mark.epoch : ABSENT));
	(void)json_object_set_new(o, "applied",
				  number_json(has_mark(r) ? r->seen.mark.applied : ABSENT));
	(void)json_object_set_new(o, "committed", number_json(r->committed));
	(void)json_object_set_new(o, "end", number_json(r->end));
	(void)json_object_set_new(o, "lag", number_json(r->lag));
	(void)json_object_set_new(o, "state", json_text(bytes_of(r->state)));
	(void)json_object_set_new(o, "loaded", number_json(has_mark(r) ? r->seen.loaded : ABSENT));
	(void)json_object_set_new(o, "goal", number_json(has_mark(r) ? r->seen.goal : ABSENT));
}

static void print_json(const struct status *v)
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
	json_print(all);
}

/* ---- the command ---- */

static void ask_all(struct status *v)
{
	struct error err = { 0 };

	if (open_bus(v, &err)) {
		note(v, &err);
	} else {
		make_rows(v, v->deployment.partitions);
		ask_kafka(v);
	}
	if (ask_redis(v, &err))
		note(v, &err);
	if (!v->rows)
		make_rows(v, 0);
	measure(v);
}

/* When nothing is known, a table has nothing to show; JSON keeps its shape. */
static void show(const struct status *v)
{
	if (v->trouble.code == ERROR_USAGE)
		return;
	if (v->session->output == OUTPUT_JSON)
		print_json(v);
	else if (v->partitions || !v->trouble.code)
		print_table(v);
}

static enum exit_code conclude(const struct status *v)
{
	if (v->trouble.code)
		complain(&v->trouble);
	else if (v->foreign.code)
		complain(&v->foreign);
	if (v->trouble.code)
		return v->trouble.code == ERROR_USAGE ? EXIT_USAGE : EXIT_UNAVAILABLE;
	return all_well(v) ? EXIT_DONE : EXIT_NO;
}

enum exit_code run_status(struct session *s, const struct arguments *a)
{
	struct status v = { .session = s };

	if (argument_has(a, FLAG_STAGES))
		return show_stages(s);
	v.wait_ms = s->wait_ms && s->wait_ms < KAFKA_WAIT_MS ? (int)s->wait_ms : KAFKA_WAIT_MS;
	ask_all(&v);
	show(&v);
	bus_close(&v.asker);
	bus_close(&v.committed);
	return conclude(&v);
}
