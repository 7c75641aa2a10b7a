#ifndef SB_CONSUMER_DAEMON_H
#define SB_CONSUMER_DAEMON_H

/*
 * What sharebus-consumer and sharebus-notifier have in common: how they begin and how
 * they end. SIGTERM and SIGINT stop them, SIGHUP does nothing. One for each process.
 */

#include "consumer/settings.h"
#include "ops/support/supervisor.h"
#include "ops/support/waker.h"

#include <signal.h>

/* What runs has these; they live as long as the process. */
struct daemon {
	volatile sig_atomic_t stop; /* set when it is to end */
	struct waker waker;         /* awake from then on */
	struct supervisor supervisor;
};

/* Runs until d->stop, or until an error ends it. ERROR_INPUT, ERROR_USAGE: exit code 2; other errors: 3. */
typedef int daemon_run(const struct config *config, struct daemon *d, struct error *err);

/* Reads the settings, runs, and returns the exit code of the process: 0 upon a stop, whatever was left open. */
int daemon_main(const struct program *program, daemon_run *run, int argc, char **argv);

#endif
