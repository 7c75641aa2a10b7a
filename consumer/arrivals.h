#ifndef SB_CONSUMER_ARRIVALS_H
#define SB_CONSUMER_ARRIVALS_H

/* Lets what arrives at a Kafka client wake the loop. */

#include "ops/support/waker.h"

struct rd_kafka_s;

/*
 * From now on the waker is woken when something arrives that the client's
 * owner must poll for: a record, a rebalance, a delivery report. It is woken
 * once for each time that the queue was found empty, so poll until there is
 * nothing left before waiting. A consumer must have been told to serve its main
 * queue with rd_kafka_consumer_poll(). The waker must outlive the client.
 */
void arrivals_wake(struct rd_kafka_s *rk, const struct waker *w);

#endif
