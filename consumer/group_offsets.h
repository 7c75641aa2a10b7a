#ifndef SB_CONSUMER_GROUP_OFFSETS_H
#define SB_CONSUMER_GROUP_OFFSETS_H

/*
 * The offsets that Kafka keeps for a group, with a text for each: read and written
 * from outside the group.
 */

#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/error.h"

#include <stdbool.h>

struct rd_kafka_s;
struct rd_kafka_topic_partition_s;
struct rd_kafka_topic_partition_list_s;

/*
 * Gives an offset of the consumers' group the text by which consumers know their own
 * from one that somebody has set by hand; Kafka's tools leave it empty.
 */
void group_offset_sign(struct rd_kafka_topic_partition_s *p);

bool group_offset_is_signed(const struct rd_kafka_topic_partition_s *p);

/*
 * Asks for offsets, by a client of its own: librdkafka 2.0.2 dies when a producer asks
 * and the group's coordinator is another broker by now. A client that has failed is
 * discarded, for it would ask the same broker again. Any thread may ask; one at a time is
 * served.
 */
struct group_asker;

/* A new one, without a client yet. Of config, which must outlive it: "brokers", "consumer-group". */
struct group_asker *group_asker_new(const struct config *config);

/* Sets *a to NULL; accepts NULL. */
void group_asker_free(struct group_asker **a);

/*
 * Sets *out to all offsets of the group, as of the transactions that have ended;
 * destroy the list. Blocks for up to 12 s, after whoever asks already: ERROR_UNAVAILABLE.
 */
MUST_USE int group_offsets_ask(struct group_asker *a, const char *group,
			       struct rd_kafka_topic_partition_list_s **out, struct error *err);

/*
 * Sets these offsets of a group that has no members; they are on the brokers' disks
 * then, as far as records with acks=all are. Topics that are not there are passed
 * over. Blocks for up to 12 s: ERROR_UNAVAILABLE; discard the client then, for it would
 * ask the same broker again.
 */
MUST_USE int group_offsets_set(struct rd_kafka_s *client, const char *group,
			       const struct rd_kafka_topic_partition_list_s *offsets,
			       struct error *err);

#endif
