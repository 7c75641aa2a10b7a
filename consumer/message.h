#ifndef SB_CONSUMER_MESSAGE_H
#define SB_CONSUMER_MESSAGE_H

/*
 * A record as it was fetched from Kafka. Key, value and headers lie in the
 * client's fetch buffer and are valid until message_done(). One message that is
 * kept holds the memory of its whole fetch.
 */

#include "ops/support/bytes.h"

struct message {
	int partition;
	int64_t offset;
	int64_t time; /* the broker's, ms since 1970 */
	struct bytes key;
	struct bytes value; /* absent: a tombstone */
	void *handle;       /* the client's message, from which the headers are read */
};

struct rd_kafka_message_s;

/* Takes over a message from the client. It must be a record, not an error. */
struct message message_of(struct rd_kafka_message_s *m);

/* Gives the message back to the client; its bytes are no longer valid. */
void message_done(struct message *m);

/* The value of the last header of that name; absent when there is none. */
struct bytes message_header(const struct message *m, const char *name);

/* The i-th header, from 0; false, with the outputs untouched, past the last one. */
bool message_header_at(const struct message *m, size_t i, const char **name, struct bytes *value);

#endif
