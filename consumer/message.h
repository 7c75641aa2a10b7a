#ifndef SB_CONSUMER_MESSAGE_H
#define SB_CONSUMER_MESSAGE_H

/*
 * A record as it was fetched from Kafka. Key, value and headers lie in the
 * client's fetch buffer and are valid until message_done(). One message that is
 * kept holds the memory of its whole fetch.
 *
 * A hole stands in the place of the records of a batch that the client cannot
 * unpack. It has no key, no value and no headers, but a reason.
 */

#include "consumer/author.h"
#include "ops/support/bytes.h"

struct message {
	int partition;
	int64_t offset;
	int64_t time; /* the broker's, ms since 1970 */
	struct bytes key;
	struct bytes value; /* absent: a tombstone */
	void *handle;       /* the client's message, from which the headers are read */
	int64_t hole;       /* how many offsets the hole covers; 0: this is a record */
	char *why;          /* of a hole: what is wrong with the batch; its own */
};

/* The offset after the message, where the next one may be. */
static inline int64_t message_end(const struct message *m)
{
	return m->offset + (m->hole ? m->hole : 1);
}

struct rd_kafka_message_s;

/* Takes over a message from the client. It must be a record, not an error. */
struct message message_of(struct rd_kafka_message_s *m);

/* Makes a hole of one offset, until more is known; copies `why`. */
struct message message_hole(int partition, int64_t offset, int64_t unix_ms, const char *why);

/* Gives the message back to the client; its bytes are no longer valid. */
void message_done(struct message *m);

/* The value of the last header of that name; absent when there is none. */
struct bytes message_header(const struct message *m, const char *name);

/*
 * Who has signed this record of the topic; borrows from the message. Of zeros if s is
 * NULL, because no keys are configured: then the headers are not looked at.
 */
struct author message_author(const struct message *m, const char *topic, struct signing *s);

/* The i-th header, from 0; false, with the outputs untouched, past the last one. */
bool message_header_at(const struct message *m, size_t i, const char **name, struct bytes *value);

#endif
