#ifndef SB_CONSUMER_GROUP_OFFSETS_H
#define SB_CONSUMER_GROUP_OFFSETS_H

/*
 * The offsets that Kafka keeps for a group, with a text for each: read and written
 * from outside the group.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct rd_kafka_s;
struct rd_kafka_topic_partition_list_s;

/*
 * Sets *out to all offsets of the group, as of the transactions that have ended;
 * destroy the list. Blocks for up to 10 s: ERROR_UNAVAILABLE.
 */
MUST_USE int group_offsets_ask(struct rd_kafka_s *client, const char *group,
			       struct rd_kafka_topic_partition_list_s **out, struct error *err);

/*
 * Sets these offsets of a group that has no members; they are on the brokers' disks
 * then, as far as records with acks=all are. Topics that are not there are passed
 * over. Blocks for up to 10 s: ERROR_UNAVAILABLE.
 */
MUST_USE int group_offsets_set(struct rd_kafka_s *client, const char *group,
			       const struct rd_kafka_topic_partition_list_s *offsets,
			       struct error *err);

#endif
