#include "producer/operator/topic_limit.h"

#include "ops/support/number.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

static int64_t find_limit(rd_kafka_event_t *event)
{
	size_t topics = 0;
	size_t entries = 0;
	int64_t limit = 0;
	const rd_kafka_ConfigResource_t **list = rd_kafka_DescribeConfigs_result_resources(
		rd_kafka_event_DescribeConfigs_result(event), &topics);
	const rd_kafka_ConfigEntry_t **all =
		topics ? rd_kafka_ConfigResource_configs(list[0], &entries) : NULL;

	for (size_t i = 0; i < entries; i++) {
		const char *value = rd_kafka_ConfigEntry_value(all[i]);

		if (value && strcmp(rd_kafka_ConfigEntry_name(all[i]), "max.message.bytes") == 0)
			(void)number_parse(bytes_of(value), 0, INT64_MAX, &limit);
	}
	return limit;
}

int64_t topic_limit(struct rd_kafka_s *rk, enum topic topic, int wait_ms)
{
	rd_kafka_ConfigResource_t *resource =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic_name(topic));
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event;
	int64_t limit = 0;

	rd_kafka_DescribeConfigs(rk, &resource, 1, NULL, queue);
	rd_kafka_ConfigResource_destroy(resource);
	event = rd_kafka_queue_poll(queue, wait_ms);
	if (event && !rd_kafka_event_error(event))
		limit = find_limit(event);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	return limit;
}
