#ifndef SB_CONSUMER_LATEST_H
#define SB_CONSUMER_LATEST_H

/*
 * The last state of each workspace, of those that have been read from the
 * changelog and not yet been written to the index: a workspace that changed a
 * hundred times is written once. Bounded: when it is full, write it.
 */

#include "ops/support/bytes.h"
#include "schemas/uuid.h"

#include <uthash.h>

struct latest_entry {
	struct uuid id;
	int partition;
	int64_t offset;     /* in the changelog, for messages */
	struct bytes value; /* of the record, in the same block; absent: deleted */
	UT_hash_handle hh;
	uint8_t data[];
};

struct latest;

/* max: bytes after which it is full. */
struct latest *latest_new(size_t max);
void latest_free(struct latest **l);

/* Notes the workspace's state, a copy, in place of an earlier one. */
void latest_put(struct latest *l, const struct latest_entry *state);

bool latest_is_full(const struct latest *l);

/* Brings what is of one partition together: before a series of latest_portion(). */
void latest_sort(struct latest *l);

/*
 * Up to `max` of the first entries, of about so many bytes, all of one
 * partition; 0: it is empty. They are valid until latest_drop() takes them off.
 */
size_t latest_portion(const struct latest *l, size_t max, size_t bytes,
		      const struct latest_entry **out);
void latest_drop(struct latest *l, size_t count);

#endif
