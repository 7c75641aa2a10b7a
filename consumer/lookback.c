#include "consumer/lookback.h"

#include "consumer/message.h"
#include "ops/support/clock.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

struct lookback {
	rd_kafka_t *reader;
};

int lookback_open(struct lookback **out, const struct config *config, struct error *err)
{
	struct lookback *l = memory_zalloc(1, sizeof(*l));
	int rc = bus_open_reader(&l->reader, config, true, err);

	if (rc) {
		lookback_close(&l);
		return rc;
	}
	(void)rd_kafka_poll_set_consumer(l->reader);
	*out = l;
	return 0;
}

void lookback_close(struct lookback **lp)
{
	struct lookback *l = *lp;

	if (!l)
		return;
	if (l->reader)
		(void)rd_kafka_consumer_close(l->reader);
	bus_close(&l->reader);
	free(l);
	*lp = NULL;
}

static rd_kafka_resp_err_t start_at(struct lookback *l, int partition, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_COMMANDS), partition)->offset =
		offset;
	code = rd_kafka_assign(l->reader, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

/* Takes what the message says of the range. True: it has said all. */
static bool take_answer(const rd_kafka_message_t *m, const struct lookback_range *range,
			struct tip *out)
{
	if (m->err)
		return (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF || bus_is_unreadable(m)) &&
		       m->partition == range->partition;
	if (m->partition != range->partition)
		return false;
	if (m->offset < range->until)
		*out = tip_of(m->offset, rd_kafka_message_timestamp(m, NULL),
			      (struct bytes){ m->key, m->key_len },
			      (struct bytes){ m->payload, m->len });
	return m->offset >= range->until - 1;
}

int lookback_read(struct lookback *l, const struct lookback_range *range, int wait_ms,
		  struct tip *out, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + wait_ms;
	rd_kafka_resp_err_t code = start_at(l, range->partition, range->from);
	bool over = false;

	*out = (struct tip){ 0 };
	while (!code && !over && clock_monotonic_ms() < deadline_ms) {
		int64_t left = deadline_ms - clock_monotonic_ms();
		rd_kafka_message_t *m = rd_kafka_consumer_poll(l->reader, left > 0 ? (int)left : 0);

		over = m && take_answer(m, range, out);
		if (m)
			rd_kafka_message_destroy(m);
	}
	(void)rd_kafka_assign(l->reader, NULL);
	return over ? 0
		    : error_set(err, ERROR_UNAVAILABLE,
				"%s partition %d cannot be read at offset %lld%s%s",
				topic_name(TOPIC_COMMANDS), range->partition,
				(long long)range->from, code ? ": " : "",
				code ? rd_kafka_err2str(code) : "");
}
