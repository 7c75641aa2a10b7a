#ifndef SB_CONSUMER_DEAD_LETTER_H
#define SB_CONSUMER_DEAD_LETTER_H

/*
 * What is kept of a record that cannot be used: all of it, as it came, with the
 * reason and the origin in headers after its own. A record that is larger than
 * sharing.deadletter takes is abridged: its value and key are cut to their
 * beginnings, headers that do not fit are left out, and two more headers say how
 * large the value was and what its SHA-256 is. Pure.
 */

#include "ops/support/arena.h"
#include "schemas/cloudevent.h"

#include <stdint.h>

/* The record as it was met. All is borrowed. */
struct dead_record {
	int partition;
	int64_t offset;
	int64_t time; /* the broker's, ms since 1970; not of a hole */
	int64_t hole; /* how many offsets a batch had that could not be unpacked; 0: it is a record */
	struct bytes key;
	struct bytes value;
	const struct header *headers; /* a value may be absent */
	size_t header_count;
	struct bytes reason; /* a sentence */
};

struct dead_letter {
	struct bytes key;
	struct bytes value;
	struct bytes headers; /* packed as output.h says; in the arena */
};

/* Fills *out, which borrows from the record and the arena. max: what the topic takes, in bytes. */
void dead_letter_write(struct dead_letter *out, const struct dead_record *r, size_t max,
		       struct arena *arena);

#endif
