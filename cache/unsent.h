#ifndef SB_CACHE_UNSENT_H
#define SB_CACHE_UNSENT_H

/*
 * The outputs of runs that Redis keeps until their Kafka transaction has
 * committed, read back by the next owner of a partition. apply_unsent() writes
 * them, apply_sent() removes them.
 */

#include "cache/index.h"

/* The outputs of one run, which may not be committed in Kafka yet. */
struct unsent {
	int64_t last; /* the run's last offset */
	struct buffer outputs;
};

struct unsent_list {
	struct unsent *list; /* ascending by `last` */
	size_t count;
};

/*
 * Reads the unsent outputs of all runs of the partition, in one round trip. The
 * list is the caller's, for unsent_done(). Blocks and fails as index.h says.
 */
MUST_USE int unsent_read(struct index *ix, int partition, struct unsent_list *out,
			 struct error *err);

/* Frees the outputs and their list, and leaves it empty. */
void unsent_done(struct unsent_list *l);

#endif
