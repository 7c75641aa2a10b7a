#include "consumer/arrivals.h"

#include <librdkafka/rdkafka.h>

void arrivals_wake(struct rd_kafka_s *rk, const struct waker *w)
{
	rd_kafka_queue_t *queue = rd_kafka_type(rk) == RD_KAFKA_CONSUMER
					  ? rd_kafka_queue_get_consumer(rk)
					  : rd_kafka_queue_get_main(rk);

	rd_kafka_queue_io_event_enable(queue, w->write_fd, "", 1);
	rd_kafka_queue_destroy(queue);
}
