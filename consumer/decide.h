#ifndef SB_CONSUMER_DECIDE_H
#define SB_CONSUMER_DECIDE_H

/*
 * The rules: may this command happen, and what does it change? Pure functions
 * of the workspace, the directory, the command and its time on the log. No
 * I/O, no clock; memory comes from the run's arena.
 *
 * A command is all or nothing: every problem is collected, and one problem
 * refuses it whole.
 */

#include "consumer/decision.h"

/* Decides a record of sharing.commands. False when it is not one that belongs there. */
bool decide(const struct world *w, const struct record *r, struct decision *out);

#endif
