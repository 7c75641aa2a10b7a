/* sharebus-consumer: reads its settings, runs the loop, stops cleanly on SIGTERM and SIGINT. */

#include "consumer/loop.h"
#include "consumer/settings.h"
#include "consumer/watchdog.h"
#include "ops/support/log.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { LAST_LINES_MS = 1000 };
enum { EXIT_USAGE = 2, EXIT_UNAVAILABLE = 3 };

/*
 * jemalloc reads this if it is linked. Its background thread returns the memory
 * that a large step has freed to the system even if nothing is allocated after.
 */
extern const char *malloc_conf;
const char *malloc_conf = "background_thread:true";

static volatile sig_atomic_t stop;
static struct waker waker;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
	waker_wake(&waker);
	watchdog_arm();
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

/* What must be there before the first thing that may hang. */
static int start_parts(struct error *err)
{
	int rc = log_start(STDERR_FILENO, err);

	if (!rc)
		rc = watchdog_start(err);
	if (!rc)
		rc = waker_open(&waker, err);
	if (!rc)
		catch_signals();
	return rc;
}

static int run_consumer(const struct config *config, struct error *err)
{
	struct consumer *c = NULL;
	int rc = consumer_open(&c, config, &stop, &waker, err);

	if (!rc)
		rc = loop_run(c, err);
	consumer_close(&c);
	return rc;
}

int main(int argc, char **argv)
{
	struct config *config = NULL;
	struct error err = { 0 };
	int rc = settings_read(&config, argc, argv, &err);

	if (!rc)
		rc = start_parts(&err);
	if (!rc)
		rc = run_consumer(config, &err);
	config_free(&config);
	/* 1: the help was printed. An error during a stop is settled by the next start's recovery. */
	if (rc < 0 && !stop)
		log_error("%s", err.text);
	log_flush(LAST_LINES_MS);
	if (rc >= 0 || stop)
		return EXIT_SUCCESS;
	return rc == ERROR_INPUT || rc == ERROR_USAGE ? EXIT_USAGE : EXIT_UNAVAILABLE;
}
