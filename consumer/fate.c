#include "consumer/fate.h"

enum remains remains_of(int64_t first, int64_t stable, int64_t real)
{
	if (first >= real)
		return REMAINS_NOTHING;
	if (stable > first)
		return REMAINS_CLOSED;
	return stable == first ? REMAINS_OPEN : REMAINS_HIDDEN;
}

static bool has_any(const enum remains *list, size_t count, enum remains what)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == what)
			return true;
	return false;
}

/* Is a marker missing, or may one be? Only then it matters which ones are there. */
static bool remains_are_open(const enum remains *list, size_t count)
{
	return has_any(list, count, REMAINS_OPEN) || has_any(list, count, REMAINS_HIDDEN) ||
	       has_any(list, count, REMAINS_UNKNOWN);
}

enum fate fate_of(const enum remains *list, size_t count, bool offsets_count)
{
	if (!remains_are_open(list, count))
		return FATE_SEALED;
	if (has_any(list, count, REMAINS_COMMITTED))
		return FATE_COMMITTED;
	if (has_any(list, count, REMAINS_ABORTED))
		return FATE_ABORTED;
	if (offsets_count)
		return FATE_COMMITTED;
	return has_any(list, count, REMAINS_HIDDEN) || has_any(list, count, REMAINS_UNKNOWN)
		       ? FATE_UNCLEAR
		       : FATE_ABORTED;
}
