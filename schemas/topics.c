#include "schemas/topics.h"

#define DAYS_7  "604800000"
#define DAYS_30 "2592000000"

#define DIRECTORY_MAX_BYTES "16777216"

static const struct {
	const char *name;
	struct topic_setting settings[TOPIC_SETTINGS_MAX];
} topics[TOPIC_COUNT] = {
	[TOPIC_COMMANDS] = { "sharing.commands",
			     { { "cleanup.policy", "delete" },
			       { "retention.ms", DAYS_7 },
			       { "message.timestamp.type", "LogAppendTime" } } },
	/* A group is one record, of 37 bytes a member: a quarter of a million members fit. */
	[TOPIC_DIRECTORY] = { "sharing.directory",
			      { { "cleanup.policy", "compact" },
				{ "max.message.bytes", DIRECTORY_MAX_BYTES } } },
	[TOPIC_EVENTS] = { "sharing.events",
			   { { "cleanup.policy", "delete" }, { "retention.ms", DAYS_30 } } },
	[TOPIC_NOTIFICATIONS] = { "sharing.notifications",
				  { { "cleanup.policy", "delete" }, { "retention.ms", DAYS_7 } } },
	[TOPIC_HANDOFFS] = { "sharing.handoffs",
			     { { "cleanup.policy", "delete" }, { "retention.ms", DAYS_30 } } },
	[TOPIC_GRANTS] = { "sharing.grants", { { "cleanup.policy", "compact" } } },
	/* Whatever sharing.commands has taken must fit, with the headers that say why it is here. */
	[TOPIC_DEADLETTER] = { "sharing.deadletter",
			       { { "cleanup.policy", "delete" },
				 { "retention.ms", DAYS_30 },
				 { "max.message.bytes", "67108864" } } },
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
