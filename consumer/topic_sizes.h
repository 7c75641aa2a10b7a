#ifndef SB_CONSUMER_TOPIC_SIZES_H
#define SB_CONSUMER_TOPIC_SIZES_H

/*
 * How large a record the topics take, as the brokers have said it last: the limits
 * that decisions and dead letters are held to. Where the brokers do not tell, the
 * sizes of schemas/topics.c count. topic_watch.h asks. Pure.
 *
 * No size counts that is below Kafka's default: that is a mistake which somebody
 * will put right. Until then outputs wait, and no command is rejected because of it.
 */

#include "consumer/decision.h"

enum { TOPIC_BYTES_LEAST = 1048588 };

struct topics_found;

struct topic_sizes {
	struct limits limits; /* grants_per_workspace and access_url_bytes are the owner's */
	size_t batch_bytes;   /* what all topics take together as one batch of small records */
};

/* Sets everything as if the brokers told nothing. */
void topic_sizes_init(struct topic_sizes *s);

/* Takes the sizes out of an answer. */
void topic_sizes_take(struct topic_sizes *s, const struct topics_found *found);

#endif
