#include "consumer/log_ends.h"

#include <librdkafka/rdkafka.h>

int log_ends_ask(rd_kafka_t *client, struct log_end *list, size_t count, int wait_ms,
		 struct error *err)
{
	rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_new((int)count);
	rd_kafka_resp_err_t code;
	size_t i = 0;

	for (size_t j = 0; j < count; j++)
		rd_kafka_topic_partition_list_add(asked, topic_name(list[j].topic),
						  list[j].partition)
			->offset = RD_KAFKA_OFFSET_END;
	code = rd_kafka_offsets_for_times(client, asked, wait_ms);
	for (; !code && i < count; i++) {
		const rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(
			asked, topic_name(list[i].topic), list[i].partition);

		code = p->err;
		list[i].offset = p->offset;
	}
	rd_kafka_topic_partition_list_destroy(asked);
	if (!code)
		return 0;
	i = i ? i - 1 : 0;
	return error_set(err, ERROR_UNAVAILABLE, "%s partition %d does not say where it ends: %s",
			 topic_name(list[i].topic), list[i].partition, rd_kafka_err2str(code));
}
