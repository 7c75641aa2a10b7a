#ifndef SB_CONSUMER_SENDER_H
#define SB_CONSUMER_SENDER_H

/*
 * Sends packed outputs with a producer: unpacks each output, chooses its
 * partition and gives it its headers. The transaction that they are in begins and
 * ends elsewhere.
 */

#include "cache/mark.h"
#include "consumer/batch.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/topics.h"

struct deployment;
struct rd_kafka_s;
struct rd_kafka_topic_s;
struct rd_kafka_topic_partition_list_s;
struct rd_kafka_consumer_group_metadata_s;

enum { SENDER_SOURCE_SIZE = CLUSTER_ID_SIZE + 48 };

struct sender {
	struct rd_kafka_s *producer; /* borrowed; must outlive it */
	struct rd_kafka_topic_s *topics[TOPIC_COUNT];
	int partitions;                  /* of the deployment, whatever becomes of the topics */
	char source[SENDER_SOURCE_SIZE]; /* ce_source of everything that is sent */
};

/*
 * Opens all topics: librdkafka takes a second for the first record of a topic that
 * is not held open. ERROR_UNAVAILABLE: *s is closed.
 */
MUST_USE int sender_open(struct sender *s, struct rd_kafka_s *producer, const struct deployment *d,
			 struct error *err);

/* Closes the topics; a sender of zeros has none. */
void sender_close(struct sender *s);

/*
 * Queues the outputs of the batch, which must stay until they are delivered or
 * purged, and comes back as the opaque of their delivery reports. last: no later
 * batch of this partition is in the transaction, so that its Progress is needed,
 * too. Blocks while the client's queue is full. ERROR_REFUSED, and b->refused is
 * set, when the outputs cannot be read or the client itself refuses one of them;
 * ERROR_UNAVAILABLE, ERROR_FENCED.
 */
MUST_USE int sender_send(const struct sender *s, struct batch *b, bool last, struct error *err);

/* Queues a dummy record, to enlist the partition in the transaction. */
MUST_USE int sender_touch(const struct sender *s, enum topic topic, int partition,
			  struct error *err);

/*
 * Waits until the brokers have all that is queued, for 15 s at most, or until a
 * delivery report has set *refusal: ERROR_UNAVAILABLE. They get it in few large
 * batches: the many small ones that are sent while records are still being queued
 * cost the brokers far more.
 */
MUST_USE int sender_flush(const struct sender *s, const struct error *refusal, struct error *err);

/*
 * Adds the group's offsets to the transaction; `step` begins the sentence when that
 * fails. Blocks for up to 10 s: after that the brokers abort it anyway. For errors
 * see kafka_settle().
 */
MUST_USE int sender_add_offsets(const struct sender *s,
				const struct rd_kafka_topic_partition_list_s *offsets,
				const struct rd_kafka_consumer_group_metadata_s *group,
				const char *step, struct error *err);

/*
 * Commits the transaction. Blocks for up to 10 s; on failure it is not known whether
 * it has committed. `step` and errors as above.
 */
MUST_USE int sender_commit(const struct sender *s, const char *step, struct error *err);

#endif
