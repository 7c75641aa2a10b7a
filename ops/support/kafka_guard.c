#include "ops/support/kafka_guard.h"

#include <string.h>

struct guarded {
	const char *name;
	const char *reason;
};

#define COMMITS "offsets are committed in the transaction that holds what became of a command"
#define ASSIGNS "a partition must pass to another consumer as its predecessor ends, by our strategy"
#define LOSES   "a command that is reported as sent must not be lost"
#define ORDERS  "commands must reach the log once and in their order"
#define ENDS    "a command that is dropped too early may reach the log all the same"
#define FITS    "only the topics decide which records are too large"
#define SPEAKS  "without the brokers' own protocol there are no transactions and no headers"
#define COUNTS  "each record's delivery must be reported to the program"

/*
 * From librdkafka's CONFIGURATION.md, 2.0.2, and the names that later versions have.
 * Settings that it takes no text for (callbacks) it refuses by itself. What is left
 * to whoever operates us: addresses, TLS, SASL, timeouts of connections, compression,
 * and how much is fetched or buffered at a time.
 */
static const struct guarded table[] = {
	/* Consumers. */
	{ "isolation.level", "commands of aborted transactions would be applied" },
	{ "auto.offset.reset", "commands that were lost would be passed over in silence" },
	{ "enable.partition.eof", "it tells that the end of a log is reached" },
	{ "topic.blacklist", "no topic of ours may be out of sight" },
	{ "enable.auto.commit", COMMITS },
	{ "auto.commit.enable", COMMITS },
	{ "enable.auto.offset.store", COMMITS },
	{ "offset.store.method", COMMITS },
	{ "group.id", "the setting consumer-group names the group" },
	{ "client.id", "consumers know each other by it; the setting instance names a consumer" },
	{ "group.instance.id", ASSIGNS },
	{ "group.protocol", ASSIGNS },
	{ "group.protocol.type", ASSIGNS },
	{ "group.remote.assignor", ASSIGNS },
	{ "partition.assignment.strategy", ASSIGNS },
	{ "max.poll.interval.ms", "a turn of the consumer's loop must fit into it" },
	/* Producers. */
	{ "transactional.id", "consumers fence their predecessors by it" },
	{ "transaction.timeout.ms", "takeovers wait for open transactions to end" },
	{ "acks", LOSES },
	{ "request.required.acks", LOSES },
	{ "enable.idempotence", ORDERS },
	{ "enable.gapless.guarantee", "one record that is refused would end the others" },
	{ "max.in.flight", ORDERS },
	{ "max.in.flight.requests.per.connection", ORDERS },
	{ "queuing.strategy", ORDERS },
	{ "partitioner", "all commands of a workspace must be in one partition" },
	{ "message.timeout.ms", ENDS },
	{ "delivery.timeout.ms", ENDS },
	{ "retries", ENDS },
	{ "message.send.max.retries", ENDS },
	{ "batch.size", FITS },
	{ "message.max.bytes", FITS },
	{ "receive.message.max.bytes", FITS },
	{ "queue.buffering.max.messages", "a whole transaction must fit into the queue" },
	{ "queue.buffering.max.kbytes", "a whole transaction must fit into the queue" },
	{ "delivery.report.only.error", COUNTS },
	{ "enabled_events", COUNTS },
	/* All clients. */
	{ "log.queue", "librdkafka's lines would never reach the log" },
	{ "allow.auto.create.topics", "`sharebus topics create` makes topics as they must be" },
	{ "plugin.library.paths", "code that is not ours could change what is read and sent" },
	{ "api.version.request", SPEAKS },
	{ "api.version.fallback.ms", SPEAKS },
	{ "broker.version.fallback", SPEAKS },
	{ NULL, NULL },
};

const char *kafka_guard_reason(const char *name)
{
	for (const struct guarded *g = table; g->name; g++)
		if (strcmp(g->name, name) == 0)
			return g->reason;
	return NULL;
}

const char *kafka_guard_name(size_t i)
{
	return i < sizeof(table) / sizeof(table[0]) ? table[i].name : NULL;
}

bool kafka_guard_is_secret(const char *name, const char *value)
{
	return strstr(name, "passw") || strstr(name, "secret") || strstr(name, "key.pem") ||
	       strcmp(name, "sasl.oauthbearer.config") == 0 || strstr(value, "PRIVATE KEY");
}
