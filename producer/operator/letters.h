#ifndef SB_OPERATOR_LETTERS_H
#define SB_OPERATOR_LETTERS_H

/*
 * Reads sharing.deadletter: the records that the consumer could not read. Each
 * has its own headers, and after them those of the consumer that say why it is
 * here and where it comes from (sharebus_reason, …). Only committed records are
 * seen. Memory is bounded by the largest record, not by how many there are.
 */

#include "cache/wait.h"
#include "ops/support/attributes.h"
#include "producer/cli/session.h"
#include "schemas/cloudevent.h"

struct rd_kafka_headers_s;
struct rd_kafka_message_s;

/* One dead letter. Its bytes are valid until the next call, or the end of the callback. */
struct letter {
	struct position at;   /* in sharing.deadletter */
	struct position from; /* where the consumer met it; partition -1: unknown */
	struct bytes topic;   /* of `from`; absent: unknown */
	struct bytes reason;  /* why it could not be read; absent: unknown */
	int64_t time;       /* when it was sent to that topic, in ms since 1970; ABSENT: unknown */
	struct bytes key;   /* absent: it has none */
	struct bytes value; /* absent: it has none */
	int64_t whole_size; /* of a value of which only the beginning was kept; ABSENT: it is whole */
	bool is_hole;       /* it stands for a batch that could not be unpacked, not for a record */
	struct rd_kafka_headers_s *headers; /* NULL: none; see letter_header() */
};

/* Sets *out from a record of the topic, which must stay as long as the letter. */
void letter_read(struct letter *out, const struct rd_kafka_message_s *m);

/* Is it all of one record, so that it can be sent again as it was? */
bool letter_is_whole(const struct letter *l);

/* Fills in the i-th header; false after the last one. */
bool letter_header(const struct letter *l, size_t i, struct header *out);

/* How large the value of the record was, in bytes; ABSENT: it had none. */
int64_t letter_size(const struct letter *l);

/* Did the consumer add this header? */
bool header_is_ours(const struct header *h);

struct letters;

/*
 * Connects, and asks where the topic begins and ends now: later letters are not
 * seen. ERROR_UNAVAILABLE, or ERROR_REFUSED when the topics have a wrong layout.
 */
MUST_USE int letters_open(struct letters **out, struct session *s, struct error *err);
void letters_close(struct letters **l);

/* How many partitions the topic has, as all topics of commands do. */
int letters_partitions(const struct letters *l);

/* Called for each letter. A result other than 0 ends the reading and is returned. */
typedef int letter_fn(void *context, const struct letter *l, struct error *err);

/*
 * Reads the last `newest` offsets of each partition (0: all of them), each
 * partition in order. *whole is true if nothing older was left out. Shows its
 * progress on a terminal. ERROR_UNAVAILABLE when nothing comes for as long as
 * the session waits.
 */
MUST_USE int letters_read(struct letters *l, int64_t newest, letter_fn *fn, void *context,
			  bool *whole, struct error *err);

/* Finds the letter at that position. ERROR_INPUT when there is none. */
MUST_USE int letters_find(struct letters *l, const struct position *at, struct letter *out,
			  struct error *err);

#endif
