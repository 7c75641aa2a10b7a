#ifndef SB_CONSUMER_LOOP_H
#define SB_CONSUMER_LOOP_H

/* The consumer's loop: a table of stages that take turns until told to stop. */

#include "consumer/consumer.h"
#include "ops/support/attributes.h"

/*
 * One turn: each stage does a bounded piece of work. ERROR_UNAVAILABLE and
 * ERROR_FENCED pass by themselves: wait and go on. Anything else needs a
 * person.
 */
MUST_USE int loop_turn(struct consumer *c, struct error *err);

/*
 * Runs until *stop is set, then publishes what is applied and leaves the group.
 * 0 then; ERROR_REFUSED with a sentence when a person must act.
 */
MUST_USE int loop_run(struct consumer *c, struct error *err);

#endif
