#include "consumer/watchdog.h"

#include "ops/support/clock.h"
#include "ops/support/log.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { LAST_LINE_MS = 500 };

static sem_t armed;

static void *watch_stop(void *arg)
{
	(void)arg;
	while (sem_wait(&armed))
		;
	clock_pause_ms(WATCHDOG_MS);
	log_warn("not stopped after %d s, because something does not answer; ending all the same: "
		 "the next start settles what is open",
		 WATCHDOG_MS / 1000);
	log_flush(LAST_LINE_MS);
	_exit(EXIT_SUCCESS);
}

int watchdog_start(struct error *err)
{
	pthread_t thread;
	sigset_t all;
	sigset_t before;
	int rc;

	if (sem_init(&armed, 0, 0))
		return error_set(err, ERROR_NOMEM, "there is no semaphore for the watchdog");
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, watch_stop, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc || pthread_detach(thread))
		return error_set(err, ERROR_NOMEM, "the watchdog's thread cannot be started");
	return 0;
}

void watchdog_arm(void)
{
	(void)sem_post(&armed);
}
