#ifndef SB_CONSUMER_NOTIFIER_LOOP_H
#define SB_CONSUMER_NOTIFIER_LOOP_H

/* The notifier's loop: a table of stages. Each turn runs all stages in order. */

#include "consumer/notifier/notifier.h"

/*
 * Runs turns until *stop is set, then leaves the group and returns 0.
 * ERROR_UNAVAILABLE passes by itself: the loop waits and goes on. Any other error ends
 * it, because a person must act.
 */
MUST_USE int notifier_run(struct notifier *n, struct error *err);

#endif
