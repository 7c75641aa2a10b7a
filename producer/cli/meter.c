#include "producer/cli/meter.h"

#include "ops/support/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { QUIET_MS = 1000, EVERY_MS = 200 };

#define TO_LINE_START_AND_CLEAR "\r\033[K"

void meter_begin(struct meter *m)
{
	*m = (struct meter){ .terminal = isatty(STDERR_FILENO), .begun_ms = clock_monotonic_ms() };
}

void meter_show(struct meter *m, const char *what, size_t done, size_t total)
{
	int64_t now;

	if (!m->terminal)
		return;
	now = clock_monotonic_ms();
	if (now - m->begun_ms < QUIET_MS || (m->shown_ms && now - m->shown_ms < EVERY_MS))
		return;
	m->shown_ms = now;
	if (total)
		(void)fprintf(stderr, TO_LINE_START_AND_CLEAR "%s: %zu of %zu", what, done, total);
	else
		(void)fprintf(stderr, TO_LINE_START_AND_CLEAR "%s …", what);
	(void)fflush(stderr);
}

void meter_end(struct meter *m)
{
	if (m->shown_ms)
		(void)fprintf(stderr, TO_LINE_START_AND_CLEAR);
	m->shown_ms = 0;
}
