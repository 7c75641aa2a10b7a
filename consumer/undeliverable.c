#include "consumer/undeliverable.h"

#include <librdkafka/rdkafka.h>

/* What mends it; NULL: it is none of these errors. */
static const char *remedy_of(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
		return "raise its max.message.bytes";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return "let the consumer write to it";
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
		return "make it again with `sharebus topics create`";
	case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
		return "raise its message.timestamp.before.max.ms";
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
		return "see its settings and the broker's log";
	default:
		return NULL;
	}
}

bool undeliverable_is(int code)
{
	return remedy_of((rd_kafka_resp_err_t)code) != NULL;
}

void undeliverable_describe(struct error *err, const char *topic, size_t bytes, int code)
{
	const char *remedy = remedy_of((rd_kafka_resp_err_t)code);

	(void)error_set(err, ERROR_REFUSED,
			"topic %s does not take a record of %zu bytes: %s; %s, and the partition "
			"goes on by itself",
			topic, bytes, rd_kafka_err2str((rd_kafka_resp_err_t)code),
			remedy ? remedy : "see the broker's log");
}
