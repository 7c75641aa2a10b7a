#include "producer/operator/survey.h"

#include "producer/bus.h"
#include "producer/operator/group.h"
#include "producer/topic_settings.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

enum { REDIS_TIMEOUT_MS = 3000, KAFKA_WAIT_MS = 5000 };

bool survey_has_mark(const struct survey_row *r)
{
	return r->state && r->seen.mark.state != MARK_MISSING;
}

static struct survey_row *row_of(const struct survey *v, const char *topic, int partition)
{
	if (strcmp(topic, topic_name(TOPIC_DIRECTORY)) == 0)
		return &v->rows[v->partitions];
	if (strcmp(topic, topic_name(TOPIC_COMMANDS)) == 0 && partition < v->partitions)
		return &v->rows[partition];
	return NULL;
}

/* Adds what could not be asked to the sentence. */
static void note_trouble(struct survey *v, const struct error *err)
{
	struct error before = v->trouble;

	if (!before.code)
		v->trouble = *err;
	else
		(void)error_set(&v->trouble, before.code, "%s; %s", before.text, err->text);
}

static void make_rows(struct survey *v, int partitions)
{
	v->partitions = partitions;
	v->rows = arena_zalloc(&v->session->arena, (size_t)partitions + 1, sizeof(*v->rows));
	for (int i = 0; i <= partitions; i++)
		v->rows[i].committed = v->rows[i].end = v->rows[i].lag = ABSENT;
}

/* ---- Kafka: owners ---- */

static void take_share(void *context, const struct group_share *share)
{
	struct survey *v = context;
	struct survey_row *r = share->topic ? row_of(v, share->topic, share->partition) : NULL;

	if (r)
		r->owner = (const char *)arena_copy(&v->session->arena, bytes_of(share->instance))
				   .data;
}

static int ask_owners(struct survey *v, struct error *err)
{
	const struct group_asked g = { v->asker, config_get(v->session->config, "consumer-group"),
				       v->wait_ms };
	int rc = group_describe(&g, take_share, v, &v->group_state, err);

	return rc ? error_prefix(err, "the consumer group cannot be described") : 0;
}

/* ---- Kafka: offsets ---- */

static int ask_committed(struct survey *v, struct error *err)
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

static int ask_ends(struct survey *v, struct error *err)
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
	return code ? error_set(err, ERROR_UNAVAILABLE, "the ends of the logs cannot be asked: %s",
				rd_kafka_err2str(code))
		    : 0;
}

static int open_bus(struct survey *v, struct error *err)
{
	struct session *s = v->session;
	int rc = bus_open_reader(&v->asker, s->config, false, err);

	if (!rc)
		rc = bus_open_reader(&v->committed, s->config, true, err);
	return rc ? rc
		  : bus_deployment(v->asker, config_get(s->config, "brokers"), v->wait_ms,
				   &v->deployment, err);
}

/* What the brokers do not tell, because of an ACL for one, is left out. */
static void ask_topics(struct survey *v)
{
	struct topics_found found;
	struct topic_fault faults[TOPIC_FAULTS_MAX];
	struct arena *arena = &v->session->arena;
	char text[ERROR_TEXT_SIZE];
	struct error err = { 0 };
	size_t count;

	topics_find(v->asker, v->wait_ms, &found);
	count = topics_judge(&found, faults);
	v->topics = arena_alloc(arena, (count + 1) * sizeof(*v->topics));
	for (size_t i = 0; i < count; i++) {
		if (!topic_fault_is_grave(&faults[i]))
			continue;
		topic_fault_describe(&faults[i], text);
		v->topics[v->topics_count++] = arena_printf(arena, "%s", text);
	}
	if (bus_lacks_beginning(v->asker, v->partitions, v->wait_ms, &err))
		v->topics[v->topics_count++] = arena_printf(arena, "%s", err.text);
}

static void ask_kafka(struct survey *v)
{
	struct error err = { 0 };

	if (ask_owners(v, &err))
		note_trouble(v, &err);
	if (ask_committed(v, &err))
		note_trouble(v, &err);
	if (ask_ends(v, &err))
		note_trouble(v, &err);
	ask_topics(v);
}

/* ---- Redis: the marks ---- */

/* "foreign" means that it belongs to another Kafka cluster or another layout. */
static const char *state_of(struct survey *v, const struct mark *m)
{
	const struct deployment *d = &v->deployment;

	if (d->partitions && mark_check(m, d, v->address, &v->foreign))
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

static void take_mark(struct survey *v, struct survey_row *r, const struct seen_mark *seen)
{
	r->seen = *seen;
	r->state = seen->why ? "unknown" : state_of(v, &seen->mark);
}

static int ask_redis(struct survey *v, struct error *err)
{
	struct session *s = v->session;
	const struct marks_source from = { redis_target_from(s->config),
					   config_get(s->config, "prefix"), REDIS_TIMEOUT_MS };
	struct marks marks;
	int rc = marks_read(&marks, &from, v->deployment.partitions, &s->arena, err);

	if (rc)
		return rc;
	v->address = marks.address;
	if (!v->partitions)
		make_rows(v, (int)marks.count);
	for (int i = 0; i < v->partitions; i++)
		take_mark(v, &v->rows[i], &marks.partitions[i]);
	take_mark(v, &v->rows[v->partitions], &marks.directory);
	v->evicting = marks.evicting;
	return 0;
}

/* The group commits no offset of the directory, so its mark says how far it is. */
static void measure_lag(struct survey *v)
{
	for (int i = 0; i <= v->partitions; i++) {
		struct survey_row *r = &v->rows[i];
		int64_t at = r->committed;

		if (i == v->partitions)
			at = survey_has_mark(r) ? r->seen.mark.applied : ABSENT;
		if (r->end != ABSENT && at != ABSENT)
			r->lag = r->end - at;
	}
}

void survey_ask(struct survey *out, struct session *s)
{
	struct survey *v = out;
	struct error err = { 0 };

	*v = (struct survey){ .session = s };
	v->wait_ms = s->wait_ms && s->wait_ms < KAFKA_WAIT_MS ? (int)s->wait_ms : KAFKA_WAIT_MS;
	if (open_bus(v, &err)) {
		note_trouble(v, &err);
	} else {
		make_rows(v, v->deployment.partitions);
		ask_kafka(v);
	}
	if (ask_redis(v, &err))
		note_trouble(v, &err);
	if (!v->rows)
		make_rows(v, 0);
	measure_lag(v);
}

void survey_done(struct survey *v)
{
	bus_close(&v->asker);
	bus_close(&v->committed);
}
