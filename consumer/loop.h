#ifndef SB_CONSUMER_LOOP_H
#define SB_CONSUMER_LOOP_H

/* The consumer's loop: a table of stages. Each turn runs all stages in order. */

#include "consumer/consumer.h"
#include "ops/support/attributes.h"

/*
 * Runs turns until *stop is set, then publishes what is applied, leaves the
 * group and returns 0. ERROR_UNAVAILABLE and ERROR_FENCED pass by themselves, and
 * ERROR_DAMAGED by a rebuild: the loop waits and goes on. Any other error ends
 * it, because a person must act.
 */
MUST_USE int loop_run(struct consumer *c, struct error *err);

#endif
