#ifndef SB_OPERATOR_TOPIC_LIMIT_H
#define SB_OPERATOR_TOPIC_LIMIT_H

/* Asks the brokers how large a record a topic takes, before anything is sent. */

#include "ops/support/error.h"
#include "schemas/topics.h"

#include <stdint.h>

struct rd_kafka_s;

/*
 * The topic's max.message.bytes, or 0 when the brokers do not tell within
 * wait_ms: then the limit only shows when a record is sent.
 */
int64_t topic_limit(struct rd_kafka_s *rk, enum topic topic, int wait_ms);

#endif
