#ifndef SB_TESTS_BENCH_CLIENT_H
#define SB_TESTS_BENCH_CLIENT_H

/* Clients of Kafka, as the programs of ops/bench open them. */

struct rd_kafka_s;
struct rd_kafka_message_s;

enum { CLIENT_WHY_SIZE = 512 };

struct client_setting {
	const char *name; /* NULL ends a list */
	const char *value;
};

/* What became of a record that was sent; called by whoever polls the producer. */
typedef void client_report_fn(struct rd_kafka_s *producer, const struct rd_kafka_message_s *m,
			      void *opaque);

/*
 * A producer that calls `report`, or without one a consumer; the caller destroys it.
 * NULL, and *why says why, when a setting is wrong. A producer has a report in any
 * case: without one, flushing takes steps of 10 ms.
 */
struct rd_kafka_s *client_open(const char *brokers, const struct client_setting *settings,
			       client_report_fn *report, char why[static CLIENT_WHY_SIZE]);

#endif
