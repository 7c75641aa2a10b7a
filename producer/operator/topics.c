/* sharebus topics create */

#include "ops/support/clock.h"
#include "producer/bus.h"
#include "producer/cli/failure.h"
#include "producer/operator/commands.h"
#include "producer/reason.h"
#include "producer/topic_settings.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>

enum {
	FLAG_PARTITIONS = 1,
	FLAG_REPLICATION,
	KAFKA_WAIT_MS = 30000,
	SETTLE_MS = 1000, /* a broker may be later than those that were asked */
	REPLICATION_MAX = 100,
	WHY_SIZE = 256
};

const struct flag topics_flags[] = {
	{ "partitions", FLAG_PARTITIONS, "N",
	  "partitions of every topic but the directory (12); cannot be changed later" },
	{ "replication", FLAG_REPLICATION, "N", "copies of each partition; default: the brokers'" },
	{ NULL, 0, NULL, NULL },
};

static rd_kafka_NewTopic_t *new_topic(enum topic t, int partitions, int replication)
{
	char why[WHY_SIZE];
	rd_kafka_NewTopic_t *n = rd_kafka_NewTopic_new(
		topic_name(t), topic_partitions(t, partitions), replication, why, sizeof(why));

	for (const struct topic_setting *c = topic_settings(t); n && c->name; c++)
		(void)rd_kafka_NewTopic_set_config(n, c->name, c->value);
	return n;
}

/* Prints one line a topic. It may have existed before: its layout is checked afterwards. */
static int report_topics(rd_kafka_event_t *event, struct error *err)
{
	size_t count = 0;
	const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
		rd_kafka_event_CreateTopics_result(event), &count);

	for (size_t i = 0; i < count; i++) {
		const char *name = rd_kafka_topic_result_name(results[i]);
		rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);

		if (code && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
			return error_set(err, ERROR_UNAVAILABLE, "%s cannot be created: %s%s", name,
					 rd_kafka_topic_result_error_string(results[i]),
					 code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED
						 ? " Allow us to create it"
						 : "");
		(void)printf("%s %s\n", name, code ? "exists" : "created");
	}
	return 0;
}

static int create_topics(rd_kafka_t *rk, int partitions, int replication, struct error *err)
{
	rd_kafka_NewTopic_t *topics[TOPIC_COUNT];
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event;
	int rc;

	for (int t = 0; t < TOPIC_COUNT; t++)
		topics[t] = new_topic((enum topic)t, partitions, replication);
	rd_kafka_CreateTopics(rk, topics, TOPIC_COUNT, NULL, queue);
	rd_kafka_NewTopic_destroy_array(topics, TOPIC_COUNT);
	event = rd_kafka_queue_poll(queue, KAFKA_WAIT_MS);
	if (!event)
		rc = error_set(err, ERROR_UNAVAILABLE, "the brokers do not answer");
	else if (rd_kafka_event_error(event))
		rc = error_set(err, ERROR_UNAVAILABLE, "the topics cannot be created: %s",
			       rd_kafka_event_error_string(event));
	else
		rc = report_topics(event, err);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	return rc;
}

/* The controller answers before every broker knows its topics. */
static int check_layout(struct session *s, rd_kafka_t *rk, int partitions, struct error *err)
{
	struct deployment d;
	int64_t deadline;
	int rc;

	bus_wait_for_topics(rk, clock_monotonic_ms() + KAFKA_WAIT_MS);
	deadline = clock_monotonic_ms() + SETTLE_MS;
	do {
		rc = bus_deployment(rk, config_get(s->config, "brokers"), KAFKA_WAIT_MS, &d, err);
	} while (rc == ERROR_REFUSED && clock_monotonic_ms() < deadline);
	if (!rc && d.partitions != partitions)
		return error_set(err, ERROR_REFUSED,
				 "the topics have %d partitions, not %d; the number of a "
				 "deployment cannot be changed",
				 d.partitions, partitions);
	return rc;
}

/*
 * Topics that existed before may have been made by somebody else, or by brokers
 * that make topics by themselves. Complains of each setting that differs.
 */
static int check_settings(rd_kafka_t *rk, struct error *err)
{
	struct topics_found found;
	struct topic_fault faults[TOPIC_FAULTS_MAX];
	size_t count;
	int grave = 0;

	topics_find(rk, KAFKA_WAIT_MS, &found);
	if (found.trouble.code)
		complain(&found.trouble);
	count = topics_judge(&found, faults);
	for (size_t i = 0; i < count; i++) {
		struct error fault = { .code = ERROR_REFUSED };

		topic_fault_describe(&faults[i], fault.text);
		complain(&fault);
		grave += topic_fault_is_grave(&faults[i]);
	}
	return grave ? error_set(err, ERROR_REFUSED,
				 "%d settings of topics are not what they must be: the consumer "
				 "will not start",
				 grave)
		     : 0;
}

static int open_client(struct session *s, rd_kafka_t **out, struct error *err)
{
	static const struct bus_setting settings[] = { { NULL, NULL } };
	const rd_kafka_metadata_t *m = NULL;
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, s->config, settings, err);
	int wait_ms = s->wait_ms ? (int)s->wait_ms : KAFKA_WAIT_MS;
	rd_kafka_resp_err_t code;

	if (rc)
		return rc;
	reason_listen(conf);
	rc = bus_open_producer(out, conf, err);
	if (rc)
		return rc;
	code = rd_kafka_metadata(*out, 0, NULL, &m, wait_ms);
	if (code)
		return bus_refuse_unreachable(*out, config_get(s->config, "brokers"), code, err);
	rd_kafka_metadata_destroy(m);
	return 0;
}

enum exit_code run_topics_create(struct session *s, const struct arguments *a)
{
	struct error err = { 0 };
	rd_kafka_t *rk = NULL;
	int64_t partitions = PARTITIONS_DEFAULT;
	int64_t replication = -1; /* the brokers' default */
	int rc = argument_number(a, FLAG_PARTITIONS, "partitions", PARTITIONS_MAX, &partitions,
				 &err);

	if (!rc)
		rc = argument_number(a, FLAG_REPLICATION, "replication", REPLICATION_MAX,
				     &replication, &err);
	if (rc)
		return failure_report_usage(s, &err);
	rc = open_client(s, &rk, &err);
	if (!rc)
		rc = create_topics(rk, (int)partitions, (int)replication, &err);
	if (!rc)
		rc = check_layout(s, rk, (int)partitions, &err);
	if (!rc)
		rc = check_settings(rk, &err);
	bus_close(&rk);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}
