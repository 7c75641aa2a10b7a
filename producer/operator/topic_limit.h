#ifndef SB_OPERATOR_TOPIC_LIMIT_H
#define SB_OPERATOR_TOPIC_LIMIT_H

/* How large a record a topic takes, asked of the brokers before anything is sent. */

#include "ops/support/error.h"
#include "schemas/topics.h"

#include <stdint.h>

struct rd_kafka_s;

/*
 * The topic's max.message.bytes, or 0 when the brokers do not say: then it
 * shows when something is sent. Waits up to wait_ms.
 */
int64_t topic_limit(struct rd_kafka_s *rk, enum topic topic, int wait_ms);

#endif
