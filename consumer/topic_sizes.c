#include "consumer/topic_sizes.h"

#include "producer/bus.h"
#include "producer/topic_settings.h"

enum {
	BATCH_BYTES_MAX = 1000000, /* the client's default */
	BATCH_BYTES_MIN = 1024,    /* where topics take even less, nothing fits anyway */
};

/* What the topic takes now. */
static size_t size_now(const struct topics_found *found, enum topic topic)
{
	int64_t bytes = found->list[topic].max_message_bytes;

	return bytes > 0 ? (size_t)bytes : topic_max_bytes(topic);
}

/* What decisions may count on. */
static size_t size_of(const struct topics_found *found, enum topic topic)
{
	size_t bytes = size_now(found, topic);

	return bytes > TOPIC_BYTES_LEAST ? bytes : TOPIC_BYTES_LEAST;
}

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A topic takes a batch as it takes a record, so small records must not fill a larger one. */
static size_t batch_bytes(const struct topics_found *found)
{
	size_t records =
		least_of(size_now(found, TOPIC_EVENTS), size_now(found, TOPIC_NOTIFICATIONS));
	size_t others = least_of(size_now(found, TOPIC_GRANTS), size_now(found, TOPIC_DEADLETTER));
	size_t least = least_of(least_of(least_of(records, others), BATCH_BYTES_MAX),
				size_now(found, TOPIC_HANDOFFS));

	return least > BATCH_BYTES_MIN ? least - least / 10 : BATCH_BYTES_MIN;
}

void topic_sizes_take(struct topic_sizes *s, const struct topics_found *found)
{
	s->limits.event_bytes = size_of(found, TOPIC_EVENTS);
	s->limits.notification_bytes = size_of(found, TOPIC_NOTIFICATIONS);
	s->limits.state_bytes = size_of(found, TOPIC_GRANTS);
	s->limits.dead_letter_bytes =
		least_of(size_of(found, TOPIC_DEADLETTER), BUS_MESSAGE_MAX_BYTES);
	s->batch_bytes = batch_bytes(found);
}

void topic_sizes_init(struct topic_sizes *s)
{
	const struct topics_found nothing = { 0 };

	s->limits = limits_default();
	topic_sizes_take(s, &nothing);
}
