#ifndef SB_CONSUMER_WATCHDOG_H
#define SB_CONSUMER_WATCHDOG_H

/*
 * Ends the process when a stop takes too long. Calls of librdkafka, a name
 * server or a disk may hang for as long as they like, and most cannot be
 * interrupted; whoever stops the process does not wait for them. An end in the
 * middle of anything is the same as a crash, which costs nothing: the next
 * start recovers.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

/* Starts the thread that watches. ERROR_NOMEM: it cannot be started. */
MUST_USE int watchdog_start(struct error *err);

/*
 * Gives the process WATCHDOG_MS to end, from the first call on. After that the
 * watchdog logs a line and ends it with EXIT_SUCCESS. From a signal handler.
 */
void watchdog_arm(void);

/*
 * Whoever stops a process gives it 20 s before he kills it, or more; the last
 * line of the log needs a little, too.
 */
enum { WATCHDOG_MS = 17000 };

#endif
