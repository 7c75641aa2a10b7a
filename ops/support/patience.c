#include "ops/support/patience.h"

#include "ops/support/clock.h"
#include "ops/support/error.h"

#include <stddef.h>

enum { PAUSE_MS = 100 };

bool patience_allows(const struct patience *p, int rc, int64_t now_ms)
{
	return (rc == ERROR_UNAVAILABLE || rc == ERROR_STALE) && now_ms < p->deadline_ms;
}

static void tell_waiting(struct patience *p, const char *what)
{
	if (p->tell && (what || p->waiting))
		p->tell(p->context, what);
	p->waiting = what != NULL;
}

bool patience_lasts(struct patience *p, const char *what, int rc)
{
	bool lasts = p && patience_allows(p, rc, clock_monotonic_ms());

	if (p)
		tell_waiting(p, lasts ? what : NULL);
	if (lasts)
		clock_pause_ms(PAUSE_MS);
	return lasts;
}
