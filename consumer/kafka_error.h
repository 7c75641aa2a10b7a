#ifndef SB_CONSUMER_KAFKA_ERROR_H
#define SB_CONSUMER_KAFKA_ERROR_H

/* The errors of Kafka's transactional calls, as our own. */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stdbool.h>
#include <stdint.h>

struct rd_kafka_error_s;

/*
 * Destroys the client's error, which is not NULL, and sets *err to
 * "<step>: <its text>": ERROR_FENCED if the producer is fenced, otherwise
 * ERROR_UNAVAILABLE. Returns that code.
 */
MUST_USE int kafka_error(struct rd_kafka_error_s *e, const char *step, struct error *err);

/*
 * The result of a transactional call, which may be NULL: 0. Sets *again, and returns
 * 0, if the call is to be repeated, which it is not after deadline_ms of
 * clock_monotonic_ms(); the calls block, so that does not spin. ERROR_REFUSED: a
 * topic is gone or closed to us (see undeliverable.h). Otherwise as kafka_error().
 *
 * Give these calls a timeout of their own: without one (-1), the offsets of a
 * transaction can wait for ever for a group's coordinator that has moved (2.0.2).
 */
MUST_USE int kafka_settle(struct rd_kafka_error_s *e, const char *step, int64_t deadline_ms,
			  bool *again, struct error *err);

#endif
