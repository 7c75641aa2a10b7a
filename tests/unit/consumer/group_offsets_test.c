/*
 * A group's offsets while its coordinator changes. The broker is librdkafka's own mock
 * cluster, on the loopback interface: a real one cannot be told when to do that.
 */

#include "consumer/group_offsets.h"

#include "ops/support/settings.h"
#include "producer/bus.h"

#include "tests/unit/unit.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum { OFFSET_COMMIT = 8, OFFSET_FETCH = 9 }; /* the requests' numbers in Kafka's protocol */

static const char TOPIC[] = "sharing.events";
static const struct config_setting *const TABLES[] = { settings_shared, settings_daemon, NULL };

struct scene {
	rd_kafka_t *host;
	rd_kafka_mock_cluster_t *brokers;
	struct config *config;
	struct group_asker *asker;
	const char *group;
};

/* Its host is connected to nothing, and would say so. */
static rd_kafka_conf_t *quiet(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	(void)rd_kafka_conf_set(conf, "log_level", "0", NULL, 0);
	return conf;
}

static void make_scene(struct scene *s)
{
	struct error err = { 0 };

	s->host = rd_kafka_new(RD_KAFKA_PRODUCER, quiet(), NULL, 0);
	assert_non_null(s->host);
	s->brokers = rd_kafka_mock_cluster_new(s->host, 1);
	assert_non_null(s->brokers);
	s->config = config_new(TABLES);
	assert_int_equal(config_load_defaults(s->config, &err), 0);
	assert_int_equal(config_set(s->config, "brokers",
				    rd_kafka_mock_cluster_bootstraps(s->brokers), &err),
			 0);
	s->group = config_get(s->config, "consumer-group");
	s->asker = group_asker_new(s->config);
}

static void end_scene(struct scene *s)
{
	group_asker_free(&s->asker);
	config_free(&s->config);
	rd_kafka_mock_cluster_destroy(s->brokers);
	rd_kafka_destroy(s->host);
}

static int ask(const struct scene *s, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = NULL;
	int rc = group_offsets_ask(s->asker, s->group, &list, err);

	assert_true(rc ? !list : list != NULL);
	if (list)
		rd_kafka_topic_partition_list_destroy(list);
	return rc;
}

/* What a broker answers that does not coordinate the group, or not yet. */
static const rd_kafka_resp_err_t errors[] = {
	RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
	RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
	RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
};

/* A producer that asked would die of the first of them. */
static void brokers_that_do_not_answer_are_asked_again(void **state)
{
	struct scene s;
	struct error err = { 0 };

	(void)state;
	make_scene(&s);
	assert_int_equal(ask(&s, &err), 0);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		rd_kafka_mock_push_request_errors_array(s.brokers, OFFSET_FETCH, 1, &errors[i]);
		assert_int_equal(ask(&s, &err), ERROR_UNAVAILABLE);
		assert_non_null(strstr(err.text, "the offsets of the group sharebus: "));
		assert_int_equal(ask(&s, &err), 0);
	}
	end_scene(&s);
}

static int set_by(rd_kafka_t *producer, const struct scene *s, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	int rc;

	rd_kafka_topic_partition_list_add(list, TOPIC, 0)->offset = 7;
	rc = group_offsets_set(producer, s->group, list, err);
	rd_kafka_topic_partition_list_destroy(list);
	return rc;
}

/* As notes are saved; the producer itself lives through all of them. */
static void a_producer_that_sets_offsets_hears_of_it(void **state)
{
	static const struct bus_setting none[] = { { NULL, NULL } };
	rd_kafka_conf_t *conf = NULL;
	rd_kafka_t *producer = NULL;
	struct scene s;
	struct error err = { 0 };

	(void)state;
	make_scene(&s);
	assert_int_equal(rd_kafka_mock_topic_create(s.brokers, TOPIC, 1, 1), 0);
	assert_int_equal(bus_conf(&conf, s.config, none, &err), 0);
	assert_int_equal(bus_open_producer(&producer, conf, &err), 0);
	assert_int_equal(set_by(producer, &s, &err), 0);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		rd_kafka_mock_push_request_errors_array(s.brokers, OFFSET_COMMIT, 1, &errors[i]);
		assert_int_equal(set_by(producer, &s, &err), ERROR_UNAVAILABLE);
		assert_int_equal(set_by(producer, &s, &err), 0);
	}
	bus_close(&producer);
	end_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(brokers_that_do_not_answer_are_asked_again),
		cmocka_unit_test(a_producer_that_sets_offsets_hears_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
