#include "tests/bench/client.h"

#include <librdkafka/rdkafka.h>

struct rd_kafka_s *client_open(const char *brokers, const struct client_setting *settings,
			       client_report_fn *report, char why[static CLIENT_WHY_SIZE])
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int failed = rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, CLIENT_WHY_SIZE);
	rd_kafka_t *client = NULL;

	for (; !failed && settings->name; settings++)
		failed = rd_kafka_conf_set(conf, settings->name, settings->value, why,
					   CLIENT_WHY_SIZE);
	if (!failed && report)
		rd_kafka_conf_set_dr_msg_cb(conf, report);
	if (!failed)
		client = rd_kafka_new(report ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, why,
				      CLIENT_WHY_SIZE);
	if (!client)
		rd_kafka_conf_destroy(conf);
	return client;
}
