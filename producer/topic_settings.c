#include "producer/topic_settings.h"

#include "ops/support/memory.h"
#include "ops/support/number.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRACE_MS = 1000 }; /* the client answers by itself when the time is over */

struct topics_question {
	rd_kafka_queue_t *queue;
};

/* ---- asking ---- */

struct topics_question *topics_ask(rd_kafka_t *rk, int wait_ms)
{
	struct topics_question *q = memory_zalloc(1, sizeof(*q));
	rd_kafka_ConfigResource_t *resources[TOPIC_COUNT];
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	char why[256];

	for (int t = 0; t < TOPIC_COUNT; t++)
		resources[t] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
							   topic_name((enum topic)t));
	q->queue = rd_kafka_queue_new(rk);
	(void)rd_kafka_AdminOptions_set_request_timeout(options, wait_ms, why, sizeof(why));
	rd_kafka_DescribeConfigs(rk, resources, TOPIC_COUNT, options, q->queue);
	rd_kafka_ConfigResource_destroy_array(resources, TOPIC_COUNT);
	rd_kafka_AdminOptions_destroy(options);
	return q;
}

void topics_forget(struct topics_question **qp)
{
	if (!*qp)
		return;
	rd_kafka_queue_destroy((*qp)->queue);
	free(*qp);
	*qp = NULL;
}

/* ---- the answer ---- */

static void take_entry(struct topic_found *f, enum topic topic, const rd_kafka_ConfigEntry_t *e)
{
	const struct topic_setting *settings = topic_settings(topic);
	const char *name = rd_kafka_ConfigEntry_name(e);
	const char *value = rd_kafka_ConfigEntry_value(e);

	if (!value)
		return;
	if (strcmp(name, "max.message.bytes") == 0)
		(void)number_parse(bytes_of(value), 1, INT32_MAX, &f->max_message_bytes);
	for (size_t i = 0; settings[i].name; i++)
		if (strcmp(name, settings[i].name) == 0)
			(void)snprintf(f->values[i], sizeof(f->values[i]), "%s", value);
}

static void take_topic(struct topics_found *out, const rd_kafka_ConfigResource_t *r)
{
	rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(r);
	const char *name = rd_kafka_ConfigResource_name(r);
	size_t count = 0;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(r, &count);

	if (code)
		(void)error_set(&out->trouble, ERROR_UNAVAILABLE,
				"the settings of topic %s could not be checked: %s", name,
				rd_kafka_err2str(code));
	for (int t = 0; !code && t < TOPIC_COUNT; t++)
		for (size_t i = 0; strcmp(topic_name((enum topic)t), name) == 0 && i < count; i++)
			take_entry(&out->list[t], (enum topic)t, entries[i]);
}

static void take_event(struct topics_found *out, rd_kafka_event_t *event)
{
	size_t count = 0;
	const rd_kafka_ConfigResource_t **list;

	*out = (struct topics_found){ 0 };
	if (!event || rd_kafka_event_error(event)) {
		(void)error_set(&out->trouble, ERROR_UNAVAILABLE,
				"the settings of the topics could not be checked: %s",
				event ? rd_kafka_event_error_string(event) : "no answer in time");
		return;
	}
	list = rd_kafka_DescribeConfigs_result_resources(
		rd_kafka_event_DescribeConfigs_result(event), &count);
	for (size_t i = 0; i < count; i++)
		take_topic(out, list[i]);
}

static bool take_answer(struct topics_question **q, int wait_ms, struct topics_found *out)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll((*q)->queue, wait_ms);

	if (!event && !wait_ms)
		return false;
	take_event(out, event);
	if (event)
		rd_kafka_event_destroy(event);
	topics_forget(q);
	return true;
}

bool topics_answered(struct topics_question **q, struct topics_found *out)
{
	return take_answer(q, 0, out);
}

void topics_find(rd_kafka_t *rk, int wait_ms, struct topics_found *out)
{
	struct topics_question *q = topics_ask(rk, wait_ms);

	(void)take_answer(&q, wait_ms + GRACE_MS, out);
}

/* ---- judging ---- */

size_t topics_judge(const struct topics_found *found,
		    struct topic_fault out[static TOPIC_FAULTS_MAX])
{
	size_t count = 0;

	for (int t = 0; t < TOPIC_COUNT; t++) {
		const struct topic_setting *settings = topic_settings((enum topic)t);

		for (size_t i = 0; settings[i].name; i++) {
			const char *is = found->list[t].values[i];

			if (*is && !topic_meets(&settings[i], is))
				out[count++] =
					(struct topic_fault){ (enum topic)t, &settings[i], is };
		}
	}
	return count;
}

bool topic_fault_is_grave(const struct topic_fault *f)
{
	return f->setting->demand == DEMAND_EQUAL;
}

void topic_fault_describe(const struct topic_fault *f, char out[static ERROR_TEXT_SIZE])
{
	const struct topic_setting *s = f->setting;

	(void)snprintf(out, ERROR_TEXT_SIZE,
		       "topic %s has %s=%s, but %s %s; set it with "
		       "`kafka-configs --bootstrap-server HOST:PORT --alter --entity-type topics "
		       "--entity-name %s --add-config %s=%s`",
		       topic_name(f->topic), s->name, f->is,
		       s->demand == DEMAND_EQUAL ? "must have" : "should have at least", s->value,
		       topic_name(f->topic), s->name, s->value);
}
