#ifndef SB_CONSUMER_BATCH_H
#define SB_CONSUMER_BATCH_H

/* The outputs of one run, from its apply to their commit. */

#include "ops/support/bytes.h"

#include <stdbool.h>

/* One block of memory, released with free(). */
struct batch {
	struct batch *next;
	int partition;
	int64_t last;    /* the run's last offset, under which `unsent` has it */
	int64_t applied; /* what the partition's committed offset becomes */
	bool refused;    /* a topic does not take one of its records; see undeliverable.h */
	size_t len;
	uint8_t packed[]; /* see output.h */
};

/* A new batch with a copy of the packed outputs. */
struct batch *batch_new(int partition, int64_t last, int64_t applied, struct bytes packed);

/* Frees the batch and all that follow it. */
void batch_free_list(struct batch *b);

#endif
