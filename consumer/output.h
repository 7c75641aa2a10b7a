#ifndef SB_CONSUMER_OUTPUT_H
#define SB_CONSUMER_OUTPUT_H

/*
 * The records that a run sends out, packed into one piece of bytes. The same
 * bytes are kept in Redis until Kafka has committed them and are what the
 * publisher works from, whether they come from the run or, after a crash,
 * from Redis: so what is sent again is byte for byte what was to be sent.
 */

#include "ops/support/buffer.h"
#include "schemas/records.h"
#include "schemas/topics.h"

#include <stdint.h>

/* What a run covers: the head of its packed outputs. */
struct run_range {
	int64_t begin;   /* where the run before ended: offsets between hold no records */
	int64_t applied; /* the next offset after it */
};

/* One record to send. Bytes are borrowed. */
struct output {
	enum topic topic;
	enum record_type type; /* not for dead letters */
	int64_t offset;        /* of the command it comes from */
	uint32_t n;            /* counts the outputs of that command: ce_id is partition-offset-n */
	int64_t time;          /* of the decision; the record's timestamp */
	struct bytes key;
	struct bytes value;       /* absent: a tombstone */
	struct bytes traceparent; /* may be absent */
	/*
	 * Of a dead letter: the headers, as sized name and optional value in turn.
	 * It gets these and no others.
	 */
	struct bytes headers;
};

/* Begins the packed outputs of a run in an empty buffer. */
void outputs_begin(struct buffer *b, const struct run_range *range);

/* The run, whose outputs are in the buffer, ends earlier than was said at its begin. */
void outputs_end_at(struct buffer *b, int64_t applied);

/* Reads the head; false when this is not the beginning of packed outputs. */
bool outputs_open(struct bytes *packed, struct run_range *out);

void output_append(struct buffer *b, const struct output *o);

/* Takes the next output off *rest; false at the end, or when the rest is broken (rest->len > 0). */
bool output_take(struct bytes *rest, struct output *out);

#endif
