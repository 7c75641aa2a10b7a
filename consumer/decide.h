#ifndef SB_CONSUMER_DECIDE_H
#define SB_CONSUMER_DECIDE_H

/*
 * Decides a record by the rules in ARCHITECTURE.md: may this command happen, and
 * what does it change? A pure function of the workspace, the directory, the
 * record and its timestamp: no I/O, no clock.
 *
 * A command is all or nothing: one problem rejects it as a whole, with all
 * problems of the stage that failed.
 */

#include "consumer/decision.h"

/*
 * Decides a record of sharing.commands. What *out points to lives in w->arena or
 * in the record. False, with *out of no use, when the record does not belong on
 * that topic.
 */
bool decide(const struct world *w, const struct record *r, struct decision *out);

#endif
