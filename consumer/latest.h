#ifndef SB_CONSUMER_LATEST_H
#define SB_CONSUMER_LATEST_H

/*
 * The last state of each workspace that was read from the changelog and is not
 * yet written to the index: a workspace that changed a hundred times is
 * written once. The caller keeps it bounded by writing it when it is full.
 */

#include "ops/support/bytes.h"
#include "schemas/uuid.h"

struct latest_entry {
	struct uuid id;
	int partition;
	int64_t offset;     /* in the changelog, for messages */
	struct bytes value; /* of the record; absent: the workspace was deleted */
};

struct latest;

/* A new, empty one, which is full once it holds `max` bytes. */
struct latest *latest_new(size_t max);
void latest_free(struct latest **l); /* sets *l to NULL; accepts NULL */

/* Keeps a copy of the workspace's state in place of an earlier one. */
void latest_put(struct latest *l, const struct latest_entry *state);

bool latest_is_full(const struct latest *l);

/* Brings the entries of each partition together. Call it before a series of latest_portion(). */
void latest_sort(struct latest *l);

/*
 * Fills `out`, which has room for `max`, with the first entries, all of one
 * partition: no more once their values have `bytes` bytes together. Returns how
 * many; 0: there are none. They are valid until latest_drop() takes them off.
 */
size_t latest_portion(const struct latest *l, size_t max, size_t bytes,
		      const struct latest_entry **out);

/* Takes off the first `count` entries. */
void latest_drop(struct latest *l, size_t count);

#endif
