#include "consumer/standing.h"

bool standing_note(struct standing *s, int64_t position, int64_t end, int64_t now_ms)
{
	if (position >= end || position != s->position) {
		*s = (struct standing){ .position = position };
		if (position >= end)
			return false;
	}
	if (!s->since_ms)
		s->since_ms = now_ms;
	return now_ms - s->since_ms >= STANDING_MS;
}
