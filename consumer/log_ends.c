#include "consumer/log_ends.h"

#include <librdkafka/rdkafka.h>

int log_ends_ask(rd_kafka_t *client, struct log_end *list, size_t count, int wait_ms,
		 struct error *err)
{
	rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_new((int)count);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < count; i++)
		rd_kafka_topic_partition_list_add(asked, topic_name(list[i].topic),
						  list[i].partition)
			->offset = RD_KAFKA_OFFSET_END;
	code = rd_kafka_offsets_for_times(client, asked, wait_ms);
	for (size_t i = 0; !code && i < count; i++) {
		const rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(
			asked, topic_name(list[i].topic), list[i].partition);

		list[i].offset = p->err ? LOG_END_UNKNOWN : p->offset;
	}
	rd_kafka_topic_partition_list_destroy(asked);
	return code ? error_set(err, ERROR_UNAVAILABLE,
				"the brokers do not say where the logs of the outputs end: %s",
				rd_kafka_err2str(code))
		    : 0;
}
