#ifndef SB_SCHEMAS_TOPICS_H
#define SB_SCHEMAS_TOPICS_H

/* The topics of a deployment: the one table that creating, checking and publishing share. */

#include "ops/support/bytes.h"

#include <stddef.h>

enum topic {
	TOPIC_COMMANDS,
	TOPIC_DIRECTORY,
	TOPIC_EVENTS,
	TOPIC_NOTIFICATIONS,
	TOPIC_HANDOFFS,
	TOPIC_DELIVERIES,
	TOPIC_GRANTS,
	TOPIC_DEADLETTER,
	TOPIC_COUNT
};

/* The key of Progress records on sharing.grants; all other keys there are ids of workspaces. */
#define PROGRESS_KEY "progress"

/* Default number of partitions of every topic but the directory, which has one. */
enum { PARTITIONS_DEFAULT = 12, PARTITIONS_MAX = 1024 };

/* "sharing.commands", …; a constant. */
const char *topic_name(enum topic topic);

/* How many partitions the topic has in a deployment with `partitions` of them. */
int topic_partitions(enum topic topic, int partitions);

/* What is asked of a topic that exists already, perhaps not made by us. */
enum topic_demand {
	DEMAND_NONE,     /* another value is the operator's right */
	DEMAND_EQUAL,    /* what is guaranteed rests on it */
	DEMAND_AT_LEAST, /* a number; with less, something does not fit, but nothing is lost */
};

struct topic_setting {
	const char *name;
	const char *value;
	enum topic_demand demand;
};

enum { TOPIC_SETTINGS_MAX = 4 };

/* How large a record the topic takes when it is set up like that, in bytes. */
size_t topic_max_bytes(enum topic topic);

/* The topic's configuration in Kafka; ends with an entry whose name is NULL. */
const struct topic_setting *topic_settings(enum topic topic);

/* Does a topic whose setting has this value meet what is asked of it? */
bool topic_meets(const struct topic_setting *s, const char *value);

#endif
