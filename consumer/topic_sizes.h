#ifndef SB_CONSUMER_TOPIC_SIZES_H
#define SB_CONSUMER_TOPIC_SIZES_H

/*
 * Keeps the limits of decisions true to the topics: asks the brokers at start and
 * then every minute how large a record each topic takes, because a person may
 * change that at any time. Where the brokers do not tell, the sizes of
 * schemas/topics.c count. The loop's thread.
 */

#include "consumer/decision.h"
#include "ops/support/clock.h"

struct rd_kafka_s;
struct topics_found;
struct topics_question;

/* The client is borrowed; it must outlive the sizes. All other fields start at 0. */
struct topic_sizes {
	struct rd_kafka_s *client;
	struct limits limits; /* grants_per_workspace and access_url_bytes are the owner's */
	size_t batch_bytes;   /* what all topics take together as one batch of small records */
	struct topics_question *question; /* on its way; NULL: none */
	int64_t asked_ms;                 /* monotonic */
};

/* Takes the sizes out of an answer. Pure. */
void topic_sizes_take(struct topic_sizes *s, const struct topics_found *found);

/* Asks and waits for the answer. */
void topic_sizes_begin(struct topic_sizes *s, const struct now *now);

/* Takes the answer if it has come, and asks again when it is time. Does not block. */
void topic_sizes_follow(struct topic_sizes *s, const struct now *now);

/* Has topic_sizes_follow() ask at once: a topic has refused a record. */
void topic_sizes_suspect(struct topic_sizes *s);

/* Drops the question. Call it before the client ends. */
void topic_sizes_done(struct topic_sizes *s);

#endif
