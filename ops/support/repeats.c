#include "ops/support/repeats.h"

#include <stddef.h>

/* FNV-1a. Whoever makes two texts collide hides a line of the log. */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (const char *p = text; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 0x100000001b3;
	return hash;
}

bool repeats_tell(struct repeats *r, const char *what, int64_t now_ms)
{
	uint64_t hash = hash_text(what);
	size_t oldest = 0;

	for (size_t i = 0; i < REPEATS_MAX; i++) {
		if (r->list[i].told_ms && r->list[i].hash == hash) {
			if (now_ms - r->list[i].told_ms < REPEATS_EVERY_MS)
				return false;
			oldest = i;
			break;
		}
		if (r->list[i].told_ms < r->list[oldest].told_ms)
			oldest = i;
	}
	r->list[oldest].hash = hash;
	r->list[oldest].told_ms = now_ms;
	return true;
}
