#ifndef SB_CONSUMER_LOOP_H
#define SB_CONSUMER_LOOP_H

/* The consumer's loop: fetch, apply, publish, until told to stop. */

#include "consumer/processor.h"
#include "ops/support/attributes.h"

/* A processor whose partitions this loop is told of; see processor_open(). processor_close() it. */
MUST_USE int loop_open(struct processor **out, const struct config *config,
		       const volatile sig_atomic_t *stop, struct error *err);

/*
 * One turn: each stage does a bounded piece of work. ERROR_UNAVAILABLE and
 * ERROR_FENCED pass by themselves: wait and go on. Anything else needs a
 * person. loop_run() calls it; so do tests that choose the order of events.
 */
MUST_USE int loop_turn(struct processor *p, struct error *err);

/*
 * Runs until *stop is set, then publishes what is applied. 0 then; ERROR_REFUSED
 * with a sentence when a person must act.
 */
MUST_USE int loop_run(struct processor *p, struct error *err);

#endif
