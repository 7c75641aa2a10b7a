#include "ops/support/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SOON_NS = 1000000 };

/* Is this the step that is named, for the N-th time? A colon and N may follow its name. */
static bool has_come(const char *step)
{
	static atomic_long times;
	const char *wanted = getenv("SHAREBUS_CRASH_AT");
	size_t len = strlen(step);

	if (!wanted || strncmp(wanted, step, len) != 0 || (wanted[len] && wanted[len] != ':'))
		return false;
	return atomic_fetch_add(&times, 1) + 1 ==
	       (wanted[len] ? strtol(wanted + len + 1, NULL, 10) : 1);
}

void crash_point(const char *step)
{
	if (has_come(step))
		(void)raise(SIGKILL);
}

void crash_point_soon(const char *step)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	const struct itimerspec when = { .it_value = { .tv_nsec = SOON_NS } };
	timer_t timer;

	if (!has_come(step))
		return;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &when, NULL))
		(void)raise(SIGKILL);
}
