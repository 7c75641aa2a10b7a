#ifndef SB_OPERATOR_SURVEY_H
#define SB_OPERATOR_SURVEY_H

/*
 * What Kafka and Redis say about every partition and the directory: who owns it,
 * and how far it is. For broken deployments: what one server does not answer is
 * left out, and the others are still asked.
 */

#include "cache/marks.h"
#include "producer/cli/session.h"

struct rd_kafka_s;

/* One partition, or the directory. What could not be asked is NULL or ABSENT. */
struct survey_row {
	const char *owner;
	/* "ready", "rebuilding", "missing", "foreign" or "unknown"; see verdict_watch() */
	const char *state;
	struct seen_mark seen; /* only if state is not NULL */
	int64_t committed;
	int64_t end;
	int64_t lag;
};

struct survey {
	struct session *session;
	struct deployment deployment; /* of the bus */
	int wait_ms;
	struct rd_kafka_s *asker;     /* reads uncommitted: it learns the real ends of logs */
	struct rd_kafka_s *committed; /* reads committed: it learns stable committed offsets */
	const char *address;          /* of Redis, for messages */
	int partitions;
	struct survey_row *rows; /* partitions, then the directory */
	const char *group_state;
	struct bytes
		*topics; /* which settings of topics endanger what is guaranteed, in sentences */
	size_t topics_count;
	struct error trouble;  /* what could not be asked, in one sentence; code 0 if all could */
	struct error foreign;  /* whose index this is; code 0 if ours */
	struct error evicting; /* Redis may evict keys; code 0 if not */
};

/* Asks all. What it learns is in the session's arena. Release the rest with survey_done(). */
void survey_ask(struct survey *out, struct session *s);
void survey_done(struct survey *v);

/* Does Redis have a mark for it? */
bool survey_has_mark(const struct survey_row *r);

#endif
