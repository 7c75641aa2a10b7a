#include "schemas/topics.h"

#include "ops/support/number.h"
#include "schemas/bounds.h"

#include <string.h>

#define DAYS_7  "604800000"
#define DAYS_30 "2592000000"

#define TEXT_OF(number) #number
#define MAX_BYTES(bound)                                                                           \
	{                                                                                          \
		"max.message.bytes", TEXT_OF(bound), DEMAND_AT_LEAST                               \
	}

/*
 * Compaction drops all but the last record of a key: it would lose commands and
 * events. Deletion by age drops the only record of a workspace, a user or a group.
 */
#define KEEP_ALL                                                                                   \
	{                                                                                          \
		"cleanup.policy", "delete", DEMAND_EQUAL                                           \
	}
#define KEEP_LAST                                                                                  \
	{                                                                                          \
		"cleanup.policy", "compact", DEMAND_EQUAL                                          \
	}

static const struct {
	const char *name;
	struct topic_setting settings[TOPIC_SETTINGS_MAX];
} topics[TOPIC_COUNT] = {
	/* Decisions rest on the records' times: an author's clock must not move them. */
	[TOPIC_COMMANDS] = { "sharing.commands",
			     { KEEP_ALL,
			       { "retention.ms", DAYS_7, DEMAND_NONE },
			       { "message.timestamp.type", "LogAppendTime", DEMAND_EQUAL } } },
	[TOPIC_DIRECTORY] = { "sharing.directory",
			      { KEEP_LAST, MAX_BYTES(TOPIC_BYTES_DIRECTORY) } },
	[TOPIC_EVENTS] = { "sharing.events",
			   { KEEP_ALL,
			     { "retention.ms", DAYS_30, DEMAND_NONE },
			     MAX_BYTES(TOPIC_BYTES_LARGE) } },
	[TOPIC_NOTIFICATIONS] = { "sharing.notifications",
				  { KEEP_ALL,
				    { "retention.ms", DAYS_7, DEMAND_NONE },
				    MAX_BYTES(TOPIC_BYTES_PLAIN) } },
	[TOPIC_HANDOFFS] = { "sharing.handoffs",
			     { KEEP_ALL,
			       { "retention.ms", DAYS_30, DEMAND_NONE },
			       MAX_BYTES(TOPIC_BYTES_PLAIN) } },
	[TOPIC_DELIVERIES] = { "sharing.deliveries", { KEEP_LAST, MAX_BYTES(TOPIC_BYTES_PLAIN) } },
	[TOPIC_GRANTS] = { "sharing.grants", { KEEP_LAST, MAX_BYTES(TOPIC_BYTES_LARGE) } },
	[TOPIC_DEADLETTER] = { "sharing.deadletter",
			       { KEEP_ALL,
				 { "retention.ms", DAYS_30, DEMAND_NONE },
				 MAX_BYTES(TOPIC_BYTES_DEAD) } },
};

const char *topic_name(enum topic topic)
{
	return topics[topic].name;
}

int topic_partitions(enum topic topic, int partitions)
{
	return topic == TOPIC_DIRECTORY ? 1 : partitions;
}

const struct topic_setting *topic_settings(enum topic topic)
{
	return topics[topic].settings;
}

static bool is_at_least(const char *value, const char *least)
{
	int64_t is = 0;
	int64_t must = 0;

	return number_parse(bytes_of(value), 0, INT64_MAX, &is) &&
	       number_parse(bytes_of(least), 0, INT64_MAX, &must) && is >= must;
}

bool topic_meets(const struct topic_setting *s, const char *value)
{
	switch (s->demand) {
	case DEMAND_NONE:
		return true;
	case DEMAND_EQUAL:
		return strcmp(value, s->value) == 0;
	case DEMAND_AT_LEAST:
		return is_at_least(value, s->value);
	}
	return false;
}

size_t topic_max_bytes(enum topic topic)
{
	int64_t bytes = TOPIC_BYTES_PLAIN;

	for (const struct topic_setting *s = topics[topic].settings; s->name; s++)
		if (strcmp(s->name, "max.message.bytes") == 0)
			(void)number_parse(bytes_of(s->value), 1, INT32_MAX, &bytes);
	return (size_t)bytes;
}
