#include "consumer/daemon.h"

#include "consumer/watchdog.h"
#include "ops/support/log.h"

#include <stdlib.h>
#include <unistd.h>

enum { LAST_LINES_MS = 1000 };
enum { EXIT_USAGE = 2, EXIT_UNAVAILABLE = 3 };

static struct daemon self;

static void on_signal(int number)
{
	(void)number;
	self.stop = 1;
	waker_wake(&self.waker);
	watchdog_arm();
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	(void)sigaction(SIGHUP, &action,
			NULL); /* of a closed terminal, or a reload: there is nothing to reopen */
}

/* What must be there before the first thing that may hang. */
static int start_parts(struct error *err)
{
	int rc = log_start(STDERR_FILENO, err);

	if (!rc)
		rc = watchdog_start(err);
	if (!rc)
		rc = waker_open(&self.waker, err);
	if (!rc)
		rc = supervisor_open(&self.supervisor, err);
	if (!rc)
		catch_signals();
	return rc;
}

int daemon_main(const struct program *program, daemon_run *run, int argc, char **argv)
{
	struct config *config = NULL;
	struct error err = { 0 };
	int rc = settings_read(&config, program, argc, argv, &err);

	if (!rc)
		rc = start_parts(&err);
	if (!rc)
		rc = run(config, &self, &err);
	config_free(&config);
	/* 1: the help was printed. What an error leaves open during a stop, the next start takes up. */
	if (rc < 0 && !self.stop)
		log_error("%s", err.text);
	log_flush(LAST_LINES_MS);
	if (rc >= 0 || self.stop)
		return EXIT_SUCCESS;
	return rc == ERROR_INPUT || rc == ERROR_USAGE ? EXIT_USAGE : EXIT_UNAVAILABLE;
}
