#include "consumer/topic_sizes.h"

#include "ops/support/log.h"
#include "producer/bus.h"
#include "producer/topic_settings.h"

enum {
	ASK_EVERY_MS = 60000,
	ANSWER_WAIT_MS = 10000,
	BATCH_BYTES_MAX = 1000000, /* the client's default */
	BATCH_BYTES_MIN = 1024,    /* where topics take even less, nothing fits anyway */
	BEGIN_WAIT_MS = 5000, /* without an answer by then, the sizes of schemas/topics.c count */
};

static size_t size_of(const struct topics_found *found, enum topic topic)
{
	int64_t bytes = found->list[topic].max_message_bytes;

	return bytes > 0 ? (size_t)bytes : topic_max_bytes(topic);
}

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A topic takes a batch as it takes a record, so small records must not fill a larger one. */
static size_t batch_bytes(const struct topic_sizes *s)
{
	size_t records = least_of(s->limits.event_bytes, s->limits.notification_bytes);
	size_t others = least_of(s->limits.state_bytes, s->limits.dead_letter_bytes);
	size_t least = least_of(least_of(records, others), BATCH_BYTES_MAX);

	return least > BATCH_BYTES_MIN ? least - least / 10 : BATCH_BYTES_MIN;
}

void topic_sizes_take(struct topic_sizes *s, const struct topics_found *found)
{
	s->limits.event_bytes = size_of(found, TOPIC_EVENTS);
	s->limits.notification_bytes = size_of(found, TOPIC_NOTIFICATIONS);
	s->limits.state_bytes = size_of(found, TOPIC_GRANTS);
	s->limits.dead_letter_bytes =
		least_of(size_of(found, TOPIC_DEADLETTER), BUS_MESSAGE_MAX_BYTES);
	s->batch_bytes = batch_bytes(s);
}

void topic_sizes_begin(struct topic_sizes *s, const struct now *now)
{
	struct topics_found found;

	topics_find(s->client, BEGIN_WAIT_MS, &found);
	if (found.trouble.code)
		log_warn("%s", found.trouble.text);
	topic_sizes_take(s, &found);
	s->asked_ms = now->monotonic_ms;
}

void topic_sizes_follow(struct topic_sizes *s, const struct now *now)
{
	struct topics_found found;

	if (s->question && topics_answered(&s->question, &found) && !found.trouble.code)
		topic_sizes_take(s, &found);
	if (s->question || now->monotonic_ms - s->asked_ms < ASK_EVERY_MS)
		return;
	s->asked_ms = now->monotonic_ms;
	s->question = topics_ask(s->client, ANSWER_WAIT_MS);
}

void topic_sizes_suspect(struct topic_sizes *s)
{
	s->asked_ms -= ASK_EVERY_MS;
}

void topic_sizes_done(struct topic_sizes *s)
{
	topics_forget(&s->question);
}
