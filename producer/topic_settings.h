#ifndef SB_PRODUCER_TOPIC_SETTINGS_H
#define SB_PRODUCER_TOPIC_SETTINGS_H

/*
 * The settings that the topics have in Kafka, and which of them differ from
 * what schemas/topics.h asks. Any client can ask for them. An answer that does
 * not come, or that the brokers' ACLs withhold, is no fault of a topic: `trouble`
 * then says what could not be looked at, and everybody goes on.
 */

#include "ops/support/error.h"
#include "schemas/topics.h"

struct rd_kafka_s;

enum { TOPIC_VALUE_SIZE = 64 }; /* a longer value is cut */

struct topic_found {
	char values[TOPIC_SETTINGS_MAX][TOPIC_VALUE_SIZE]; /* as topic_settings(); "": unknown */
	int64_t max_message_bytes;                         /* 0: unknown */
};

struct topics_found {
	struct topic_found list[TOPIC_COUNT]; /* by enum topic */
	struct error trouble;                 /* what could not be asked; code 0: nothing */
};

/* Asks, and waits up to wait_ms for the answer. */
void topics_find(struct rd_kafka_s *rk, int wait_ms, struct topics_found *out);

/*
 * The same without waiting: topics_ask() sends the question, which fails after
 * wait_ms; topics_answered() says whether the answer has come, and then fills
 * *out, frees the question and sets it to NULL. The question must end before its
 * client: topics_forget() drops it; NULL is fine.
 */
struct topics_question;
struct topics_question *topics_ask(struct rd_kafka_s *rk, int wait_ms);
bool topics_answered(struct topics_question **q, struct topics_found *out);
void topics_forget(struct topics_question **q);

/* A setting that is not what it must be. */
struct topic_fault {
	enum topic topic;
	const struct topic_setting *setting;
	const char *is; /* borrowed from what was found */
};

enum { TOPIC_FAULTS_MAX = TOPIC_COUNT * TOPIC_SETTINGS_MAX };

/* Lists the known settings that do not meet what is asked of them; returns how many. Pure. */
size_t topics_judge(const struct topics_found *found,
		    struct topic_fault out[static TOPIC_FAULTS_MAX]);

/* Does what is guaranteed rest on it? If not, something may not fit, and that is all. */
bool topic_fault_is_grave(const struct topic_fault *f);

/* One sentence that names the topic, the setting, what it must be, and how to set it. */
void topic_fault_describe(const struct topic_fault *f, char out[static ERROR_TEXT_SIZE]);

#endif
