#ifndef SB_OPERATOR_LETTERS_H
#define SB_OPERATOR_LETTERS_H

/*
 * Reading sharing.deadletter: records that the consumer could not read, with
 * their own headers and behind them those that say why they are there and from
 * where (sharebus_reason, …). Only what is committed is seen. Memory is bounded
 * by the largest record, not by their number.
 */

#include "cache/wait.h"
#include "ops/support/attributes.h"
#include "producer/cli/session.h"
#include "schemas/cloudevent.h"

struct rd_kafka_headers_s;

/* One dead letter; all bytes are the client's, until the next call or the callback's end. */
struct letter {
	struct position at;   /* in sharing.deadletter */
	struct position from; /* where the consumer met it; partition -1: it does not say */
	struct bytes topic;   /* of `from`; absent: it does not say */
	struct bytes reason;  /* the same */
	int64_t time;         /* ms since 1970: when it came onto that topic; ABSENT: not known */
	struct bytes key;     /* absent: it has none */
	struct bytes value;   /* the same */
	struct rd_kafka_headers_s *headers; /* NULL: none; see letter_header() */
};

/* The i-th header; false past the last one. */
bool letter_header(const struct letter *l, size_t i, struct header *out);

/* Is it one of those that the consumer put there? */
bool header_is_ours(const struct header *h);

struct letters;

/*
 * Connects, and asks where the topic begins and ends now; later letters are
 * not seen. ERROR_UNAVAILABLE, ERROR_REFUSED when topics are laid out wrongly.
 */
MUST_USE int letters_open(struct letters **out, struct session *s, struct error *err);
void letters_close(struct letters **l);

/* Of a deployment of so many partitions. */
int letters_partitions(const struct letters *l);

/* Nothing was in the topic, or nothing is left. */
bool letters_empty(const struct letters *l);

/* What is done with each letter. Not 0 ends the reading and is given back. */
typedef int letter_fn(void *context, const struct letter *l, struct error *err);

/*
 * Reads the last `newest` offsets of each partition (0: all), each partition in
 * order. *whole says whether that was all there is. Tells a terminal how far it
 * is. ERROR_UNAVAILABLE when nothing comes for as long as the session waits.
 */
MUST_USE int letters_read(struct letters *l, int64_t newest, letter_fn *fn, void *context,
			  bool *whole, struct error *err);

/* The letter at that position. ERROR_INPUT when there is none. */
MUST_USE int letters_find(struct letters *l, const struct position *at, struct letter *out,
			  struct error *err);

#endif
