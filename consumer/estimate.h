#ifndef SB_CONSUMER_ESTIMATE_H
#define SB_CONSUMER_ESTIMATE_H

/*
 * How large the outputs of a decision can get, before they are made: upper bounds
 * of what emit.c encodes and the bus puts around it, from the decision, the
 * workspace and the directory. Tests hold them against what is really encoded.
 * Pure.
 */

#include "consumer/decision.h"

/* In bytes; records with what surrounds them on the bus. */
struct estimate {
	size_t event;        /* the SharingChanged */
	size_t handoffs;     /* every HandoffChanged */
	size_t notification; /* the largest of the notifications */
	size_t notified;     /* how many there are; who is in several groups counts for each */
	size_t state;        /* the workspace after the decision */
	size_t total;        /* all of it, as Redis keeps it */
};

/* Of a decision that is applied; the workspace of the world is the one before it. */
struct estimate estimate_outputs(const struct world *w, const struct decision *d);

#endif
