#ifndef SB_CONSUMER_ARRIVALS_H
#define SB_CONSUMER_ARRIVALS_H

/* Lets what arrives at a Kafka client wake the loop. */

#include "ops/support/waker.h"

struct rd_kafka_s;

/*
 * From now on the waker is woken when something arrives that the client's
 * owner must poll for: a record, a rebalance, a delivery report. The client
 * wakes it only when its queue was empty before, so poll until nothing is left
 * before waiting. A consumer's queue is that of rd_kafka_consumer_poll(): other
 * events wake the loop only after rd_kafka_poll_set_consumer(). The waker must
 * outlive the client.
 */
void arrivals_wake(struct rd_kafka_s *rk, const struct waker *w);

#endif
