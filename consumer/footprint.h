#ifndef SB_CONSUMER_FOOTPRINT_H
#define SB_CONSUMER_FOOTPRINT_H

/*
 * Where a transaction has written: its first record in each log of the outputs,
 * and up to where it takes the partitions of sharing.commands. And where it was
 * committed, but its marker cannot be seen yet. Pure.
 */

#include "schemas/topics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FOOTPRINT_NOWHERE = -1 };

struct footprint {
	int partitions; /* of the deployment */
	size_t logs;
	int64_t number;   /* of the transaction; 0: there is none */
	int64_t *first;   /* by log, see footprint_log(); FOOTPRINT_NOWHERE */
	int64_t *owed;    /* by log: a committed one's first record, which readers have to see */
	int64_t *applied; /* by partition of sharing.commands; FOOTPRINT_NOWHERE */
};

/* A log of an output. */
struct output_log {
	enum topic topic;
	int partition;
};

void footprint_init(struct footprint *f, int partitions);
void footprint_done(struct footprint *f); /* accepts zeros */

/* Nothing is known of any transaction. */
void footprint_clear(struct footprint *f);

/* Nothing is written yet by the transaction of that number. What is owed stays. */
void footprint_begin(struct footprint *f, int64_t number);

/* A record of it is in that log, whose topic is one of the outputs'. */
void footprint_note(struct footprint *f, enum topic topic, int partition, int64_t offset);

/* Is any log owed? */
bool footprint_owes(const struct footprint *f);

/* Does the transaction take a partition of sharing.commands anywhere? */
bool footprint_takes(const struct footprint *f);

/* Which log has the index i; all have one below f->logs. */
struct output_log footprint_log(const struct footprint *f, size_t i);

#endif
