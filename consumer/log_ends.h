#ifndef SB_CONSUMER_LOG_ENDS_H
#define SB_CONSUMER_LOG_ENDS_H

/*
 * Where logs end. For a client that reads as read_committed, as producers do
 * here, that is the last stable offset: the first record of a transaction that
 * is open.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/topics.h"

#include <stddef.h>
#include <stdint.h>

struct rd_kafka_s;

enum { LOG_END_UNKNOWN = -1 };

struct log_end {
	enum topic topic;
	int partition;
	int64_t offset;
};

/*
 * Asks where these logs end and sets their offsets; of one that has no leader, or
 * is not there, to LOG_END_UNKNOWN. It is one request to each broker that leads
 * some of them. Blocks for up to wait_ms: ERROR_UNAVAILABLE.
 */
MUST_USE int log_ends_ask(struct rd_kafka_s *client, struct log_end *list, size_t count,
			  int wait_ms, struct error *err);

#endif
