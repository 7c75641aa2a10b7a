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

/* How far the reading of a range is. */
enum reading {
	READING_GOES_ON,
	READING_BAD_BATCH, /* it came to a batch that cannot be unpacked */
	READING_DENIED,    /* the brokers do not let us read */
	READING_OVER,
};

/* Takes what the message says of the range. */
static enum reading take_answer(const rd_kafka_message_t *m, const struct lookback_range *range,
				struct tip *out)
{
	if (m->partition != range->partition)
		return READING_GOES_ON;
	if (m->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		return READING_DENIED;
	if (m->err)
		return bus_is_unreadable(m)                         ? READING_BAD_BATCH
		       : m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ? READING_OVER
								    : READING_GOES_ON;
	if (m->offset < range->until)
		*out = tip_of(m->offset, rd_kafka_message_timestamp(m, NULL),
			      (struct bytes){ m->key, m->key_len },
			      (struct bytes){ m->payload, m->len });
	return m->offset >= range->until - 1 ? READING_OVER : READING_GOES_ON;
}

/* Reads on from that offset, until the range is over or a batch cannot be unpacked. */
static enum reading read_from(struct lookback *l, const struct lookback_range *range, int64_t from,
			      int wait_ms, struct tip *out)
{
	int64_t deadline_ms = clock_monotonic_ms() + wait_ms;
	enum reading reading = READING_GOES_ON;

	if (start_at(l, range->partition, from))
		return READING_GOES_ON;
	while (reading == READING_GOES_ON && clock_monotonic_ms() < deadline_ms) {
		int64_t left = deadline_ms - clock_monotonic_ms();
		rd_kafka_message_t *m = rd_kafka_consumer_poll(l->reader, left > 0 ? (int)left : 0);

		if (m) {
			reading = take_answer(m, range, out);
			rd_kafka_message_destroy(m);
		}
	}
	(void)rd_kafka_assign(l->reader, NULL);
	return reading;
}

int lookback_read(struct lookback *l, const struct lookback_range *range, int wait_ms,
		  struct tip *out, struct error *err)
{
	int64_t at = range->until - LOOKBACK_LAST_OFFSETS;
	enum reading reading;

	*out = (struct tip){ 0 };
	reading = read_from(l, range, range->from, wait_ms, out);
	if (at <= range->from)
		at = range->from + 1;
	for (; reading == READING_BAD_BATCH && at < range->until; at++)
		reading = read_from(l, range, at, wait_ms, out);
	if (reading != READING_GOES_ON && reading != READING_DENIED)
		return 0;
	return error_set(err, ERROR_UNAVAILABLE, "%s partition %d cannot be read at offset %lld%s",
			 topic_name(TOPIC_COMMANDS), range->partition, (long long)range->from,
			 reading == READING_DENIED ? ": Kafka does not let us; allow us to read it"
						   : "");
}
