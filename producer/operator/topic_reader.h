#ifndef SB_OPERATOR_TOPIC_READER_H
#define SB_OPERATOR_TOPIC_READER_H

/*
 * Reads what a topic holds, to where it ends now. Only committed records are seen.
 * Memory is bounded by the largest record, not by how many there are.
 */

#include "ops/support/attributes.h"
#include "producer/cli/session.h"
#include "schemas/position.h"
#include "schemas/topics.h"

struct rd_kafka_message_s;
struct topic_reader;

/*
 * Connects, and asks where the topic, which has the partitions of commands, begins
 * and ends: later records are not seen. `what` is shown on a terminal as what is
 * read. ERROR_UNAVAILABLE, or ERROR_REFUSED when the topics have a wrong layout. *out
 * is the caller's, for topic_reader_close().
 */
MUST_USE int topic_reader_open(struct topic_reader **out, struct session *s, enum topic topic,
			       const char *what, struct error *err);

/* Closes it and sets it to NULL; NULL is fine. */
void topic_reader_close(struct topic_reader **r);

int topic_reader_partitions(const struct topic_reader *r);

/*
 * Begins to read the last `newest` offsets of each partition (0: all of them).
 * *whole is true if nothing older is left out.
 */
MUST_USE int topic_reader_begin(struct topic_reader *r, int64_t newest, bool *whole,
				struct error *err);

/* Begins to read that partition alone, from the offset on. ERROR_INPUT when it has no such offset. */
MUST_USE int topic_reader_seek(struct topic_reader *r, const struct position *at,
			       struct error *err);

/* Asks where the partitions end by now, and goes on from where it is. */
MUST_USE int topic_reader_extend(struct topic_reader *r, struct error *err);

/*
 * Sets *out to the next record, each partition in order; NULL when all are read. It
 * is borrowed until the next call. Blocks, and shows its progress on a terminal.
 * ERROR_UNAVAILABLE when nothing comes for as long as the session waits.
 */
MUST_USE int topic_reader_next(struct topic_reader *r, const struct rd_kafka_message_s **out,
			       struct error *err);

#endif
