#include "consumer/kafka_error.h"

#include "consumer/undeliverable.h"
#include "ops/support/clock.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

int kafka_error(struct rd_kafka_error_s *e, const char *step, struct error *err)
{
	bool fenced = rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__FENCED;
	int rc = error_set(err, fenced ? ERROR_FENCED : ERROR_UNAVAILABLE, "%s: %s", step,
			   rd_kafka_error_string(e));

	rd_kafka_error_destroy(e);
	return rc;
}

int kafka_settle(rd_kafka_error_t *e, const char *step, int64_t deadline_ms, bool *again,
		 struct error *err)
{
	int rc = 0;

	*again = e && rd_kafka_error_is_retriable(e) && clock_monotonic_ms() < deadline_ms;
	if (!e)
		return 0;
	if (!*again && undeliverable_is(rd_kafka_error_code(e)))
		rc = error_set(err, ERROR_REFUSED, "%s: %s", step, rd_kafka_error_string(e));
	else if (!*again)
		return kafka_error(e, step, err);
	rd_kafka_error_destroy(e);
	return rc;
}
