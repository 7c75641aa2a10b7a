#ifndef SB_CONSUMER_OUTPUT_H
#define SB_CONSUMER_OUTPUT_H

/*
 * The outputs of a run: the records that it sends, packed into one sequence of
 * bytes. Redis keeps these bytes until Kafka has committed the outputs. The
 * publisher sends from them, whether they come straight from the run or, after a
 * crash, from Redis: so outputs that are sent again are the same byte for byte.
 */

#include "ops/support/buffer.h"
#include "schemas/records.h"
#include "schemas/topics.h"

#include <stdint.h>

/* What a run covers: the head of its packed outputs. */
struct run_range {
	int64_t begin;   /* where the run before it ended; the first record may be further on */
	int64_t applied; /* where the run ends: the offset after its last record */
	int64_t log;     /* which log of the partition `applied` is in: see mark.h */
};

enum { OUTPUT_ID_SIZE = 96, OUTPUT_TOPICS = 5 };

/* The topics of outputs: the consumer writes to no others in its transactions. */
extern const enum topic output_topics[OUTPUT_TOPICS];

/* The index of the topic there, or OUTPUT_TOPICS. */
size_t output_topic_index(enum topic topic);

/*
 * Writes the ce_id of an output, the n-th of the record at that offset. It names
 * the log, too, but for the first: offsets of different logs are the same.
 */
void output_format_id(char out[static OUTPUT_ID_SIZE], int partition, int64_t log, int64_t offset,
		      uint32_t n);

/* One record to send. Bytes are borrowed. */
struct output {
	enum topic topic;
	enum record_type type; /* not for dead letters */
	int64_t offset;        /* of the record of sharing.commands that it comes from */
	uint32_t n;            /* counts the outputs of that record: output_format_id() */
	int64_t time;          /* the timestamp to send it with, ms since 1970 */
	struct bytes key;
	struct bytes value;       /* absent: a tombstone */
	struct bytes traceparent; /* may be absent */
	/*
	 * Of a dead letter: all headers that it gets, as sized names and optional
	 * values in turn. Absent otherwise.
	 */
	struct bytes headers;
};

/* Begins the packed outputs of a run in an empty buffer. */
void outputs_begin(struct buffer *b, const struct run_range *range);

/* Corrects the head: the run ends at `applied`, earlier than outputs_begin() was told. */
void outputs_end_at(struct buffer *b, int64_t applied);

/*
 * Takes the head off *packed, so that the first output follows. False, with both
 * untouched, when *packed does not begin with a head that this version knows.
 */
bool outputs_open(struct bytes *packed, struct run_range *out);

/* Can the head and all outputs after it be read? */
bool outputs_are_whole(struct bytes packed);

/* Packs one more output; copies it. */
void output_append(struct buffer *b, const struct output *o);

/*
 * Takes the next output off *rest; it borrows its bytes from there. False, with
 * both untouched, at the end (rest->len is 0) or when the rest is broken.
 */
bool output_take(struct bytes *rest, struct output *out);

#endif
